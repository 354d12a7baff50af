#!/usr/bin/env bash
# What the journal costs a broker: room on the disk, memory, the time of a recovery and of a start, each commit, and what a slow disk leaves
# of the throughput. Prints one table with the goal of each.
#
#   bench/store.sh                                      all of it, about five minutes
#   PARTS=commits SECONDS_OF_LOAD=5 bench/store.sh      a look
#
#   PARTS            of: queue queues start commits slow
#   MESSAGES         of queue and queues; default 1000000
#   PAIRS            of start; default 20
#   SECONDS_OF_LOAD  of commits and slow; default 20
#   BASE_PORT        the first of two ports of 127.0.0.1; default 28840
#   TMPDIR           where the journals are: the disk that is measured
#
#   queue    QoS 1 messages of 64 bytes for one absent session. Bytes on disk of the journal's directory, reserve and log included; resident
#            memory before and after. Then kill -9, and the next start: how long it reads, as its log says, and its resident memory. Last
#            the client comes back, and takes all of them
#   queues   the same for ten absent sessions, with a tenth of them each
#   start    process start to the first 200 of /readyz with an empty journal, and in turn with Store:Level=Memory
#   commits  75,000 messages a second of QoS 1 to one kept session whose client is there, and then to one whose client is away. Of each
#            commit its messages, and the time from its first write to the end of its flush, by bench/slowdisk.c. What /proc/PID/io says
#            was written over the bytes of the groups; the processor time of the thread "cassini journal" for each message
#   slow     as many messages as it gets, with each flush 5 ms slower, by bench/slowdisk.c
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

messages="${MESSAGES:-1000000}" pairs="${PAIRS:-20}" seconds="${SECONDS_OF_LOAD:-20}" port="${BASE_PORT:-28840}"
read -ra parts <<<"${PARTS:-queue queues start commits slow}"
management="127.0.0.1:$((port + 1))"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cassini=Cassini.Web/bin/Release/net10.0/cassini.dll
load=bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll
bench=bench/Cassini.Bench/bin/Release/net10.0/Cassini.Bench.dll

work="$(mktemp -d)" pid=""
journal="$work/data/journal"
trap 'stop TERM; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# History has a cost of its own (bench/history.sh).
settings=(History:Enabled=false)

stop() {
  if [ -n "$pid" ]; then
    kill -s "$1" "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    pid=""
  fi
}

# Starts Cassini in the directory that it had; the arguments are for its environment.
start() {
  env "$@" CASSINI_BIND_ADDR="127.0.0.1:$port" CASSINI_MANAGEMENT_ADDR="$management" CASSINI_DATA_DIR="$work/data" \
    TLS_CA_CERT="$work/certs/ca.pem" TLS_SERVER_CERT_CHAIN="$work/certs/server.pem" TLS_SERVER_KEY="$work/certs/server.key" \
    dotnet "$cassini" serve "${settings[@]/#/--set=}" >"$work/log" 2>&1 &
  pid=$!
  for _ in {1..600}; do
    if curl -fsS -o /dev/null "http://$management/readyz?wait=60s" 2>/dev/null; then return; fi
    if ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.1
  done
  tail -n 20 "$work/log" >&2
  exit 1
}

run() {
  local said
  said="$(dotnet "$load" load "$@" --port "$port" --certs "$work/certs" --pid "$pid" --patience 60)"
  echo "$said" >&2
  if [[ "$said" == *" unable "* ]]; then exit 1; fi
  echo "$said"
}

value() { sed -nE "s/.* ($1)=([0-9.]+).*/\2/p" <<<"$2"; }
metric() { curl -fsS "http://$management/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
resident() { awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$pid/status"; }
written() { awk '/^write_bytes/ { print $2 }' "/proc/$pid/io"; }
on_disk() { du -s -B1 "$journal" | awk '{ printf "%.0f", $1 / 1e6 }'; }
row() { echo "| $1 | $2 | $3 |" >>"$work/table"; }

# Microseconds of processor time of the threads with this name; the kernel keeps 15 characters of it.
thread() {
  local task sum=0
  for task in "/proc/$pid/task"/*; do
    if [ "$(cat "$task/comm" 2>/dev/null)" = "$1" ]; then sum=$((sum + $(cut -d ' ' -f 1 "$task/schedstat") / 1000)); fi
  done
  echo "$sum"
}

shim() {
  if [ -f "$work/slowdisk.so" ]; then return; fi
  command -v cc >/dev/null && cc -O2 -shared -fPIC -o "$work/slowdisk.so" bench/slowdisk.c -ldl
}

queues() {
  local count="$1" what before after taken
  what="$messages messages for $1 absent session$([ "$1" = 1 ] || echo s)"
  rm -rf "$work/data"
  start
  before="$(resident)"
  run fill --sessions "$count" --messages "$messages" >/dev/null
  row "$what: on disk, MB" "$(on_disk)" "≤ 180"
  after="$(resident)"
  row "resident memory before and after, MiB" "$before, $after" ""
  stop KILL
  start
  row "recovery after kill -9" "$(sed -nE 's/.*store: .* are restored from .* in (.*); level.*/\1/p' "$work/log")" "≤ 3 s"
  row "resident memory after that, MiB" "$(resident)" ""
  taken="$(run take --sessions "$count" --messages "$messages")"
  row "messages that came to the client, and lost" "$(value received "$taken"), $(value lost "$taken")" "0 lost"
  stop TERM
}

starts() {
  local said
  said="$(TMPDIR="$work" dotnet "$bench" start "$pairs")"
  echo "$said" >&2
  row "start to ready with an empty journal, more than with none, ms (median of $pairs pairs)" \
    "$(sed -nE "s/^the journal's part: median (-?[0-9]+) ms.*/\1/p" <<<"$said")" "≤ 30"
}

# Of the commits, in milliseconds.
percentile() {
  sort -n "$work/commits" | awk -v part="$1" '{ v[NR] = $1 } END { i = int(part * NR + 0.999999); printf "%.2f", v[i < 1 ? 1 : i] / 1e3 }'
}

counters() {
  echo "$(metric cassini_store_commits_total) $(metric cassini_store_written_bytes_total)" \
    "$(metric cassini_store_commit_time_seconds_total) $(written) $(thread "cassini journal") $(thread "cassini checkpo")"
}

# Runs a load at 75,000 messages a second, and says what each commit and each message of it cost.
commits_of() {
  local what="$1" said before after n
  shift
  : >"$work/commits"
  before="$(counters)"
  said="$(run "$@" --rate 75000)"
  after="$(counters)"
  n="$(value "received|acknowledged" "$said")"
  row "$what, 75,000 messages a second: messages a second" "$(value rate "$said")" "75,000"
  awk -v a="$before" -v b="$after" -v n="$n" -v goal="$(percentile 0.5), $(percentile 0.99)" '
    BEGIN {
      split(a, x); split(b, y)
      for (i in x) d[i] = y[i] - x[i]
      printf "| commits; messages of each | %d; %.0f | |\n", d[1], n / d[1]
      printf "| a commit, p50 and p99, ms | %s | ≤ 0.6, 10 |\n", goal
      printf "| written to the disk over the bytes of the groups | %.2f | ≤ 4 |\n", d[4] / d[2]
      printf "| CPU of the journal'\''s thread for each message, and of the checkpoints'\'', µs | %.2f, %.2f | ≤ 1.2 |\n", d[5] / n, d[6] / n
    }' >>"$work/table"
}

commits() {
  rm -rf "$work/data"
  if ! shim; then
    row "commits" "n/a: no C compiler" ""
    return
  fi
  start LD_PRELOAD="$work/slowdisk.so" SLOWDISK_LOG="$work/commits"
  run 1-1-qos1-kept --rate 75000 --seconds 3 >/dev/null
  commits_of "to a client that is there" 1-1-qos1-kept --seconds "$seconds"
  commits_of "to a client that is away" fill --messages "$((75000 * seconds))"
  stop TERM
}

slow() {
  local said before after
  if ! shim; then
    row "with each flush 5 ms slower" "n/a: no C compiler" "≥ 75,000"
    return
  fi
  rm -rf "$work/data"
  : >"$work/commits"
  start LD_PRELOAD="$work/slowdisk.so" SLOWDISK_MICROSECONDS=5000 SLOWDISK_LOG="$work/commits"
  said="$(run 1-1-qos1-kept --seconds "$seconds")"
  if [ ! -s "$work/commits" ]; then
    row "with each flush 5 ms slower" "n/a: SQLite does not call what is preloaded" "≥ 75,000"
  else
    row "1 → 1 kept, QoS 1, each flush 5 ms slower, messages a second" "$(value rate "$said")" "≥ 75,000"
    row "a commit then, p50, ms" "$(percentile 0.5)" ""
  fi
  stop TERM
}

for project in Cassini.Web bench/Cassini.Load bench/Cassini.Bench; do dotnet build -c Release "$project" -v quiet >&2; done
dotnet "$cassini" certs "$work/certs" >/dev/null

for part in "${parts[@]}"; do
  case "$part" in
    queue) queues 1 ;;
    queues) queues 10 ;;
    start) starts ;;
    commits) commits ;;
    slow) slow ;;
    *) echo "there is no part '$part'" >&2 && exit 64 ;;
  esac
done

echo
echo "$(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg), journals on $(df --output=fstype "$work" | tail -n 1)"
echo
echo "| what | came out | goal |"
echo "|---|---:|---:|"
cat "$work/table"
