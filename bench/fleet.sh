#!/usr/bin/env bash
# What crosses from one node of a fleet to another, beside what stays within a node of it, a broker on its own, and NATS' own MQTT between
# two of three servers. All are up on this machine, and each load runs on each of them in turn, in rounds. Prints one table.
#
#   bench/fleet.sh                                       all of it, about eight minutes
#   ROUNDS=1 LOADS="1-1 latency" bench/fleet.sh          a short run
#
#   ROUNDS        rounds, of which the medians are printed; default 5. A ratio is the median of the rounds' ratios
#   SECONDS_EACH  measured time of each load; default 3
#   LOADS         of: 1-1 1-1-qos1 latency ack
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds="${ROUNDS:-5}" seconds="${SECONDS_EACH:-3}" loads="${LOADS:-1-1 1-1-qos1 latency ack}"
PATH="$PATH:/usr/sbin"
command -v nats-server >/dev/null || { echo "nats-server is needed" >&2; exit 1; }

# The build's own output is shown when it fails.
built="$(dotnet build bench/Cassini.Load -c Release -v q -p:RunAnalyzers=false 2>&1 && dotnet build Cassini.Web -c Release -v q -p:RunAnalyzers=false 2>&1)" || { echo "$built" >&2; exit 1; }
directory="$(mktemp -d)"
pids=()
stop() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$directory"; }
trap stop EXIT
cassini="$PWD/Cassini.Web/bin/Release/net10.0/cassini" certs="$directory/certs"
export HOME="$directory"
"$cassini" certs "$certs" >/dev/null
nats-server -a 127.0.0.1 -p 14222 >"$directory/nats.log" 2>&1 & pids+=($!)

# The peer: a cluster of its own. It keeps messages of QoS 1 in JetStream, here on one server each and with acknowledgements in memory, which
# is the least that it does.
for i in 1 2 3; do
  cat >"$directory/peer$i.conf" <<END
server_name: peer$i
listen: "127.0.0.1:1423$i"
jetstream { store_dir: "$directory/peer$i" }
cluster { name: peers, listen: "127.0.0.1:1424$i", routes: ["nats://127.0.0.1:14241", "nats://127.0.0.1:14242", "nats://127.0.0.1:14243"] }
mqtt {
  listen: "127.0.0.1:1888$((i + 3))"
  max_ack_pending: 65535
  consumer_memory_storage: true
  consumer_replicas: 1
  stream_replicas: 1
  tls { cert_file: "$certs/server.pem", key_file: "$certs/server.key", ca_file: "$certs/ca.pem", verify: true, timeout: 10 }
}
END
  nats-server -c "$directory/peer$i.conf" >"$directory/peer$i.log" 2>&1 & pids+=($!)
done

serve() { # name, port, management port, more settings
  local name="$1" port="$2" management="$3"; shift 3
  "$cassini" serve --bind "127.0.0.1:$port" --management "127.0.0.1:$management" --data-dir "$directory/$name" \
    --ca "$certs/ca.pem" --cert "$certs/server.pem" --key "$certs/server.key" \
    --set "Probing:CanaryCertificatePath=$certs/canary.pem" --set "Probing:CanaryKeyPath=$certs/canary.key" \
    --set Broker:MaxQueuedMessages=1000000 --set Broker:MaxQueuedBytes=1000000000 --set Broker:MaxInFlight=65535 --set Logging:Level=warning "$@" \
    >"$directory/$name.log" 2>&1 & pids+=($!)
}
serve alone 18881 19081
serve n1 18882 19082 --set Cluster:Servers=nats://127.0.0.1:14222 --set Cluster:Node=n1
serve n2 18883 19083 --set Cluster:Servers=nats://127.0.0.1:14222 --set Cluster:Node=n2
for management in 19081 19082 19083; do
  "$cassini" wait "http://127.0.0.1:$management" --timeout 1m >/dev/null || { cat "$directory"/*.log >&2; exit 1; }
done

run() { # round, load, column, port, port of the subscriber
  local said word
  said="$(dotnet bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll load "$2" --certs "$certs" --seconds "$seconds" --port "$4" \
    --sub-port "$5" 2>&1)" || true
  said="${said%%$'\n'*}"
  echo "round $1, $3: $said" >&2
  for word in $said; do
    case "$word" in rate=* | p50_us=* | lost=*) echo "$1 $2 $3 ${word%%=*} ${word#*=}" >>"$directory/results" ;; esac
  done
}

# The first round is not counted: what runs first is measured while its runtime still compiles.
for ((round = 0; round <= rounds; round++)); do
  for load in $loads; do
    run "$round" "$load" alone 18881 18881
    run "$round" "$load" within 18882 18882
    run "$round" "$load" across 18882 18883
    run "$round" "$load" nats 18884 18885
  done
done

awk '
  function median(values, n,   i, j, value) {
    for (i = 2; i <= n; i++) {
      value = values[i]
      for (j = i - 1; j > 0 && values[j] > value; j--) values[j + 1] = values[j]
      values[j + 1] = value
    }
    return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
  }
  function of(what, column, over,   r, n, values) {
    n = 0
    for (r = 1; r <= rounds; r++)
      if ((r, what, column) in all && (over == "" || all[r, what, over] > 0)) values[++n] = all[r, what, column] / (over == "" ? 1 : all[r, what, over])
    return n == 0 ? "n/a" : sprintf(over == "" ? "%.0f" : "%.2f", median(values, n))
  }
  function row(label, what) {
    if (of(what, "across", "") == "n/a") return
    print "| " label " | " of(what, "alone", "") " | " of(what, "within", "") " | " of(what, "within", "alone") " | " of(what, "across", "") " | " of(what, "across", "alone") " | " of(what, "nats", "") " | " of(what, "across", "nats") " |"
  }
  $1 > 0 && $4 == "lost" && $5 > 0 { lost[$2 ", " $3] += $5 }
  $4 != "lost" { all[$1, $2 SUBSEP $4, $3] = $5; if ($1 > rounds) rounds = $1 }
  END {
    print "| | alone | within a node | of alone | across | of alone | NATS MQTT across | of it |"
    print "|---|---:|---:|---:|---:|---:|---:|---:|"
    row("1 → 1, QoS 0, messages/s", "1-1" SUBSEP "rate")
    row("1 → 1, QoS 1, messages/s", "1-1-qos1" SUBSEP "rate")
    row("latency at 1,000/s, p50, µs", "latency" SUBSEP "p50_us")
    row("PUBACK at 1,000/s, p50, µs", "ack" SUBSEP "p50_us")
    for (what in lost) print what ": " lost[what] " messages lost"
  }' "$directory/results"
