#!/usr/bin/env bash
# Kills Cassini and other brokers under load (kill -9), starts them again in the same directory, and counts the acknowledged messages that
# are missing. Prints one table.
#
#   bench/kills.sh                                   all of it, about half an hour
#   ROUNDS=5 BROKERS="cassini nats" bench/kills.sh   a look
#
#   ROUNDS       kills of each broker; default 50
#   BROKERS      of: cassini cassini-process mosquitto mosquitto-autosave nats nats-sync; those that cannot run are left out
#   NATS_SERVER  the nats-server to run; default is the one on the path
#   SEED         when the kills come; default is another one each time
#   BASE_PORT    the first of two ports of 127.0.0.1; default 28860
#
#   cassini             Store:Level=Flush, the default
#   cassini-process     Store:Level=Process
#   mosquitto           persistence true, autosave_interval as it is by default: 30 minutes
#   mosquitto-autosave  autosave_on_changes true, autosave_interval 1: it saves all whenever more than one thing has changed
#   nats                JetStream in a file store, as it is by default
#   nats-sync           the same with sync_interval: always
#
# The checker is the one of the kill test in Cassini.Tests. Over mutual TLS and MQTT 3.1.1 a client publishes numbered messages, QoS 1 and
# 2 in turn, with 100 under way; what is not acknowledged when the broker dies it sends again. Another client has a session that is kept:
# in every second round it takes the messages while the broker is killed, otherwise they wait for it. After the last round all are taken,
# until none is missing or nothing has come for 40 s (nats-server sends again after 30). A client whose session the broker has lost
# subscribes again. A broker that grants QoS 1 at most gets QoS 1 alone.
#
# kill -9 leaves what the kernel has: this says nothing about a power cut.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds="${ROUNDS:-50}" port="${BASE_PORT:-28860}" seed="${SEED:-$RANDOM}"
read -ra brokers <<<"${BROKERS:-cassini cassini-process mosquitto mosquitto-autosave nats nats-sync}"
PATH="$PATH:/usr/sbin"
nats="${NATS_SERVER:-nats-server}"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

cassini=Cassini.Web/bin/Release/net10.0/cassini.dll
load=bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll
work="$(mktemp -d)"
certs="$work/certs"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

configure_cassini() {
  export CASSINI_BIND_ADDR="127.0.0.1:$port" CASSINI_MANAGEMENT_ADDR="127.0.0.1:$((port + 1))" CASSINI_DATA_DIR="$work/$1" \
    TLS_CA_CERT="$certs/ca.pem" TLS_SERVER_CERT_CHAIN="$certs/server.pem" TLS_SERVER_KEY="$certs/server.key"
  command=(dotnet "$cassini" serve --log-level Warning --set "Store:Level=$2")
  version="$(dotnet "$cassini" --version | sed 's/.* //')"
}

configure_mosquitto() {
  command -v mosquitto >/dev/null || return 1
  mkdir "$work/$1"
  cat >"$work/$1.conf" <<END
listener $port 127.0.0.1
cafile $certs/ca.pem
certfile $certs/server.pem
keyfile $certs/server.key
require_certificate true
use_identity_as_username true
set_tcp_nodelay true
max_queued_messages 0
max_inflight_messages 0
persistence true
persistence_location $work/$1/
log_type none
user $(id -un)
$2
END
  command=(mosquitto -c "$work/$1.conf")
  version="$({ mosquitto -h || true; } | sed -nE '1s/.*version //p')"
}

configure_nats() {
  command -v "$nats" >/dev/null || return 1
  cat >"$work/$1.conf" <<END
server_name: kills
listen: "127.0.0.1:$((port + 1))"
jetstream { store_dir: "$work/$1", $2 }
mqtt {
  listen: "127.0.0.1:$port"
  tls { cert_file: "$certs/server.pem", key_file: "$certs/server.key", ca_file: "$certs/ca.pem", verify: true, timeout: 10 }
}
END
  command=("$nats" -c "$work/$1.conf")
  version="$("$nats" -v | sed 's/.*v//')"
  problem="$("$nats" -t -c "$work/$1.conf" 2>&1 >/dev/null)" || return 1
}

# Sets what starts the broker, and its version; fails if it cannot run here.
configure() {
  problem="not installed"
  case "$1" in
    cassini) configure_cassini "$1" Flush ;;
    cassini-process) configure_cassini "$1" Process ;;
    mosquitto) configure_mosquitto "$1" "" ;;
    mosquitto-autosave) configure_mosquitto "$1" $'autosave_on_changes true\nautosave_interval 1' ;;
    nats) configure_nats "$1" "" ;;
    nats-sync) configure_nats "$1" "sync_interval: always" ;;
    *) echo "there is no broker '$1'" >&2 && exit 64 ;;
  esac
}

check() {
  dotnet "$load" kills --port "$port" --certs "$certs" --kills "$rounds" --qos "$1" --seed "$seed" --patience 40 -- \
    "$BASH" -c 'log="$1"; shift; exec "$@" >>"$log" 2>&1' kills "$work/log" "${command[@]}"
}

dotnet build -c Release Cassini.Web -v quiet >&2
dotnet build -c Release bench/Cassini.Load -v quiet >&2
dotnet "$cassini" certs "$certs" >/dev/null

echo "$rounds kills of each, seed $seed"
echo
echo "| broker | version | rounds | acknowledged | lost | QoS 2 twice | out of order | sessions lost |"
echo "|---|---|---:|---:|---:|---:|---:|---:|"
for broker in "${brokers[@]}"; do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "port $port is taken: set BASE_PORT" >&2
    exit 1
  fi
  if ! configure "$broker"; then
    echo "$broker: ${problem##*: }" >>"$work/reasons"
    continue
  fi
  said="$(check 2)"
  if [[ "$said" == *"grants QoS 1"* ]]; then
    rm -rf "${work:?}/$broker"
    said="$(check 1)"
  fi
  echo "$broker: $said" >&2
  if [[ "$said" != *" lost="* ]]; then
    echo "$broker: ${said#* unable }" >>"$work/reasons"
    tail -n 5 "$work/log" >&2
    continue
  fi
  declare -A got=()
  for word in ${said#* }; do got[${word%%=*}]="${word#*=}"; done
  if [ "${got[qos]}" = 1 ]; then got[twice]="grants QoS 1"; fi
  echo "| $broker | $version | ${got[rounds]} | ${got[acknowledged]} | ${got[lost]} | ${got[twice]} | ${got[out_of_order]} |" \
    "${got[sessions_lost]} |"
done
if [ -s "$work/reasons" ]; then
  echo
  echo "n/a:"
  cat "$work/reasons"
fi
