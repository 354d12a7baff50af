"""A conversation with the broker through paho-mqtt. Says what went wrong on stderr; exit code 0 when nothing did.

usage: interop.py PORT CA CERTIFICATE KEY 4|5
"""
import ssl
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

PORT, CA, CERTIFICATE, KEY, VERSION = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
V5 = VERSION == 5
DEADLINE = 20


class Peer:
    """A client that keeps what it got."""

    def __init__(self, name, lasting=False, will=None):
        options = {} if V5 else {"clean_session": not lasting}
        protocol = mqtt.MQTTv5 if V5 else mqtt.MQTTv311
        self.name, self.lasting = name, lasting
        if hasattr(mqtt, "CallbackAPIVersion"):
            self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, name, protocol=protocol, **options)
        else:
            self.client = mqtt.Client(name, protocol=protocol, **options)
        self.client.tls_set(CA, CERTIFICATE, KEY, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        if will:
            self.client.will_set(*will)
        self.changed = threading.Condition()
        self.got, self.present, self.subscribed = [], None, set()
        self.client.on_message = self._message
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda client, data, mid, *rest: self._note(lambda: self.subscribed.add(mid))

    def connect(self):
        self.present = None
        options = {}
        if V5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 60 if self.lasting else 0
            options = {"clean_start": not self.lasting, "properties": properties}
        self.client.connect("localhost", PORT, **options)
        self.client.loop_start()
        self.wait("connected", lambda: self.present is not None)
        return self

    def subscribe(self, topic, qos):
        options = {"options": SubscribeOptions(qos=qos)} if V5 else {"qos": qos}
        _, mid = self.client.subscribe(topic, **options)
        self.wait("subscribed to " + topic, lambda: mid in self.subscribed)

    def publish(self, topic, text, qos, retain=False, properties=None):
        self.client.publish(topic, text, qos, retain, properties).wait_for_publish(DEADLINE)

    def expect(self, *messages):
        self.wait("%s gets %s" % (self.name, messages), lambda: len(self.got) >= len(messages))
        got, self.got = self.got, []
        check(got == list(messages), "%s got %s instead of %s" % (self.name, got, list(messages)))

    def leave(self, lost=False):
        if lost:
            # Without a DISCONNECT.
            self.client._sock_close()
        else:
            self.client.disconnect()
        self.client.loop_stop()

    def wait(self, step, condition):
        with self.changed:
            check(self.changed.wait_for(condition, DEADLINE), "not in time: " + step)

    def _note(self, change):
        with self.changed:
            change()
            self.changed.notify_all()

    def _connected(self, client, data, flags, code, *rest):
        check(code == 0, "%s is refused: %s" % (self.name, code))
        self._note(lambda: setattr(self, "present", bool(flags["session present"])))

    def _message(self, client, data, message):
        self.last = message
        self._note(lambda: self.got.append((message.topic, message.payload.decode(), message.qos, bool(message.retain))))


def check(holds, complaint):
    if not holds:
        print(complaint, file=sys.stderr, flush=True)
        sys.exit(1)


listener = Peer("listener").connect()
talker = Peer("talker").connect()
listener.subscribe("py/#", 2)
for qos in (0, 1, 2):
    talker.publish("py/%d" % qos, "hello", qos)
    listener.expect(("py/%d" % qos, "hello", qos, False))

talker.publish("py/kept", "kept", 1, retain=True)
listener.expect(("py/kept", "kept", 1, False))
late = Peer("late").connect()
late.subscribe("py/+", 1)
late.expect(("py/kept", "kept", 1, True))
late.leave()
talker.publish("py/kept", "", 1, retain=True)
listener.expect(("py/kept", "", 1, False))

mortal = Peer("mortal", will=("py/will", "gone", 1, False)).connect()
mortal.leave(lost=True)
listener.expect(("py/will", "gone", 1, False))

sleeper = Peer("sleeper", lasting=True).connect()
check(not sleeper.present, "a session was there before")
sleeper.subscribe("sleep", 1)
sleeper.leave()
talker.publish("sleep", "while away", 1)
sleeper.connect()
check(sleeper.present, "the session was lost")
sleeper.expect(("sleep", "while away", 1, False))
sleeper.leave()

members = [Peer("member-%d" % number).connect() for number in range(2)]
for member in members:
    member.subscribe("$share/group/work", 1)
for number in range(4):
    talker.publish("work", str(number), 1)
for member in members:
    member.wait("its share", lambda: len(member.got) == 2)
    member.leave()

if V5:
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = "text/plain"
    properties.ResponseTopic = "answers"
    properties.CorrelationData = b"\x00\x01"
    properties.UserProperty = [("b", "1"), ("a", "2")]
    talker.publish("py/properties", "x", 1, properties=properties)
    listener.expect(("py/properties", "x", 1, False))
    seen = listener.last.properties
    check(seen.ContentType == "text/plain" and seen.ResponseTopic == "answers", "content type or response topic")
    check(seen.CorrelationData == b"\x00\x01" and seen.UserProperty == [("b", "1"), ("a", "2")], "correlation or user properties")

listener.leave()
talker.leave()
