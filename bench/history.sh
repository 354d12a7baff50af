#!/usr/bin/env bash
# What the history costs a broker: sessions connect and subscribe as fast as they can, to a fresh broker with History:Enabled and to one
# without, in turn. Prints medians, their ratio, and what the history's own thread took for each event.
#
#   bench/history.sh                       all of it, about four minutes
#   ROUNDS=1 SESSIONS=500 bench/history.sh a look
#
#   ROUNDS      of both; default 5
#   SESSIONS    of a storm; default 2000
#   BASE_PORT   the first of two ports of 127.0.0.1; default 28970
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds="${ROUNDS:-5}" sessions="${SESSIONS:-2000}" port="${BASE_PORT:-28970}"
management="127.0.0.1:$((port + 1))"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cassini=Cassini.Web/bin/Release/net10.0/cassini.dll
load=bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll

dotnet build -c Release -v q --nologo Cassini.Web >/dev/null
dotnet build -c Release -v q --nologo bench/Cassini.Load >/dev/null
work="$(mktemp -d)" pid=""
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

stop() {
  if [ -n "$pid" ]; then
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    pid=""
  fi
}

start() {
  rm -rf "$work/data"
  CASSINI_BIND_ADDR="127.0.0.1:$port" CASSINI_MANAGEMENT_ADDR="$management" CASSINI_DATA_DIR="$work/data" \
    TLS_CA_CERT="$work/certs/ca.pem" TLS_SERVER_CERT_CHAIN="$work/certs/server.pem" TLS_SERVER_KEY="$work/certs/server.key" \
    dotnet "$cassini" serve --log-level Warning --set "History:Enabled=$1" >"$work/log" 2>&1 &
  pid=$!
  curl -fsS --retry 100 --retry-connrefused --retry-delay 1 --retry-max-time 60 -o /dev/null "http://$management/readyz?wait=30s" 2>/dev/null
}

# The last event's sequence, and processor time in hundredths of a second: of the process, and of the thread that writes.
newest() { curl -s "http://$management/healthz" | sed -E 's/.*"newestId":"[0-9a-f]+-([0-9]+)".*/\1/'; }
cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat"; }
writer() {
  for task in "/proc/$pid/task"/*; do
    if [ "$(cat "$task/comm")" = "cassini history" ]; then awk '{ sub(/.*\) /, ""); print $12 + $13 }' "$task/stat"; fi
  done
}

dotnet "$cassini" certs "$work/certs" >/dev/null
for ((round = 1; round <= rounds; round++)); do
  for enabled in true false; do
    start "$enabled"
    events=$(newest) before=$(cpu) thread=$(writer)
    said=$(dotnet "$load" load idle --port "$port" --certs "$work/certs" --pid "$pid" --sessions "$sessions")
    sleep 3
    events=$(($(newest) - events)) before=$(($(cpu) - before)) now=$(writer)
    thread=$((${now:-0} - ${thread:-0}))
    size=$({ du -cb "$work/data/store"/history.db* 2>/dev/null || true; } | awk 'END { print $1 + 0 }')
    connects=$(sed -E 's/.*connects_per_second=([0-9.]+).*/\1/' <<<"$said")
    echo "$enabled $connects $events $before $thread $size" | tee -a "$work/results" >&2
    stop
  done
done

awk '
  function median(list, count,    i, j, t) {
    for (i = 2; i <= count; i++) for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return list[int((count + 1) / 2)]
  }
  $1 == "true" { on[++a] = $2; oncpu[a] = $4 * 1e4 / $3; thread[a] = $5 * 1e4 / $3; bytes[a] = $6 / $3 }
  $1 == "false" { off[++b] = $2; offcpu[b] = $4 * 1e4 / $3 }
  END {
    x = median(on, a); y = median(off, b)
    printf "connects a second        %.0f with, %.0f without: %.2f\n", x, y, x / y
    x = median(oncpu, a); y = median(offcpu, b)
    printf "CPU of an event, us      %.0f with, %.0f without: %.2f (the whole broker, its handshakes included)\n", x, y, x / y
    printf "CPU of the writer, us    %.1f an event\n", median(thread, a)
    printf "on disk, bytes           %.0f an event, with the log\n", median(bytes, a)
  }' "$work/results"
