#!/usr/bin/env bash
# Two nodes of a fleet and one NATS server on this machine: what crosses from one node to the other, beside what stays on one node of the
# same fleet and beside a broker on its own, in turn and in rounds. Prints one line for each load.
#   ROUNDS=3 SECONDS_EACH=3 LOADS="1-1 1-1-qos1 latency ack" bench/fleet.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds="${ROUNDS:-3}" seconds="${SECONDS_EACH:-3}" loads="${LOADS:-1-1 1-1-qos1 latency ack}"
command -v nats-server >/dev/null || { echo "nats-server is needed" >&2; exit 1; }

# The build's own output is shown when it fails.
built="$(dotnet build bench/Cassini.Load -c Release -v q -p:RunAnalyzers=false 2>&1 && dotnet build Cassini.Web -c Release -v q -p:RunAnalyzers=false 2>&1)" || { echo "$built" >&2; exit 1; }
directory="$(mktemp -d)"
pids=()
stop() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$directory"; }
trap stop EXIT
cassini="$PWD/Cassini.Web/bin/Release/net10.0/cassini"
export HOME="$directory"
"$cassini" certs "$directory/certs" >/dev/null
nats-server -a 127.0.0.1 -p 14222 >"$directory/nats.log" 2>&1 & pids+=($!)

serve() { # name, port, management port, more settings
  local name="$1" port="$2" management="$3"; shift 3
  "$cassini" serve --bind "127.0.0.1:$port" --management "127.0.0.1:$management" --data-dir "$directory/$name" \
    --ca "$directory/certs/ca.pem" --cert "$directory/certs/server.pem" --key "$directory/certs/server.key" \
    --set "Probing:CanaryCertificatePath=$directory/certs/canary.pem" --set "Probing:CanaryKeyPath=$directory/certs/canary.key" \
    --set Broker:MaxQueuedMessages=1000000 --set Broker:MaxQueuedBytes=1000000000 --set Broker:MaxInFlight=65535 --set Logging:Level=warning "$@" \
    >"$directory/$name.log" 2>&1 & pids+=($!)
}
serve alone 18881 19081
serve n1 18882 19082 --set Cluster:Servers=nats://127.0.0.1:14222 --set Cluster:Node=n1
serve n2 18883 19083 --set Cluster:Servers=nats://127.0.0.1:14222 --set Cluster:Node=n2
for management in 19081 19082 19083; do
  "$cassini" wait "http://127.0.0.1:$management" --timeout 1m >/dev/null || { cat "$directory"/*.log >&2; exit 1; }
done

load() { dotnet bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll load "$1" --certs "$directory/certs" --seconds "$seconds" "${@:2}"; }
for ((round = 1; round <= rounds; round++)); do
  for name in $loads; do
    echo "round $round, $name, a broker on its own: $(load "$name" --port 18881)"
    echo "round $round, $name, within a node:       $(load "$name" --port 18882)"
    echo "round $round, $name, from node to node:   $(load "$name" --port 18882 --sub-port 18883)"
  done
done
