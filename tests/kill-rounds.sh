#!/usr/bin/env bash
# Kills the server so many times (500 unless told otherwise) in the middle of sign-ins, starts it again on what it left, and looks for
# everything it had acknowledged. Prints a line a kill, and the figures last; fails when anything was lost or accepted twice, or when a
# server took 10 s or more to be ready again. Usage: tests/kill-rounds.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-500}
if ! [[ "$rounds" =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: tests/kill-rounds.sh [ROUNDS]" >&2
  exit 2
fi

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
export IDENTITYSERVER_KILL_ROUNDS=$rounds
dotnet build tests/IdentityServer.Tests --verbosity quiet
tests/IdentityServer.Tests/bin/Debug/net10.0/IdentityServer.Tests \
  -method '*What_was_acknowledged_survives_a_kill*' -showLiveOutput -noColor -noLogo \
  | sed -u -n 's/^.*\[OUTPUT\] //p; /\[FAIL\]/,$p; s/^  *IdentityServer\.Tests  *Total/Tests/p'
