"""The proofs of bench/fleet-proofs.sh, one after the other, and the table."""
import http.client
import json
import os
import queue
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import paho.mqtt.client as mqtt

WORK, CASSINI = os.environ["FLEET_WORK"], os.environ["FLEET_CASSINI"]
PROOFS = os.environ.get("PROOFS", "subscribe retain claim move filters transitions death").split()
SCALE = int(os.environ.get("SCALE", "100")) / 100
NODES, NATS, PATIENCE = (1, 2, 3), 14322, 60
DEAD_AFTER = 10.0


def times(count):
    return max(1, round(count * SCALE))


def percentile(values, hundredths):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * hundredths // 100)]


def milliseconds(values):
    return f"p50 {1e3 * percentile(values, 50):.1f} ms, p99 {1e3 * percentile(values, 99):.1f} ms, most {1e3 * max(values):.1f} ms"


class Fleet:
    """The processes."""

    def __init__(self):
        self.running = {}

    def open(self):
        self.start("nats", ["nats-server", "-a", "127.0.0.1", "-p", str(NATS)])
        for node in NODES:
            self.start_node(node)
        for node in NODES:
            self.wait(node)

    def start(self, name, command):
        with open(f"{WORK}/{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "HOME": WORK})

    def start_node(self, node):
        certs = f"{WORK}/certs"
        self.start(f"n{node}", [
            CASSINI, "serve", "--bind", f"127.0.0.1:{28900 + node}", "--management", f"127.0.0.1:{29900 + node}",
            "--data-dir", f"{WORK}/n{node}", "--enable-faults", "--ca", f"{certs}/ca.pem", "--cert", f"{certs}/server.pem",
            "--key", f"{certs}/server.key", "--set", f"Probing:CanaryCertificatePath={certs}/canary.pem",
            "--set", f"Probing:CanaryKeyPath={certs}/canary.key", "--set", f"Cluster:Servers=nats://127.0.0.1:{NATS}",
            "--set", f"Cluster:Node=n{node}", "--set", "Broker:MaxQueuedMessages=1000000", "--set", "Broker:MaxSubscriptions=2000000",
            "--set", "Broker:MaxTakeOverDelay=0", "--set", "Health:Hold=1s",
            "--set", "Logging:Level=warning"])

    def wait(self, node):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{29900 + node}/fleet", timeout=2) as answer:
                    nodes = json.load(answer)["nodes"]
                    if len(nodes) == len(NODES) and all(one["snapshot"]["ready"] for one in nodes):
                        return
            except (OSError, KeyError, ValueError):
                pass
            time.sleep(0.1)
        raise SystemExit(f"n{node} does not come up: see {WORK}/n{node}.log")

    def kill(self, name, sent=signal.SIGKILL):
        self.running[name].send_signal(sent)
        self.running[name].wait()

    def memory(self, node):
        with open(f"/proc/{self.running[f'n{node}'].pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024

    def close(self):
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait()


class Client:
    """A client that waits for each answer."""

    def __init__(self, node, client_id, clean=True):
        self.answers, self.messages, self.closed = queue.Queue(), queue.Queue(), threading.Event()
        self.client = make(client_id, clean)
        self.client.on_connect = lambda client, userdata, flags, code: self.answers.put((code, flags["session present"]))
        self.client.on_subscribe = lambda client, userdata, mid, granted: self.answers.put(mid)
        self.client.on_publish = lambda client, userdata, mid: self.answers.put(mid)
        self.client.on_message = lambda client, userdata, message: self.messages.put((message.retain, message.payload))
        self.client.on_disconnect = lambda client, userdata, code: self.closed.set()
        self.client.connect("127.0.0.1", 28900 + node)
        self.client.loop_start()
        self.code, self.present = self.answers.get(timeout=PATIENCE)

    def subscribe(self, filters):
        self.client.subscribe(filters)
        self.answers.get(timeout=PATIENCE)

    def publish(self, topic, payload, retain=False):
        self.client.publish(topic, payload, qos=1, retain=retain)
        self.answers.get(timeout=PATIENCE)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def make(client_id, clean):
    client = mqtt.Client(client_id=client_id, clean_session=clean)
    client.tls_set(f"{WORK}/certs/ca.pem", f"{WORK}/certs/client.pem", f"{WORK}/certs/client.key", tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.tls_insecure_set(True)

    # Else an answer waits for the acknowledgement of the system at the other end.
    client.on_socket_open = lambda client, userdata, opened: opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.max_inflight_messages_set(1000)
    return client


def subscribe(fleet):
    subscriber, publishers = Client(1, "s"), [Client(2, "p2"), Client(3, "p3")]
    missed, took, count = 0, [], times(10_000)
    for i in range(count):
        began = time.monotonic()
        subscriber.subscribe([(f"t/{i}", 1)])
        took.append(time.monotonic() - began)
        for publisher in publishers:
            publisher.client.publish(f"t/{i}", b"x", qos=1)
        for publisher in publishers:
            publisher.answers.get(timeout=PATIENCE)
        for _ in publishers:
            try:
                subscriber.messages.get(timeout=5)
            except queue.Empty:
                missed += 1
    for client in [subscriber, *publishers]:
        client.close()
    return f"{2 * count:,} published after SUBACK, {missed} missed; SUBACK {milliseconds(took)}"


def retain(fleet):
    publisher, subscribers = Client(1, "p"), [Client(2, "s2"), Client(3, "s3")]
    missed, count = 0, times(2_000)
    for i in range(count):
        publisher.publish(f"r/{i % 50}", f"{i}".encode(), retain=True)
        subscriber = subscribers[i % 2]
        subscriber.subscribe([(f"r/{i % 50}", 1)])
        try:
            # What it has subscribed to before comes as it is published, without the flag.
            while subscriber.messages.get(timeout=5) != (True, f"{i}".encode()):
                pass
        except queue.Empty:
            missed += 1
    for client in [publisher, *subscribers]:
        client.close()
    return f"{count:,} subscribed after PUBACK of what is retained, {missed} missed"


def claim(fleet):
    none, many, accepted, took, count = 0, 0, 0, [], times(1_000)
    for i in range(count):
        clients = [None] * len(NODES)
        began = time.monotonic()

        def connect(at, node):
            clients[at] = Client(node, f"c{i % 10}", clean=i % 2 == 0)

        threads = [threading.Thread(target=connect, args=(at, node)) for at, node in enumerate(NODES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took.append(time.monotonic() - began)
        in_ = [client for client in clients if client.code == 0]
        accepted += len(in_)
        none += not in_
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and sum(not client.closed.is_set() for client in in_) > 1:
            time.sleep(0.005)
        many += sum(not client.closed.is_set() for client in in_) > 1
        for client in clients:
            client.close()
    return (f"{count:,} rounds: {none} in which nobody got in, {many} in which two stayed, {accepted:,} accepted; "
            f"until all three were answered {milliseconds(took)}")


def move(fleet):
    size, sessions = times(10_000), 20
    lost, doubled, answered, took = 0, 0, [], []
    publisher = Client(3, "p")
    for i in range(sessions):
        first = Client(1, f"m{i}", clean=False)
        first.subscribe([(f"m/{i}", 1)])
        first.close()
        for number in range(size):
            publisher.client.publish(f"m/{i}", f"{number}".encode(), qos=1)
        for _ in range(size):
            publisher.answers.get(timeout=PATIENCE)
        began = time.monotonic()
        second = Client(2, f"m{i}", clean=False)
        answered.append(time.monotonic() - began)
        got = []
        while len(set(got)) < size:
            try:
                got.append(int(second.messages.get(timeout=10)[1]))
            except queue.Empty:
                break
        took.append(time.monotonic() - began)
        lost += size - len(set(got))
        doubled += len(got) - len(set(got))
        second.close()
        Client(2, f"m{i}").close()
    publisher.close()
    return (f"{sessions} sessions of {size:,} messages: {lost} lost, {doubled} twice; from CONNECT to CONNACK {milliseconds(answered)}, "
            f"to the last message {milliseconds(took)}")


def filters(fleet):
    count, at_once = times(1_000_000), 5_000
    before = {node: fleet.memory(node) for node in NODES}
    client, took, began = Client(1, "f"), [], time.monotonic()
    for first in range(0, count, at_once):
        asked = time.monotonic()
        client.subscribe([(f"building/{i // 1000}/room/{i % 1000}", 1) for i in range(first, min(count, first + at_once))])
        took.append(time.monotonic() - asked)
    whole = time.monotonic() - began
    time.sleep(2)
    grown = {node: (fleet.memory(node) - before[node]) / count for node in NODES}
    fleet.kill("n3")
    began = time.monotonic()
    fleet.start_node(3)
    fleet.wait(3)
    joined = time.monotonic() - began
    client.close()
    return (f"{count:,} filters in {whole:.1f} s, SUBACK of {at_once:,} {milliseconds(took)}; resident memory per filter: "
            f"{grown[1]:.0f} bytes where they are, {grown[2]:.0f} on another node; a node that starts is ready after {joined:.1f} s")


def events(path, node):
    """What a feed says, with the time at which it came."""
    connection = http.client.HTTPConnection("127.0.0.1", 29900 + node, timeout=PATIENCE)
    connection.request("GET", path, headers={"Accept": "text/event-stream"})
    answer, name = connection.getresponse(), ""
    while line := answer.readline():
        if line.startswith(b"event: "):
            name = line[7:].strip().decode()
        elif line.startswith(b"data: "):
            yield time.monotonic(), name, json.loads(line[6:])


def follow(path, node, wanted):
    """A queue with the times at which something was said that is wanted."""
    said = queue.Queue()

    def read():
        for at, name, data in events(path, node):
            if (found := wanted(name, data)) is not None:
                said.put((at, found))

    threading.Thread(target=read, daemon=True).start()
    time.sleep(1)
    return said


def post(node, path):
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{29900 + node}{path}", method="POST"), timeout=10).close()


def transitions(fleet):
    own = follow("/events?types=health", 1, lambda name, data: data["event"]["status"] if data.get("type") == "healthChanged" else None)
    other = follow("/fleet", 2, lambda name, data: data["to"] if name == "transition" and data["node"] == "n1" else None)
    delays = []

    def at(feed, wanted):
        while (said := feed.get(timeout=PATIENCE))[1] != wanted:
            pass
        return said[0]

    for _ in range(times(50)):
        for path, status in (("/faults/close-endpoint", "error"), ("/faults/resume", "ok")):
            post(1, path)
            said = at(own, status)
            delays.append(at(other, status) - said)
    return f"{len(delays)} transitions of n1: /fleet of n2 says so after {milliseconds(delays)}"


def death(fleet):
    delays = []
    said = follow("/fleet", 1, lambda name, data: True if name == "tombstone" and data["change"] == "lost" else None)
    for _ in range(times(10)):
        fleet.kill("n3")
        killed = time.monotonic()
        at, _ = said.get(timeout=PATIENCE)
        delays.append(at - killed - DEAD_AFTER)
        fleet.start_node(3)
        fleet.wait(3)
    return f"{len(delays)} kills: the tombstone comes {min(delays):.2f} to {max(delays):.2f} s after Cluster:DeadAfter ({DEAD_AFTER:.0f} s)"


def main():
    fleet = Fleet()
    try:
        fleet.open()
        print("| proof | came out |\n|---|---|", flush=True)
        for name in PROOFS:
            print(f"| {name} | {globals()[name](fleet)} |", flush=True)
    finally:
        fleet.close()


if __name__ == "__main__":
    sys.exit(main())
