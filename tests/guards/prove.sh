#!/usr/bin/env bash
# Takes out one guard at a time and shows that tests notice. Each *.patch beside this script removes one guard from src; its first lines
# say what is taken out and which tests must notice. A guard whose loss no test notices fails the run, and so does a patch that no longer
# fits or no longer builds: then renew the patch, or write the test.
#
#   tests/guards/prove.sh                 every guard
#   tests/guards/prove.sh NAME...         only these (the file's name, with or without .patch)
#   tests/guards/prove.sh --list          what there is
#
# Works on a copy in artifacts/guards, which later runs reuse; your own files are never touched. Needs git and the .NET SDK. Tests on
# PostgreSQL run where IDENTITYSERVER_TEST_POSTGRES names one.
set -euo pipefail
export LC_ALL=C.UTF-8 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1

guards=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$guards/../.." && pwd)
copy=$root/artifacts/guards/copy
logs=$root/artifacts/guards/logs
longest=15m # of one test run; far more than any takes

names() { find "$guards" -maxdepth 1 -name '*.patch' -printf '%f\n' | sed 's/\.patch$//' | sort; }
about() { sed -n 's/^Taken out: //p' "$guards/$1.patch"; }
tests() { sed -n 's/^Must notice: //p' "$guards/$1.patch"; } # lines of PROJECT METHOD-FILTER
projects() { for name in "$@"; do tests "$name"; done | cut -d ' ' -f 1 | sort -u; }

case ${1:-} in
  -h | --help)
    sed -n '2,/^set /{ s/^# \{0,1\}//; /^set /!p; }' "$0"
    exit
    ;;
  --list)
    for name in $(names); do printf '%-28s %s\n' "$name" "$(about "$name")"; done
    exit
    ;;
esac

chosen=()
for name in "${@:-}"; do
  [ -n "$name" ] || continue
  name=$(basename "$name" .patch)
  [ -f "$guards/$name.patch" ] || { echo "There is no guard $name; --list names them."; exit 2; }
  chosen+=("$name")
done
[ "${#chosen[@]}" -gt 0 ] || mapfile -t chosen < <(names)

for name in "${chosen[@]}"; do
  [ -n "$(about "$name")" ] && [ -n "$(tests "$name")" ] || { echo "$name.patch does not begin with its Taken out: and Must notice: lines."; exit 2; }
done

# git must take the patches for changes to this folder, not to the repository around it.
in_copy() { (cd "$copy" && GIT_CEILING_DIRECTORIES=$root/artifacts "$@"); }

# Files are as they are in the working tree, and all newer than what was built from the copy before.
refresh() {
  mkdir -p "$copy" "$logs"
  find "$copy" -type f -not -path '*/bin/*' -not -path '*/obj/*' -delete
  (cd "$root" && git ls-files -z --cached --others --exclude-standard \
    | while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done \
    | tar --null -T - -cf -) | tar -C "$copy" -xmf -
}

# Analyzers judge finished code; here guards are missing on purpose.
build() { # log, projects
  local log=$1 project
  shift
  for project in "$@"; do
    in_copy dotnet build "tests/$project" --no-restore -v quiet \
      -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:TreatWarningsAsErrors=false >>"$log" 2>&1 || return 1
  done
}

program() { echo "$copy/tests/$1/bin/Debug/net10.0/$1"; }

filters() { # project, guards
  local project=$1 name
  shift
  for name in "$@"; do tests "$name"; done | sed -n "s/^$project //p" | sort -u
}

# A filter that fits no test would make its guard look unnoticed, or worse, noticed by the others alone.
check_filters() { # guards
  local project known filter method found
  for project in $(projects "$@"); do
    mapfile -t known < <("$(program "$project")" -list methods -noLogo </dev/null)
    while IFS= read -r filter; do
      found=""
      for method in "${known[@]}"; do
        # shellcheck disable=SC2053 # the filter is a pattern, for the runner as for the shell
        [[ $method == $filter ]] && { found=1; break; }
      done
      [ -n "$found" ] || { echo "$project has no test $filter."; return 1; }
    done < <(filters "$project" "$@")
  done
}

# Runs what the guards name, and counts. The last line that the runner prints tells how many there were.
total=0 failed=0
run() { # log, guards
  local log=$1 project line filter arguments
  shift
  total=0 failed=0
  for project in $(projects "$@"); do
    arguments=(-noColor -noLogo)
    while IFS= read -r filter; do arguments+=(-method "$filter"); done < <(filters "$project" "$@")
    timeout "$longest" "$(program "$project")" "${arguments[@]}" >"$log.$project" 2>&1 </dev/null || true
    line=$(grep -E 'Total: [0-9]+' "$log.$project" | tail -n 1)
    [ -n "$line" ] || { echo "$project did not finish; see $log.$project"; return 1; }
    total=$((total + $(sed -E 's/.*Total: ([0-9]+).*/\1/' <<<"$line")))
    failed=$((failed + $(sed -nE 's/.*Errors: ([0-9]+), Failed: ([0-9]+).*/\1 + \2/p' <<<"$line")))
  done
}

noticed() { # log
  cat "$1".* | sed -nE 's/^ *(IdentityServer\.[^ ]*(\(.*\))?) \[FAIL\]$/\1/p' | sed -E 's/^.*\.([A-Za-z0-9]+\.[A-Za-z0-9_]+).*/\1/' | sort -u
}

applied=""
revert() {
  [ -z "$applied" ] || in_copy git apply -R "$guards/$applied.patch"
  applied=""
}
trap revert EXIT

mapfile -t needed < <(projects "${chosen[@]}")
rm -rf "$logs"
refresh
echo "Building ${needed[*]} with every guard in place ..."
for project in "${needed[@]}"; do
  in_copy dotnet restore "tests/$project" --locked-mode -v quiet >>"$logs/build" 2>&1 || { cat "$logs/build"; exit 1; }
done
build "$logs/build" "${needed[@]}" || { tail -n 20 "$logs/build"; exit 1; }
check_filters "${chosen[@]}"
run "$logs/guarded" "${chosen[@]}"
if [ "$failed" -gt 0 ]; then
  echo "With every guard in place these fail already, so nothing can be shown:"
  noticed "$logs/guarded"
  exit 1
fi
echo "With every guard in place all $total tests pass. Now without each:"
echo
printf '%-28s | %s\n' guard "failed tests"
printf -- '-----------------------------|-------------\n'

unnoticed=0
for name in "${chosen[@]}"; do
  log=$logs/$name
  if ! in_copy git apply "$guards/$name.patch" 2>"$log"; then
    printf '%-28s | THE PATCH DOES NOT FIT: %s\n' "$name" "$(head -n 1 "$log")"
    unnoticed=$((unnoticed + 1))
    continue
  fi
  applied=$name
  mapfile -t own < <(projects "$name")
  if ! build "$log" "${own[@]}"; then
    printf '%-28s | DOES NOT BUILD: %s\n' "$name" "$(grep -m 1 -F ': error' "$log")"
    unnoticed=$((unnoticed + 1))
  elif ! reason=$(run "$log" "$name" && noticed "$log"); then
    printf '%-28s | DID NOT RUN: %s\n' "$name" "$reason"
    unnoticed=$((unnoticed + 1))
  elif [ -z "$reason" ]; then
    printf '%-28s | NOBODY NOTICES\n' "$name"
    unnoticed=$((unnoticed + 1))
  else
    label=$name
    while IFS= read -r test; do
      printf '%-28s | %s\n' "$label" "$test"
      label=""
    done <<<"$reason"
  fi
  revert
done

echo
echo "${#chosen[@]} guards taken out, $((${#chosen[@]} - unnoticed)) noticed."
[ "$unnoticed" -eq 0 ]
