#!/usr/bin/env bash
# Lays the pictures that the browser tests took (artifacts/screenshots) on one sheet, docs/images/pages.png: every page as people see it,
# most of them on a phone. Run the tests of IdentityServer.Browser.Tests first. Needs chromium.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
shots=$root/artifacts/screenshots
sheet=$(mktemp -d)
trap 'rm -rf "$sheet"' EXIT

pages=(sign-in-plain code consent sign-up sign-up-code reset reset-code account profile-refused password-wrong address address-code sessions
  apps activity data delete delete-code mail code-ending)
{
  printf '<!DOCTYPE html><meta charset="utf-8"><title>Pages</title><style>
    body{margin:0;padding:24px;background:#dfe4ec;font:600 15px/1.4 system-ui,sans-serif;color:#17202e}
    main{display:grid;grid-template-columns:repeat(7,1fr);gap:20px}
    figure{margin:0;display:flex;flex-direction:column;gap:6px}
    div{height:520px;overflow:hidden;border-radius:10px;box-shadow:0 2px 10px #0003;background:#fff}
    img{display:block;width:100%%}</style><main>'
  for page in "${pages[@]}"; do
    file=$shots/$page-phone-light.png
    [ -f "$file" ] || { echo "There is no $file: run the browser tests first." >&2; exit 1; }
    printf '<figure><div><img src="file://%s"></div>%s</figure>' "$file" "$page"
  done
  for page in ar-sessions ar-sign-up ar-mail; do
    printf '<figure><div><img src="file://%s"></div>%s</figure>' "$shots/$page-narrow-dark.png" "$page"
  done
  printf '</main>'
} >"$sheet/sheet.html"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1680,2360 --screenshot="$sheet/pages.png" "file://$sheet/sheet.html" 2>/dev/null
mv "$sheet/pages.png" "$root/docs/images/pages.png"
echo "docs/images/pages.png: $(stat -c %s "$root/docs/images/pages.png") bytes"
