"""The wire between the machines of bench/fleet-faults.sh: forwards Ethernet frames between m1, m2 and m3, and does to them what it is told.

usage: wire.py                       reads one command from each line of its input, and ends with it:
                                       heal          all frames go at once
                                       cut N         nothing goes from or to machine N
                                       one-way N     what machine N sends is lost
                                       slow MS PCT   each frame takes MS milliseconds, and PCT in a hundred are lost
       wire.py --plain-frames DEVICE switches off what leaves checksums and segments to a card, which there is none
"""
import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import sys
import time

ALL_PROTOCOLS, LARGEST = 3, 65536
# linux/sockios.h and linux/ethtool.h
SIOCETHTOOL, OFF = 0x8946, {"tx checksums": 0x17, "tcp segments": 0x1F, "segments": 0x24, "joined segments": 0x2C}


def plain_frames(device):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name, command in OFF.items():
            value = bytearray(struct.pack("II", command, 0))
            address = ctypes.addressof(ctypes.c_char.from_buffer(value))
            try:
                fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP", device.encode(), address))
            except OSError as failure:
                print(f"{device}: {name} cannot be switched off: {failure}", file=sys.stderr)


class Wire:
    def __init__(self):
        self.sockets = {}
        for machine in (1, 2, 3):
            port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
            port.bind((f"m{machine}", 0))
            port.setblocking(False)
            self.sockets[machine] = port
        self.machines = {port.fileno(): machine for machine, port in self.sockets.items()}
        self.homes, self.due, self.count = {}, [], 0
        self.command("heal")

    def command(self, line):
        words = line.split()
        self.cut, self.mute, self.delay, self.loss = None, None, 0.0, 0.0
        if words[0] == "cut":
            self.cut = int(words[1])
        elif words[0] == "one-way":
            self.mute = int(words[1])
        elif words[0] == "slow":
            self.delay, self.loss = float(words[1]) / 1000, float(words[2]) / 100

    def run(self):
        commands = os.fdopen(0, "rb", 0)
        while True:
            pause = max(0.0, self.due[0][0] - time.monotonic()) if self.due else None
            for ready in select.select([commands, *self.sockets.values()], [], [], pause)[0]:
                if ready is commands:
                    line = commands.readline()
                    if not line:
                        return
                    self.command(line.decode())
                else:
                    self.read(ready)
            while self.due and self.due[0][0] <= time.monotonic():
                _, _, target, frame = heapq.heappop(self.due)
                self.send(target, frame)

    def read(self, port):
        source = self.machines[port.fileno()]
        for _ in range(64):
            try:
                frame, address = port.recvfrom(LARGEST)
            except BlockingIOError:
                return
            if address[2] == socket.PACKET_OUTGOING:
                continue
            self.homes[frame[6:12]] = source
            home = self.homes.get(frame[:6])
            for target in [home] if home else [machine for machine in self.sockets if machine != source]:
                self.forward(source, target, frame)

    def forward(self, source, target, frame):
        if target == source or self.cut in (source, target) or self.mute == source or random.random() < self.loss:
            return
        if self.delay:
            self.count += 1
            heapq.heappush(self.due, (time.monotonic() + self.delay, self.count, target, frame))
        else:
            self.send(target, frame)

    def send(self, target, frame):
        try:
            self.sockets[target].send(frame)
        except OSError as failure:
            print(f"m{target}: {len(frame)} bytes: {failure}", file=sys.stderr)


if sys.argv[1:2] == ["--plain-frames"]:
    plain_frames(sys.argv[2])
else:
    Wire().run()
