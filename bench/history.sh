#!/usr/bin/env bash
# What the history costs a broker: a fresh one with History:Enabled and one without, in turn. Sessions connect and subscribe as fast as they
# can; after that one publisher sends as many QoS 1 messages as one subscriber takes. Prints medians, the median of the rounds' ratios, so
# that noise of the machine cancels out, and what the history's own thread took for each event.
#
#   bench/history.sh                       all of it, about five minutes
#   ROUNDS=1 SESSIONS=500 bench/history.sh a look
#
#   ROUNDS        of both; default 5
#   SESSIONS      of a storm; default 2000
#   LOAD_SECONDS  measured time of the messages, after three of warm-up; default 5
#   BASE_PORT     the first of two ports of 127.0.0.1; default 28970
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds="${ROUNDS:-5}" sessions="${SESSIONS:-2000}" seconds="${LOAD_SECONDS:-5}" port="${BASE_PORT:-28970}"
management="127.0.0.1:$((port + 1))"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cassini=Cassini.Web/bin/Release/net10.0/cassini.dll
load=bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll

dotnet build -c Release -v q --nologo Cassini.Web >&2
dotnet build -c Release -v q --nologo bench/Cassini.Load >&2
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
  # The second of a round begins the next one: neither is always first.
  if ((round % 2)); then order=(true false); else order=(false true); fi
  for enabled in "${order[@]}"; do
    start "$enabled"
    events=$(newest) before=$(cpu) thread=$(writer)
    said=$(dotnet "$load" load idle --port "$port" --certs "$work/certs" --pid "$pid" --sessions "$sessions")
    sleep 3
    events=$(($(newest) - events)) before=$(($(cpu) - before)) now=$(writer)
    thread=$((${now:-0} - ${thread:-0}))
    size=$({ du -cb "$work/data/history"/history.db* 2>/dev/null || true; } | awk 'END { print $1 + 0 }')
    connects=$(sed -E 's/.*connects_per_second=([0-9.]+).*/\1/' <<<"$said")
    said=$(dotnet "$load" load 1-1-qos1 --port "$port" --certs "$work/certs" --pid "$pid" --warm-up 3 --seconds "$seconds")
    rate=$(sed -E 's/.* rate=([0-9]+).*/\1/' <<<"$said") broker=$(sed -E 's/.* broker_us=([0-9.]+).*/\1/' <<<"$said")
    echo "$enabled $connects $events $before $thread $size $rate $broker" | tee -a "$work/results" >&2
    stop
  done
done

awk '
  function median(list, count,    i, j, t) {
    for (i = 2; i <= count; i++) for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
  }
  # Both medians, and the median of the ratios of each round.
  function compare(label, form, key,    i, with, without, ratios) {
    for (i = 1; i <= rounds; i++) { with[i] = on[i, key]; without[i] = off[i, key]; ratios[i] = with[i] / without[i] }
    printf "%-30s " form " with, " form " without: %.3f\n", label, median(with, rounds), median(without, rounds), median(ratios, rounds)
  }
  $1 == "true" {
    rounds = ++a
    on[a, "connects"] = $2; on[a, "cpu"] = $4 * 1e4 / $3; on[a, "rate"] = $7; on[a, "broker"] = $8
    thread[a] = $5 * 1e4 / $3; bytes[a] = $6 / $3
  }
  $1 == "false" { off[++b, "connects"] = $2; off[b, "cpu"] = $4 * 1e4 / $3; off[b, "rate"] = $7; off[b, "broker"] = $8 }
  END {
    compare("connects a second", "%.0f", "connects")
    compare("CPU of an event, us *", "%.0f", "cpu")
    compare("1 to 1, QoS 1, messages/s", "%.0f", "rate")
    compare("CPU of a message, us", "%.2f", "broker")
    printf "%-30s %.1f an event\n", "CPU of the writer, us", median(thread, a)
    printf "%-30s %.0f an event, with the log\n", "on disk, bytes", median(bytes, a)
    print "\n* the whole broker in the storm, its handshakes included"
  }' "$work/results"
