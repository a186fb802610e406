#!/usr/bin/env bash
# Lays the pictures that the browser tests took (artifacts/screenshots) on two sheets: docs/images/pages.png, every page of a sign-in and
# of an account, and docs/images/portal.png, what a client developer works with; most of them on a phone, as people see them.
# Run the tests of IdentityServer.Browser.Tests first. Needs chromium.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
shots=$root/artifacts/screenshots
sheet=$(mktemp -d)
trap 'rm -rf "$sheet"' EXIT

figure() { # a page, and how wide and in which scheme
  local file=$shots/$1-$2.png
  [ -f "$file" ] || { echo "There is no $file: run the browser tests first." >&2; exit 1; }
  printf '<figure><div><img src="file://%s"></div>%s</figure>' "$file" "$1"
}

lay() { # what it is called, columns, size of the window; the figures come from standard input
  { printf '<!DOCTYPE html><meta charset="utf-8"><title>Pages</title><style>
      body{margin:0;padding:24px;background:#dfe4ec;font:600 15px/1.4 system-ui,sans-serif;color:#17202e}
      main{display:grid;grid-template-columns:repeat(%s,1fr);gap:20px}
      figure{margin:0;display:flex;flex-direction:column;gap:6px}
      div{height:520px;overflow:hidden;border-radius:10px;box-shadow:0 2px 10px #0003;background:#fff}
      img{display:block;width:100%%}</style><main>' "$2"
    cat
    printf '</main>'
  } >"$sheet/$1.html"
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="$3" --screenshot="$sheet/$1.png" "file://$sheet/$1.html" 2>/dev/null
  mv "$sheet/$1.png" "$root/docs/images/$1.png"
  echo "docs/images/$1.png: $(stat -c %s "$root/docs/images/$1.png") bytes"
}

{
  for page in sign-in-plain code consent sign-up sign-up-code reset reset-code account profile-refused password-wrong address address-code sessions \
    apps activity data delete delete-code mail code-ending; do
    figure "$page" phone-light
  done
  for page in ar-sessions ar-sign-up ar-mail; do
    figure "$page" narrow-dark
  done
} | lay pages 7 1680,2360

{
  for page in portal-new portal-registered portal-overview portal-snippets app-activity portal-failures portal-failure trial-run test-users-mail \
    portal-secrets portal-settings portal-approval; do
    figure "$page" phone-light
  done
} | lay portal 6 1560,1190
