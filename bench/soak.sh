#!/usr/bin/env bash
# Runs loads of every kind against one Cassini for a while and prints how its memory developed. Memory must stay flat: the script compares
# the last third of the samples with the middle third.
#
#   bench/soak.sh                 ten minutes
#   MINUTES=1 bench/soak.sh       a short run
#
#   MINUTES    how long; default 10
#   BASE_PORT  the first of two ports of 127.0.0.1; default 28980
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes="${MINUTES:-10}" port="${BASE_PORT:-28980}"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cassini=Cassini.Web/bin/Release/net10.0/cassini.dll
load=bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll
dotnet build Cassini.Web -c Release -v q >&2
dotnet build bench/Cassini.Load -c Release -v q >&2

work="$(mktemp -d)"
pid=""
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
ulimit -n "$(ulimit -Hn)"
dotnet "$cassini" certs "$work/certs" >/dev/null
CASSINI_BIND_ADDR="127.0.0.1:$port" CASSINI_MANAGEMENT_ADDR="127.0.0.1:$((port + 1))" CASSINI_DATA_DIR="$work" \
  CASSINI__Quota__Connections=100% CASSINI__Quota__Sessions=100% CASSINI__Quota__Memory=100% CASSINI__Quota__Retained=100% \
  TLS_CA_CERT="$work/certs/ca.pem" TLS_SERVER_CERT_CHAIN="$work/certs/server.pem" TLS_SERVER_KEY="$work/certs/server.key" \
  dotnet "$cassini" serve --log-level Warning >"$work/log" 2>&1 &
pid=$!
curl -sf --retry 50 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$((port + 1))/readyz?wait=30s" >/dev/null

ends=$((SECONDS + minutes * 60))
messages=0
: >"$work/rss"
while ((SECONDS < ends)); do
  for name in 1-1 4-pairs 1-16 1-1-qos1 1-1-qos2; do
    ((SECONDS < ends)) || break
    output="$(dotnet "$load" load "$name" --port "$port" --certs "$work/certs" --seconds 8 2>&1)"
    messages=$((messages + $(grep -o 'received=[0-9]*' <<<"$output" | head -1 | cut -d= -f2)))
    awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" >>"$work/rss"
  done
  dotnet "$load" load idle --port "$port" --certs "$work/certs" --pid "$pid" --sessions 500 >/dev/null
  awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" >>"$work/rss"
done

curl -sf "http://127.0.0.1:$((port + 1))/readyz" >/dev/null
awk -v messages="$messages" -v minutes="$minutes" '
  { rss[NR] = $1 / 1024 }
  END {
    third = int(NR / 3)
    for (i = third + 1; i <= 2 * third; i++) middle += rss[i] / third
    for (i = NR - third + 1; i <= NR; i++) last += rss[i] / third
    printf "%d minutes, %d messages received, %d samples of resident memory\n", minutes, messages, NR
    printf "first %.0f MiB, middle third %.0f MiB, last third %.0f MiB, ratio %.2f\n", rss[1], middle, last, last / middle
  }' "$work/rss"
if grep -E "crit|error|fail" "$work/log"; then exit 1; fi
