"""The faults of bench/fleet-faults.sh, one after the other, and the table. The script has made the namespaces and says in FLEET_… where
things are."""
import collections
import ctypes
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt

PREFIX, WORK, CASSINI = os.environ["FLEET_PREFIX"], os.environ["FLEET_WORK"], os.environ["FLEET_CASSINI"]
RATE, HOLD = int(os.environ.get("RATE", "20")), float(os.environ.get("HOLD", "20"))
END = time.monotonic() + 60 * float(os.environ.get("MINUTES", "9"))
MACHINES = (1, 2, 3)
NATS_MORE = os.environ.get("NATS_MORE", "")
BEFORE, AFTER, UNDER_WAY, SETTLED, PATIENCE, LONGEST_START = 3, 3, 100, 6, 30, 90
CLONE_NEWNET = 0x40000000


def enter(machine):
    """Puts this thread, and no other, on a machine."""
    with open(f"/run/netns/{PREFIX}{machine}") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def on(machine, action):
    thread = threading.Thread(target=lambda: (enter(machine), action()), daemon=True)
    thread.start()
    return thread


class Machines:
    """The processes, and what is done to them."""

    def __init__(self):
        self.commands, self.running = {}, {}
        for machine in MACHINES:
            routes = ", ".join(f'"nats://10.77.0.{other}:6222"' for other in MACHINES if other != machine)
            with open(f"{WORK}/nats{machine}.conf", "w") as file:
                file.write(f'server_name: nats{machine}\nlisten: "10.77.0.{machine}:4222"\n'
                           f'{NATS_MORE}\n'
                           f'cluster {{ name: faults, listen: "10.77.0.{machine}:6222", routes: [{routes}] }}\n')
            self.commands[f"nats{machine}"] = ["nats-server", "-c", f"{WORK}/nats{machine}.conf"]
            certs = f"{WORK}/certs"
            self.commands[f"n{machine}"] = [
                CASSINI, "serve", "--bind", "127.0.0.1:8883", "--management", "127.0.0.1:9090", "--data-dir", f"{WORK}/n{machine}",
                "--ca", f"{certs}/ca.pem", "--cert", f"{certs}/server.pem", "--key", f"{certs}/server.key",
                "--set", f"Probing:CanaryCertificatePath={certs}/canary.pem", "--set", f"Probing:CanaryKeyPath={certs}/canary.key",
                "--set", "Cluster:Servers=" + ",".join(f"nats://10.77.0.{other}:4222" for other in MACHINES),
                "--set", f"Cluster:Node=n{machine}"]
        self.wire = subprocess.Popen(
            ["ip", "netns", "exec", f"{PREFIX}w", sys.executable, os.path.join(os.path.dirname(__file__), "wire.py")],
            stdin=subprocess.PIPE, stderr=open(f"{WORK}/wire.log", "w"))

    def start(self, name):
        with open(f"{WORK}/{name}.log", "a") as log:
            self.running[name] = subprocess.Popen(
                ["ip", "netns", "exec", PREFIX + name[-1], *self.commands[name]],
                cwd=WORK, env={**os.environ, "HOME": WORK}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def signal(self, name, number):
        self.running[name].send_signal(number)

    def kill(self, name):
        self.running[name].kill()
        self.running[name].wait()

    def tell(self, command):
        self.wire.stdin.write(command.encode() + b"\n")
        self.wire.stdin.flush()


class Client:
    """An MQTT client on a machine, at its node. It connects again by itself, and keeps its session."""

    def __init__(self, machine, name):
        self.machine, self.closing = machine, False
        self.client = mqtt.Client(name, clean_session=False, protocol=mqtt.MQTTv311)
        certs = f"{WORK}/certs"
        self.client.tls_set(f"{certs}/ca.pem", f"{certs}/client.pem", f"{certs}/client.key", tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.client.reconnect_delay_set(1, 1)

    def open(self):
        self.thread = on(self.machine, self.loop)
        return self

    def loop(self):
        self.client.connect_async("127.0.0.1", 8883)
        while not self.closing:
            try:
                self.client.loop_forever(retry_first_connection=True)
            except OSError:
                time.sleep(1)

    def close(self):
        self.closing = True
        self.client.disconnect()


class Subscriber(Client):
    def __init__(self, machine, run):
        super().__init__(machine, f"s{machine}-{run}")
        self.filter, self.got, self.last, self.subscribed = f"load/{run}/#", collections.Counter(), 0.0, threading.Event()
        self.sessions_lost = -1
        self.client.on_connect, self.client.on_message = self.connected, self.take
        self.client.on_subscribe = lambda *rest: self.subscribed.set()

    def connected(self, client, data, flags, code):
        if code == 0 and not flags["session present"]:
            self.sessions_lost += 1
            client.subscribe(self.filter, 2)

    def take(self, client, data, message):
        self.got[message.payload.decode()] += 1
        self.last = time.monotonic()


class Publisher(Client):
    """Publishes at a rate. A message is PUBLISHER:NUMBER:QOS. What was acknowledged is gathered by the thread that publishes: the library
    calls back with its own locks held."""

    def __init__(self, machine, run):
        super().__init__(machine, f"p{machine}-{run}")
        self.topic, self.answers, self.under_way, self.acknowledged = f"load/{run}/{machine}", collections.deque(), {}, []
        self.number, self.stall, self.waits_since = 0, 0.0, 0.0
        self.publishing, self.joined = False, threading.Event()
        self.client.max_inflight_messages_set(UNDER_WAY)
        self.client.on_publish = lambda client, data, mid: self.answers.append((time.monotonic(), mid))
        self.client.on_connect = lambda *rest: self.joined.set()

    def start(self):
        self.publishing = True
        self.pacer = threading.Thread(target=self.pace, daemon=True)
        self.pacer.start()

    def pace(self):
        due = time.monotonic()
        while self.publishing:
            self.gather()
            if len(self.under_way) < UNDER_WAY:
                self.number += 1
                qos = 1 + self.number % 2
                text = f"{self.machine}:{self.number}:{qos}"
                if not self.under_way:
                    self.waits_since = time.monotonic()
                self.under_way[self.client.publish(self.topic, text, qos).mid] = text
            due = max(due + 1 / RATE, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))

    def gather(self):
        while self.answers:
            at, mid = self.answers.popleft()
            self.stall, self.waits_since = max(self.stall, at - self.waits_since), at
            self.acknowledged.append(self.under_way.pop(mid))

    def finish(self):
        """Ends when all is acknowledged, or when nothing was for too long."""
        self.publishing = False
        self.pacer.join()
        until(lambda: self.is_finished() or time.monotonic() - self.waits_since > PATIENCE, 10 * PATIENCE)
        if self.under_way:
            self.stall = max(self.stall, time.monotonic() - self.waits_since)

    def is_finished(self):
        self.gather()
        return not self.under_way


class Watch:
    """What a node says at /readyz and /fleet, whenever it changes."""

    def __init__(self, machine):
        self.machine, self.notes, self.seen, self.since, self.over = machine, [], {}, 0.0, False
        on(machine, self.run)

    def run(self):
        while not self.over:
            ready, fleet = self.ready(), self.fleet()
            for what, word in [("readyz", ready), *((f"n{other}", fleet.get(f"n{other}", "-")) for other in MACHINES)]:
                if self.seen.get(what) != word:
                    self.seen[what] = word
                    self.notes.append((time.monotonic(), what, word))
            time.sleep(0.2)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", 9090, timeout=2)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def ready(self):
        code, text = self.get("/readyz?verbose")
        reasons = re.findall(r"^\[-\](\w+) failed: (?:error: )?(\w+)", text, re.M)
        reasons += re.findall(r"^\[\+\](cluster) ok \((?:\w+): (\w+)", text, re.M)
        said = " ".join(f"{check} {reason}" for check, reason in reasons)
        return "no answer" if code == 0 else f"{code} {said}".strip()

    def fleet(self):
        code, text = self.get("/fleet")
        if code != 200:
            return {}
        fleet = json.loads(text)
        states = {one["node"]: one["reason"] for one in fleet["tombstones"]}
        for node in fleet["nodes"]:
            word = node["snapshot"]
            states[node["node"]] = node["state"] + ("" if word["ready"] else f" not ready ({word['reason']})")
        return states

    def is_whole(self):
        return self.seen.get("readyz", "").startswith("200") and all(
            self.seen.get(f"n{other}") == ("self" if other == self.machine else "alive") for other in MACHINES)

    def story(self, began):
        """From the fault on: seconds and words."""
        lines = []
        for what in ("readyz", *(f"n{other}" for other in MACHINES if other != self.machine)):
            changes = [f"{at - began:.1f} s {word}" for at, of, word in self.notes if of == what and at >= began]
            if changes:
                lines.append(f"    {'/readyz' if what == 'readyz' else '/fleet of ' + what}: " + ", ".join(changes))
        return lines


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def faults(machines):
    """Name, what happens, how long it lasts, what ends it."""
    yield "none", lambda: None, 5, lambda: None
    for i in MACHINES:
        yield f"kill-n{i}", lambda i=i: machines.kill(f"n{i}"), 1, lambda i=i: machines.start(f"n{i}")
    for i in MACHINES:
        yield f"kill-nats{i}", lambda i=i: machines.kill(f"nats{i}"), 5, lambda i=i: machines.start(f"nats{i}")
    heal = lambda: machines.tell("heal")
    for i in MACHINES:
        yield f"cut-{i}", lambda i=i: machines.tell(f"cut {i}"), HOLD, heal
    yield "one-way-1", lambda: machines.tell("one-way 1"), HOLD, heal
    yield "slow", lambda: machines.tell("slow 200 2"), HOLD, heal
    yield "stop-n1", lambda: machines.signal("n1", signal.SIGSTOP), HOLD, lambda: machines.signal("n1", signal.SIGCONT)


def run(name, fault, hold, heal, watches):
    """One row of the table, and what each node said."""
    subscribers = [Subscriber(machine, name).open() for machine in MACHINES]
    publishers = [Publisher(machine, name).open() for machine in MACHINES]
    if not all(one.subscribed.wait(PATIENCE) for one in subscribers) or not all(one.joined.wait(PATIENCE) for one in publishers):
        return f"| {name} | the clients do not get in |", []
    for publisher in publishers:
        publisher.start()
    time.sleep(BEFORE)
    began = time.monotonic()
    fault()
    time.sleep(hold)
    heal()
    ended = time.monotonic()
    whole = until(lambda: all(watch.is_whole() for watch in watches), 60)
    took = time.monotonic() - ended
    time.sleep(AFTER)
    for publisher in publishers:
        publisher.finish()
    acknowledged = [text for publisher in publishers for text in publisher.acknowledged]
    until(
        lambda: all(all(text in one.got for text in acknowledged) for one in subscribers)
        or time.monotonic() - max(one.last for one in subscribers) > SETTLED,
        PATIENCE)
    return row(name, publishers, subscribers, f"{took:.1f} s" if whole else "not within 60 s"), [
        line for watch in watches for line in [f"  n{watch.machine} says", *(watch.story(began) or ["    nothing new"])]]


def row(name, publishers, subscribers, whole):
    acknowledged = [text for publisher in publishers for text in publisher.acknowledged]
    lost = collections.Counter()
    for one in subscribers:
        for text in acknowledged:
            if text not in one.got:
                lost[f"n{text.split(':')[0]} to n{one.machine}"] += 1
    twice = [sum(count - 1 for one in subscribers for text, count in one.got.items() if text.endswith(qos)) for qos in (":1", ":2")]
    where = " (" + ", ".join(f"{path} {count}" for path, count in sorted(lost.items())) + ")" if lost else ""
    late = sum(len(publisher.under_way) for publisher in publishers)
    stalls = " / ".join(f"{publisher.stall:.1f}" for publisher in publishers)
    sessions = sum(max(0, one.sessions_lost) for one in subscribers)
    for client in (*publishers, *subscribers):
        client.close()
    return (f"| {name} | {len(acknowledged)} | {late} | {sum(lost.values())}{where} | {twice[0]} | {twice[1]} | {stalls} | {sessions} "
            f"| {whole} |")


def main():
    wanted = os.environ.get("FAULTS", "").split()
    machines = Machines()
    for name in machines.commands:
        machines.start(name)
    watches = [Watch(machine) for machine in MACHINES]
    if not until(lambda: all(watch.is_whole() for watch in watches), LONGEST_START):
        print("the fleet does not come up:", [watch.seen for watch in watches], file=sys.stderr)
        return 1
    print("| fault | acknowledged | not acknowledged | lost | QoS 1 twice | QoS 2 twice | longest stall of each publisher, s "
          "| sessions lost | whole again |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    stories, code = [], 0
    for name, fault, hold, heal in faults(machines):
        if wanted and name not in wanted:
            continue
        if time.monotonic() > END:
            print(f"| {name} | not run: the time is over |", flush=True)
            continue
        if not until(lambda: all(watch.is_whole() for watch in watches), 60):
            print(f"| {name} | not run: the fleet is not whole |", flush=True)
            stories.append(f"{name}: {[watch.seen for watch in watches]}")
            code = 1
            break
        line, story = run(name, fault, hold, heal, watches)
        print(line, flush=True)
        stories += [f"\n{name}", *story]
    print("\nSeconds are from the fault on.", *stories, sep="\n", flush=True)
    return code


sys.exit(main())
