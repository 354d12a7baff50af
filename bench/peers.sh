#!/usr/bin/env bash
# Compares Cassini with other brokers on this machine (mosquitto, nats-server and MQTTnet's server) and prints one table.
#
#   bench/peers.sh                                   all of it, about 20 minutes
#   ROUNDS=1 LOADS="1-1 latency" bench/peers.sh      a short run
#
#   ROUNDS        rounds, of which the medians are printed; default 5
#   LOAD_SECONDS  measured time of each load, after a second of warm-up; default 3
#   WARM_UP       seconds of each of the loads that every broker gets before the first round, and that are not counted; default 3
#   LOADS         of: 1-1 4-pairs 1-16 1-1-4k 1-1-64k 1-1-qos1 1-1-qos2 1-1-qos1-kept 4-pairs-qos1-kept 1-1-qos2-kept latency ack
#                 ack-kept connects resumes probe idle
#   BROKERS       of: cassini mosquitto nats mqttnet; those that are not installed are left out
#   STORE_LEVEL   of Cassini: Flush, Process or Memory; default Flush
#   SESSIONS      of idle; default 5000
#   BASE_PORT     the first of six ports of 127.0.0.1; default 28880
#
# Every broker speaks MQTT 3.1.1 over TLS 1.3 and demands the same ECDSA client certificate. Its queues and in-flight limits are so high
# that no load reaches them. Payloads are 64 bytes, and at most 8,192 messages are under way. What they promise differs: Cassini flushes
# what is kept to the disk before it acknowledges; nats-server writes it to a file, without a flush; mosquitto and MQTTnet keep it in memory.
# Rates count messages that subscribers received; lost messages are printed below the table.
#
#   1-1, 4-pairs  QoS 0, one publisher and one subscriber of a topic; four such pairs
#   1-16          QoS 0, one publisher, sixteen subscribers of the same topic; deliveries a second
#   1-1-4k -64k   1-1 with payloads of 4,096 and of 65,536 bytes, 4 MiB of them under way at most
#   1-1-qos1 -qos2  with all acknowledgements on both sides, 4,096 publishes unacknowledged
#   …-kept        the same to subscribers whose sessions outlive their connections
#   ack, ack-kept from the write of a publish to the read of its PUBACK at 1,000 messages a second, QoS 1
#   latency       from the write to the read at 1,000 messages a second, QoS 0
#   connects      four clients at a time that come and go: TCP, a full handshake, CONNECT, CONNACK, DISCONNECT; connects a second, and CPU
#   resumes       the same with a ticket of the connection before
#   probe         GET /readyz every 10 ms while 4-pairs runs; Cassini alone
#   idle          5,000 sessions with a subscription each on a fresh broker: resident memory, and CPU of handshake, CONNECT and
#                 SUBSCRIBE. Once, each broker alone
#
# Within a round each load runs on each broker before the next load, so that noise of the machine affects all of them. The other brokers
# are up and idle meanwhile. A ratio is the median of the rounds' ratios, for the same reason. The generator runs on the same cores; its
# own ceiling, with a server that only copies, is measured in each round and printed below the table. A load begins with no session from
# an earlier one: it ends those that are kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds="${ROUNDS:-5}" seconds="${LOAD_SECONDS:-3}" warm_up="${WARM_UP:-3}" sessions="${SESSIONS:-5000}" base="${BASE_PORT:-28880}"
all="1-1 4-pairs 1-16 1-1-4k 1-1-64k 1-1-qos1 1-1-qos2 1-1-qos1-kept 4-pairs-qos1-kept 1-1-qos2-kept latency ack ack-kept"
all="$all connects resumes probe idle"
read -ra loads <<<"${LOADS:-$all}"
read -ra wanted <<<"${BROKERS:-cassini mosquitto nats mqttnet}"
PATH="$PATH:/usr/sbin"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

cassini=Cassini.Web/bin/Release/net10.0/cassini.dll
load=bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll
management="127.0.0.1:$((base + 5))"
declare -A port=([cassini]=$base [mosquitto]=$((base + 1)) [nats]=$((base + 2)) [mqttnet]=$((base + 3))) pid=() version=()

work="$(mktemp -d)"
certs="$work/certs" results="$work/results" reasons="$work/reasons"
trap 'stop_all; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

serve_cassini() {
  CASSINI_BIND_ADDR="127.0.0.1:${port[cassini]}" CASSINI_MANAGEMENT_ADDR="$management" CASSINI_DATA_DIR="$work/cassini" \
    CASSINI__Quota__Connections=100% CASSINI__Quota__Sessions=100% CASSINI__Quota__Memory=100% CASSINI__Quota__Retained=100% \
    CASSINI__Store__Level="${STORE_LEVEL:-Flush}" \
    TLS_CA_CERT="$certs/ca.pem" TLS_SERVER_CERT_CHAIN="$certs/server.pem" TLS_SERVER_KEY="$certs/server.key" \
    exec dotnet "$cassini" serve --log-level Warning
}

serve_mosquitto() {
  cat >"$work/mosquitto.conf" <<END
listener ${port[mosquitto]} 127.0.0.1
cafile $certs/ca.pem
certfile $certs/server.pem
keyfile $certs/server.key
require_certificate true
use_identity_as_username true
set_tcp_nodelay true
max_queued_messages 100000
max_inflight_messages 0
persistence false
log_type none
user $(id -un)
END
  exec mosquitto -c "$work/mosquitto.conf"
}

serve_nats() {
  cat >"$work/nats.conf" <<END
server_name: peers
listen: "127.0.0.1:$((base + 4))"
jetstream { store_dir: "$work/nats" }
mqtt {
  listen: "127.0.0.1:${port[nats]}"
  max_ack_pending: 65535
  consumer_memory_storage: true
  tls { cert_file: "$certs/server.pem", key_file: "$certs/server.key", ca_file: "$certs/ca.pem", verify: true, timeout: 10 }
}
END
  exec nats-server -c "$work/nats.conf"
}

serve_mqttnet() { exec dotnet "$load" mqttnet-server --port "${port[mqttnet]}" --certs "$certs"; }

# Prints the version; fails if the broker is not installed.
version_of() {
  case "$1" in
    cassini) dotnet "$cassini" --version | sed 's/.* //' ;;
    mosquitto) command -v mosquitto >/dev/null && { mosquitto -h || true; } | sed -nE '1s/.*version //p' ;;
    nats) command -v nats-server >/dev/null && nats-server -v | sed 's/.*v//' ;;
    mqttnet) sed -nE 's/.*"MQTTnet.Server" Version="([^"]+)".*/\1/p' Directory.Packages.props ;;
    *) echo "there is no broker '$1'" >&2 && exit 64 ;;
  esac
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

is_ready() {
  if [ "$1" = cassini ]; then
    curl -fsS -o /dev/null "http://$management/readyz?wait=30s" 2>/dev/null
  else
    answers "${port[$1]}"
  fi
}

start() {
  if answers "${port[$1]}"; then
    echo "port ${port[$1]} is taken: set BASE_PORT" >&2
    exit 1
  fi
  "serve_$1" >"$work/$1.log" 2>&1 &
  pid[$1]=$!
  for _ in {1..300}; do
    if is_ready "$1"; then return; fi
    if ! kill -0 "${pid[$1]}" 2>/dev/null; then break; fi
    sleep 0.1
  done
  echo "$1 does not come up:" >&2
  tail -n 20 "$work/$1.log" >&2
  exit 1
}

stop() {
  kill "${pid[$1]}" 2>/dev/null || true
  wait "${pid[$1]}" 2>/dev/null || true
  unset "pid[$1]"
}

stop_all() { for broker in "${!pid[@]}"; do stop "$broker"; done; }

# Runs one load on one broker and turns its output into lines of: round broker load key value.
run() {
  local broker="$1" name="$2" said word
  local arguments=("$name")
  if [ "$name" = probe ]; then
    if [ "$broker" != cassini ]; then return; fi
    arguments=(4-pairs --probe "http://$management/readyz")
  fi
  said="$(dotnet "$load" load "${arguments[@]}" --port "${port[$broker]}" --certs "$certs" --pid "${pid[$broker]}" \
    --seconds "$seconds" --sessions "$sessions" 2>&1)" || true
  said="${said%%$'\n'*}" # the first line of a crash is enough
  echo "$broker: $said" >&2
  if [[ "$said" == *" lost="* || "$said" == idle\ kib* ]]; then
    for word in ${said#* }; do echo "$round $broker $name ${word%%=*} ${word#*=}" >>"$results"; done
  else
    echo "$broker, $name: ${said#* unable }" >>"$reasons"
  fi
}

# What runs first on a broker would be measured while its runtime still compiles: Cassini and MQTTnet are compiled as they run.
warm_up() {
  dotnet "$load" load 1-1 1-1-4k 1-1-64k 1-1-qos1 1-1-qos2 1-1-qos1-kept 1-1-qos2-kept connects resumes \
    --port "${port[$1]}" --certs "$certs" --pid "${pid[$1]}" --seconds "$warm_up" >/dev/null 2>&1 || true
}

table() {
  awk -v brokers="${brokers[*]}" '
    function sort(values, n,   i, j, value) {
      for (i = 2; i <= n; i++) {
        value = values[i]
        for (j = i - 1; j > 0 && values[j] > value; j--) values[j + 1] = values[j]
        values[j + 1] = value
      }
    }
    # Sets median, minimum and maximum of the rounds that have a value; with a second broker, of the quotients.
    function measure(broker, over, row,   r, n, values) {
      n = 0
      for (r = 1; r <= rounds; r++) {
        if (!((r, broker, row) in all) || (over != "" && !(all[r, over, row] > 0))) continue
        values[++n] = all[r, broker, row] / (over == "" ? 1 : all[r, over, row])
      }
      if (n == 0) return 0
      sort(values, n)
      least = values[1]; most = values[n]
      median = n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
      return n
    }
    function grouped(value, form,   text, out) {
      text = sprintf(form, value)
      while (text ~ /^[0-9][0-9][0-9][0-9]+$/) { out = "," substr(text, length(text) - 2) out; text = substr(text, 1, length(text) - 3) }
      return text out
    }
    function row(load, key, form, label,   b, what, line, any) {
      what = load SUBSEP key; line = "| " label; any = 0
      for (b = 1; b <= count; b++) {
        if (!measure(names[b], "", what)) { line = line " | n/a | "; continue }
        any = 1
        line = line " | " grouped(median, form) " | "
        if (names[b] == "cassini") line = line grouped(least, form) "–" grouped(most, form)
        else if (measure("cassini", names[b], what)) line = line sprintf("%.2f", median)
      }
      if (any) print line " |"
    }
    { all[$1, $2, $3, $4] = $5 + 0; if ($1 > rounds) rounds = $1 }
    $4 == "lost" && $5 != 0 { lost[$2 ", " $3] += $5 }
    END {
      count = split(brokers, names, " ")
      head = "| "; rule = "|---"
      for (b = 1; b <= count; b++) {
        head = head " | " names[b] (names[b] == "cassini" ? " | min–max" : " | cassini / " names[b])
        rule = rule "|---:|---:"
      }
      print head " |"; print rule "|"
      row("1-1", "rate", "%.0f", "1 → 1, QoS 0, messages/s")
      row("4-pairs", "rate", "%.0f", "4 pairs, QoS 0, messages/s")
      row("1-16", "rate", "%.0f", "1 → 16, QoS 0, deliveries/s")
      row("1-1-4k", "rate", "%.0f", "1 → 1, QoS 0, 4 KiB, messages/s")
      row("1-1-4k", "broker_us", "%.2f", "1 → 1, QoS 0, 4 KiB, CPU of the broker per message, µs *")
      row("1-1-64k", "rate", "%.0f", "1 → 1, QoS 0, 64 KiB, messages/s")
      row("1-1-64k", "broker_us", "%.2f", "1 → 1, QoS 0, 64 KiB, CPU of the broker per message, µs *")
      row("1-1-qos1", "rate", "%.0f", "1 → 1, QoS 1, messages/s")
      row("1-1-qos2", "rate", "%.0f", "1 → 1, QoS 2, messages/s")
      row("1-1-qos1-kept", "rate", "%.0f", "1 → 1 kept, QoS 1, messages/s")
      row("1-1-qos1-kept", "broker_us", "%.2f", "1 → 1 kept, QoS 1, CPU of the broker per message, µs *")
      row("4-pairs-qos1-kept", "rate", "%.0f", "4 pairs kept, QoS 1, messages/s")
      row("1-1-qos2-kept", "rate", "%.0f", "1 → 1 kept, QoS 2, messages/s")
      row("ack", "p50_us", "%.0f", "PUBACK at 1,000/s, p50, µs *")
      row("ack-kept", "p50_us", "%.0f", "PUBACK of what is kept at 1,000/s, p50, µs *")
      row("ack-kept", "p99_us", "%.0f", "PUBACK of what is kept at 1,000/s, p99, µs *")
      row("latency", "p50_us", "%.0f", "latency at 1,000/s, p50, µs *")
      row("latency", "p99_us", "%.0f", "latency at 1,000/s, p99, µs *")
      row("connects", "rate", "%.0f", "mTLS connects a second, 4 at a time")
      row("connects", "cpu_ms", "%.2f", "CPU of the broker per connect, ms *")
      row("resumes", "rate", "%.0f", "the same with a ticket, connects a second")
      row("resumes", "cpu_ms", "%.2f", "CPU of the broker per connect with a ticket, ms *")
      row("idle", "kib", "%.1f", "resident memory per idle session, KiB *")
      row("idle", "cpu_ms", "%.2f", "CPU per mTLS connect and subscribe, ms *")
      row("probe", "probe_p50_ms", "%.2f", "/readyz under load, p50, ms *")
      row("probe", "probe_p99_ms", "%.2f", "/readyz under load, p99, ms *")
      print "\n* less is better"
      if (measure("generator", "", "loopback" SUBSEP "rate"))
        print "generator alone: " grouped(median, "%.0f") " messages/s (" grouped(least, "%.0f") "–" grouped(most, "%.0f") ")"
      for (what in lost) print what ": " lost[what] " messages lost"
    }' "$results"
  if [ -s "$reasons" ]; then
    echo "n/a:"
    sort -u "$reasons"
  fi
}

dotnet build -c Release Cassini.Web -v quiet >&2
dotnet build -c Release bench/Cassini.Load -v quiet >&2
touch "$results" "$reasons"
ulimit -n "$(ulimit -Hn)"

brokers=()
for broker in "${wanted[@]}"; do
  if version[$broker]="$(version_of "$broker")"; then
    brokers+=("$broker")
  else
    echo "$broker is not installed and left out" >&2
  fi
done
dotnet "$cassini" certs "$certs" >/dev/null

echo "$(nproc) cores, $rounds rounds of $seconds s"
for broker in "${brokers[@]}"; do echo "$broker ${version[$broker]}"; done

for broker in "${brokers[@]}"; do start "$broker"; done
for broker in "${brokers[@]}"; do warm_up "$broker"; done
for ((round = 1; round <= rounds; round++)); do
  echo "round $round of $rounds" >&2
  ceiling="$(dotnet "$load" loopback --certs "$certs" --seconds "$seconds")"
  echo "$round generator loopback rate $(sed -E 's/.*rate=([0-9]+).*/\1/' <<<"$ceiling")" >>"$results"
  for name in "${loads[@]}"; do
    if [ "$name" = idle ]; then continue; fi
    for broker in "${brokers[@]}"; do run "$broker" "$name"; done
  done
done
stop_all

if [[ " ${loads[*]} " == *" idle "* ]]; then
  for broker in "${brokers[@]}"; do
    start "$broker"
    round=1 run "$broker" idle
    stop "$broker"
  done
fi

echo
table
