#!/usr/bin/env bash
# What a fleet promises, often: three nodes and one NATS server on this machine. Prints one table.
#
#   bench/fleet-proofs.sh                              all of it, about ten minutes
#   PROOFS="subscribe filters" bench/fleet-proofs.sh   a part
#
#   PROOFS  of: subscribe retain claim move filters transitions death
#   SCALE   how often, in hundredths of what is said below; default 100
#
#   subscribe    10,000 times: SUBSCRIBE at one node, and once it is answered PUBLISH at the other two
#   retain       2,000 times: PUBLISH with RETAIN at one node, and once it is answered SUBSCRIBE at another
#   claim        1,000 times: CONNECT with the same client identifier at all three nodes at once
#   move         20 sessions with 10,000 messages each: CONNECT elsewhere
#   filters      1,000,000 filters of one node: the time until SUBACK, and the memory of another node
#   transitions  50 times: the check of a node turns to error and back, and /fleet of another node says so
#   death        10 times: kill -9 of a node, and the tombstone in /fleet of another one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PATH:/usr/sbin"
skip() { echo "skipped: $*"; exit 0; }
for program in nats-server dotnet; do command -v "$program" >/dev/null || skip "$program is not on the PATH"; done
python=/usr/bin/python3
"$python" -c 'import paho.mqtt.client' 2>/dev/null || skip "the Python library paho-mqtt is missing (package python3-paho-mqtt)"

# The build's own output is shown when it fails.
built="$(dotnet build Cassini.Web -c Release -v q -p:RunAnalyzers=false 2>&1)" || { echo "$built" >&2; exit 1; }
work="$(mktemp -d)"
trap 'if [ -n "${KEEP:-}" ]; then mkdir -p "$KEEP" && cp "$work"/*.log "$KEEP"; fi; rm -rf "$work"' EXIT
HOME="$work" Cassini.Web/bin/Release/net10.0/cassini certs "$work/certs" >/dev/null
FLEET_WORK="$work" FLEET_CASSINI="$PWD/Cassini.Web/bin/Release/net10.0/cassini" "$python" bench/faults/proofs.py
