#!/usr/bin/env bash
# Breaks a fleet under load, and prints what was lost: three machines, which are network namespaces of this one, with a nats-server and a
# Cassini each, real processes and real TCP. Needs root, for the namespaces. Under twelve minutes.
#
#   bench/fleet-faults.sh                              all of it
#   FAULTS="none kill-n1 cut-2" bench/fleet-faults.sh  a part
#
#   FAULTS     of: none kill-n1 kill-n2 kill-n3 kill-nats1 kill-nats2 kill-nats3 cut-1 cut-2 cut-3 one-way-1 slow stop-n1
#   RATE       messages a second of each of the three publishers, QoS 1 and 2 in turn; default 20
#   HOLD       seconds for which a link is cut, and a process is stopped; default 20
#   NATS_MORE  more settings of the NATS servers, such as 'write_deadline: "2s"'
#   MINUTES    after which no other fault begins; default 9
#   CASSINI    the program; default is what this builds
#   KEEP       a directory for the logs of all processes; default is that they are removed
#
#   none       nothing happens
#   kill-n1    kill -9 of the node, which is started again a second later
#   kill-nats1 kill -9 of the server, which is started again five seconds later
#   cut-1      nothing goes from or to the machine
#   one-way-1  what the machine sends is lost, what is sent to it arrives
#   slow       each frame between machines takes 200 ms, and 2 % are lost
#   stop-n1    SIGSTOP of the node, and SIGCONT
#
# At each node are a publisher and a subscriber to all three publishers with a session that is kept (paho-mqtt, MQTT 3.1.1, mutual TLS).
# They are on its machine and reach it by loopback: a link that is cut separates the machines and not the clients. A publisher has at most
# 100 messages under way. Lost and doubled are counted for each subscriber: a message has three chances to be lost.
#
# The wire between the machines is a program, bench/faults/wire.py: it forwards, delays and drops frames. So this needs no netem or
# nftables, which not every kernel has.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PATH:/usr/sbin:/sbin"

skip() { echo "skipped: $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip "it makes network namespaces, for which it must be root"
for program in ip nats-server dotnet; do command -v "$program" >/dev/null || skip "$program is not on the PATH"; done
python=/usr/bin/python3
"$python" -c 'import paho.mqtt.client' 2>/dev/null || skip "the Python library paho-mqtt is missing (package python3-paho-mqtt)"

# Names of its own, so that two runs do not meet.
prefix="cf$$"
work="$(mktemp -d)"
run=""

# In the namespaces are no other processes than those that were started here.
clean_up() {
  trap - EXIT
  trap '' INT TERM HUP
  [ -z "$run" ] || kill "$run" 2>/dev/null || true
  for name in "${prefix}w" "${prefix}1" "${prefix}2" "${prefix}3"; do
    [ -e "/run/netns/$name" ] || continue
    for pid in $(ip netns pids "$name" 2>/dev/null); do [ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null || true; done
    ip netns del "$name" || true
  done
  if [ -n "${KEEP:-}" ]; then mkdir -p "$KEEP" && cp "$work"/*.log "$KEEP" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

ip netns add "${prefix}w" 2>"$work/why" || skip "no network namespace can be made: $(cat "$work/why")"
for i in 1 2 3; do
  ip netns add "$prefix$i"
  ip link add "${prefix}e$i" type veth peer name "${prefix}m$i" 2>"$work/why" || skip "no veth can be made: $(cat "$work/why")"
  ip link set "${prefix}m$i" netns "${prefix}w" name "m$i"
  ip link set "${prefix}e$i" netns "$prefix$i" name eth0
  ip -n "${prefix}w" link set "m$i" up
  ip -n "$prefix$i" link set lo up
  ip -n "$prefix$i" addr add "10.77.0.$i/24" dev eth0
  ip -n "$prefix$i" link set eth0 up
  ip netns exec "$prefix$i" "$python" bench/faults/wire.py --plain-frames eth0
done

cassini="${CASSINI:-$PWD/Cassini.Web/bin/Release/net10.0/cassini}"
if [ -z "${CASSINI:-}" ]; then
  # The build's own output is shown when it fails.
  built="$(dotnet build Cassini.Web -c Release -v q -p:RunAnalyzers=false 2>&1)" || { echo "$built" >&2; exit 1; }
fi
HOME="$work" "$cassini" certs "$work/certs" >/dev/null

FLEET_PREFIX="$prefix" FLEET_WORK="$work" FLEET_CASSINI="$cassini" "$python" bench/faults/run.py & run=$!
code=0
wait "$run" || code=$?
exit "$code"
