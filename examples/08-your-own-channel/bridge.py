#!/usr/bin/env python3
"""A channel for claw in Python's standard library alone: each line read is a message, each reply is printed.

Usage: BRIDGE_TOKEN=... bridge.py HOST PORT CHANNEL [USER]
It connects again when the gateway goes away, and sends again what was not yet confirmed: the same messageId runs once.
"""
import base64, json, os, socket, struct, sys, threading, time

HOST, PORT, CHANNEL = sys.argv[1], int(sys.argv[2]), sys.argv[3]
USER = sys.argv[4] if len(sys.argv) > 4 else "you"


class WebSocket:
    def __init__(self, host, port):
        self.stream = socket.create_connection((host, port), timeout=10)
        key = base64.b64encode(os.urandom(16)).decode()
        self.stream.sendall(
            f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode(errors="replace"))
        self.stream.settimeout(None)
        self.lock = threading.Lock()

    def _more(self):
        data = self.stream.recv(65536)
        if not data:
            raise ConnectionError("the gateway closed the connection")
        return data

    def _take(self, count):
        while len(self.buffer) < count:
            self.buffer += self._more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def send(self, payload, opcode=1):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        with self.lock:
            self.stream.sendall(head + mask + masked)

    def receive(self):
        """The next text message; answers pings on the way."""
        text = b""
        while True:
            first, second = self._take(2)
            size = second & 127
            if size == 126:
                (size,) = struct.unpack(">H", self._take(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self._take(8))
            payload, opcode = self._take(size), first & 15
            if opcode == 8:
                raise ConnectionError("the gateway said goodbye")
            if opcode == 9:
                self.send(payload, 10)
            elif opcode in (0, 1):
                text += payload
                if first & 0x80:
                    return text.decode()


unconfirmed = {}
connection = None


def say(frame_type, data):
    try:
        if connection is not None:
            connection.send(json.dumps({"type": frame_type, "data": data}).encode())
    except OSError:
        pass  # sent again after the next hello


def read_lines():
    for number, line in enumerate(sys.stdin):
        message = {"userId": USER, "content": line.rstrip("\n"), "messageId": f"{os.getpid()}-{number}"}
        unconfirmed[message["messageId"]] = message
        say("inbound_message", message)


threading.Thread(target=read_lines, daemon=True).start()
wait = 0.2
while True:
    try:
        connection = WebSocket(HOST, PORT)
        say("hello", {"channelId": CHANNEL, "token": os.environ.get("BRIDGE_TOKEN", ""), "receipts": True})
        while True:
            frame = json.loads(connection.receive())
            kind, data = frame["type"], frame["data"]
            if kind == "hello_ok":
                wait = 0.2
                for message in list(unconfirmed.values()):
                    say("inbound_message", message)
            elif kind == "receipt":
                unconfirmed.pop(data["messageId"], None)
            elif kind == "outbound_message":
                print(f"{data['target']}: {data['content']}", flush=True)
            elif kind == "error":
                unconfirmed.pop(data.get("messageId"), None)
                print(f"error {data['code']}: {data['message']}", file=sys.stderr, flush=True)
    except (OSError, ValueError) as error:
        connection = None
        print(f"not connected: {error}", file=sys.stderr, flush=True)
        time.sleep(wait)
        wait = min(wait * 2, 30)
