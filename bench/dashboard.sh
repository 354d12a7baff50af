#!/usr/bin/env bash
# What the dashboard costs a broker with many connected sessions, and how soon it shows something: a fresh broker, SESSIONS clients that
# stay, then ROUNDS times a page in a headless Chromium. Prints the time to the first contentful paint, to the first rows of the sessions
# and of the connections, and the broker's processor time with no page and with one, in turn.
#
#   bench/dashboard.sh                       all of it, about five minutes
#   ROUNDS=1 SESSIONS=500 bench/dashboard.sh a look
#
#   ROUNDS        pages; default 3
#   SESSIONS      connected clients; default 5000
#   WATCHED       seconds of processor time in each state; default 30
#   BASE_PORT     the first of three ports of 127.0.0.1; default 28980
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds="${ROUNDS:-3}" sessions="${SESSIONS:-5000}" watched="${WATCHED:-30}" port="${BASE_PORT:-28980}"
management="127.0.0.1:$((port + 1))" driver="127.0.0.1:$((port + 2))"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cassini=Cassini.Web/bin/Release/net10.0/cassini.dll
load=bench/Cassini.Load/bin/Release/net10.0/Cassini.Load.dll

dotnet build -c Release -v q --nologo Cassini.Web >/dev/null
dotnet build -c Release -v q --nologo bench/Cassini.Load >/dev/null
work="$(mktemp -d)" pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

dotnet "$cassini" certs "$work/certs" >/dev/null
CASSINI_BIND_ADDR="127.0.0.1:$port" CASSINI_MANAGEMENT_ADDR="$management" CASSINI_DATA_DIR="$work/data" \
  TLS_CA_CERT="$work/certs/ca.pem" TLS_SERVER_CERT_CHAIN="$work/certs/server.pem" TLS_SERVER_KEY="$work/certs/server.key" \
  dotnet "$cassini" serve --log-level Warning --set "Listener:MaxConnections=$((sessions + 500))" \
  --set Quota:Connections=100% --set Quota:Sessions=100% >"$work/log" 2>&1 &
broker=$! pids+=($!)
curl -fsS --retry 100 --retry-connrefused --retry-delay 1 --retry-max-time 60 -o /dev/null "http://$management/readyz?wait=30s" 2>/dev/null

mkfifo "$work/input"
dotnet "$load" load hold --port "$port" --certs "$work/certs" --sessions "$sessions" <"$work/input" >"$work/held" 2>&1 &
pids+=($!)
exec 9>"$work/input"
until grep -q held "$work/held"; do sleep 1; done

chromedriver --port="${driver#*:}" >"$work/driver" 2>&1 &
pids+=($!)
until curl -fs -o /dev/null "http://$driver/status"; do sleep 0.2; done
ask() { curl -fsS -X "$1" -H 'Content-Type: application/json' -d "$3" "http://$driver$2" | jq -c .value; }

# Hundredths of a second.
cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$broker/stat"; }
share() {
  local before after
  before=$(cpu)
  sleep "$watched"
  after=$(cpu)
  awk -v used=$((after - before)) -v time="$watched" 'BEGIN { printf "%.1f", used / time }'
}

shown='const shown = {}, done = arguments[0];
  const look = () => {
    for (const table of ["sessions", "connections"]) {
      shown[table] ??= document.querySelector(`#${table}-rows tr`) ? Math.round(performance.now()) : undefined;
    }
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    if (paint && shown.sessions && shown.connections) done({ paint: Math.round(paint.startTime), ...shown });
    else setTimeout(look, 5);
  };
  look();'
sleep 20
for ((round = 1; round <= rounds; round++)); do
  without=$(share)
  session=$(ask POST /session '{"capabilities":{"alwaysMatch":{"browserName":"chrome","pageLoadStrategy":"none","timeouts":{"script":60000},
    "goog:chromeOptions":{"args":["--headless=new","--no-sandbox","--disable-gpu","--disable-dev-shm-usage","--no-proxy-server"]}}}}' \
    | jq -r .sessionId)
  ask POST "/session/$session/url" "{\"url\":\"http://$management/\"}" >/dev/null
  times=$(ask POST "/session/$session/execute/async" "$(jq -n --arg script "$shown" '{script: $script, args: []}')")
  sleep 5
  with=$(share)
  ask DELETE "/session/$session" '{}' >/dev/null
  echo "$(jq -r '"first paint \(.paint) ms, sessions \(.sessions) ms, connections \(.connections) ms"' <<<"$times")," \
    "broker without a page $without % of a core, with one $with %"
  sleep 5
done
