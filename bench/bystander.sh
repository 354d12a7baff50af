#!/usr/bin/env bash
# What one client can do to the others: attacks Cassini in every way that is known, each time a fresh broker, and prints one table of what
# a bystander, newcomers and the probes noticed. What misses the goal is bold.
#
#   bench/bystander.sh                                 all of it, about ten minutes
#   ATTACKS="none wills" bench/bystander.sh            a short run
#
#   ATTACKS         which; without it all (Cassini.Bystander names). "none" is the bystander without an attack
#   ATTACK_SECONDS  how long each lasts once it is prepared; default 10
#   MEMORY_LIMIT    Broker:MemoryLimit in bytes, so that an attack can reach it in its time; default 268435456. 0 leaves Cassini's default
#   BASE_PORT       the first of two ports of 127.0.0.1; default 28960
#   KEEP_LOGS       a directory for the broker's logs, one of each attack
#
# Attacker, bystander and newcomers each have an identity of their own, the attacker and the bystander a process of their own. The broker
# has its defaults, except the memory limit. docs/extend/benchmarks.md says what is measured, and what the goal is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds="${ATTACK_SECONDS:-10}" memory="${MEMORY_LIMIT:-268435456}" port="${BASE_PORT:-28960}"
management="127.0.0.1:$((port + 1))"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cassini=Cassini.Web/bin/Release/net10.0/cassini.dll
bystander=bench/Cassini.Bystander/bin/Release/net10.0/Cassini.Bystander.dll

work="$(mktemp -d)"
certs="$work/certs" notes="$work/notes" pid=""
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

start() {
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "port $port is taken: set BASE_PORT" >&2
    exit 1
  fi
  CASSINI_BIND_ADDR="127.0.0.1:$port" CASSINI_MANAGEMENT_ADDR="$management" CASSINI_DATA_DIR="$work/data" \
    TLS_CA_CERT="$certs/ca.pem" TLS_SERVER_CERT_CHAIN="$certs/server.pem" TLS_SERVER_KEY="$certs/server.key" \
    dotnet "$cassini" serve --set "Broker:MemoryLimit=$memory" \
    --set "Probing:CanaryCertificatePath=$certs/canary.pem" --set "Probing:CanaryKeyPath=$certs/canary.key" >"$1" 2>&1 &
  pid=$!
  if ! curl -fsS --retry 100 --retry-connrefused --retry-delay 1 --retry-max-time 60 -o /dev/null \
    "http://$management/readyz?wait=30s" 2>/dev/null; then
    echo "the broker does not come up:" >&2
    tail -n 20 "$1" >&2
    exit 1
  fi
}

# A broker that is still busy with an attack does not get the time for a graceful stop.
stop() {
  if [ -n "$pid" ]; then
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    pid=""
  fi
}

dotnet build -c Release Cassini.Web -v quiet >&2
dotnet build -c Release bench/Cassini.Bystander -v quiet >&2
ulimit -n "$(ulimit -Hn)"
dotnet "$cassini" certs "$certs" --client bystander --client newcomer --client attacker >/dev/null
read -ra attacks <<<"${ATTACKS:-$(dotnet "$bystander" names)}"
if [ -n "${KEEP_LOGS:-}" ]; then mkdir -p "$KEEP_LOGS"; fi

echo "$(nproc) cores, memory limit $memory, attacks of $seconds s"
echo
dotnet "$bystander" heading
for attack in "${attacks[@]}"; do
  start "${KEEP_LOGS:-$work}/$attack.log"
  dotnet "$bystander" watch "$attack" --port "$port" --management "$((port + 1))" --certs "$certs" --pid "$pid" \
    --seconds "$seconds" --memory-limit "$memory" | tee "$work/row" | grep '^|'
  grep -v '^|' "$work/row" >>"$notes"
  stop
done
echo
cat "$notes"
