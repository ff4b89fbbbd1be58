"""mqtt5 -- a raw MQTT client for tests: every flag and byte is the caller's choice, every answer is seen.

SPDX-License-Identifier: Apache-2.0
"""
import socket
import ssl
import struct
import time

CONNACK, PUBLISH, PUBACK, SUBACK, DISCONNECT = 2, 3, 4, 9, 14


class Closed(Exception):
    """The broker closed the connection without an answer."""


def text(s):
    raw = s.encode() if isinstance(s, str) else s
    return struct.pack(">H", len(raw)) + raw


def varint(n):
    out = b""
    while True:
        n, low = n >> 7, n & 0x7f
        out += bytes([low | (0x80 if n else 0)])
        if not n:
            return out


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def user_property(name, value):
    return b"\x26" + text(name) + text(value)


def connect_packet(client_id, version=5, clean=True, keepalive=60, user=None, will=None, properties=b"",
                   protocol="MQTT"):
    """`will` = (topic, payload, qos, retain)."""
    flags = 2 if clean else 0
    payload = text(client_id)
    if will:
        flags |= 4 | will[2] << 3 | (0x20 if will[3] else 0)
        payload += (b"\0" if version & 0x7f == 5 else b"") + text(will[0]) + text(will[1])
    if user is not None:
        flags |= 0x80
        payload += text(user)
    head = text(protocol) + bytes([version, flags]) + struct.pack(">H", keepalive)
    if version & 0x7f == 5:
        head += varint(len(properties)) + properties
    return packet(1, 0, head + payload)


def read_varint(data, at):
    value, shift = 0, 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def read_publish(flags, body):
    """(topic, payload, properties as raw bytes)."""
    size = struct.unpack(">H", body[:2])[0]
    at = 2 + size + (2 if flags & 6 else 0)
    n, at = read_varint(body, at)
    return body[2:2 + size].decode(), body[at + n:], body[at:at + n]


class Client:
    """One connection. `address`: (host, port), or the path of a Unix socket."""

    def __init__(self, address, context=None, session=None, source=None, timeout=5.0):
        if isinstance(address, tuple):
            self.sock = socket.create_connection(address, timeout, source_address=source)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock = context.wrap_socket(self.sock, server_hostname="localhost", session=session)
        else:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            self.sock.connect(str(address))
        self.timeout, self.mid, self.waiting = timeout, 0, []

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (ConnectionError, ssl.SSLError) as e:
            raise Closed from e

    def exactly(self, n):
        data = b""
        while len(data) < n:
            try:
                part = self.sock.recv(n - len(data))
            except (ConnectionError, ssl.SSLError) as e:
                if isinstance(e, ssl.SSLError) and "timed out" in str(e):
                    raise TimeoutError from e
                raise Closed from e
            if not part:
                raise Closed
            data += part
        return data

    def receive(self, timeout=None):
        """Next packet: (type, flags, body). TimeoutError when nothing comes."""
        self.sock.settimeout(timeout or self.timeout)
        head = self.exactly(1)[0]
        size, shift = 0, 0
        while True:
            byte = self.exactly(1)[0]
            size |= (byte & 0x7f) << shift
            shift += 7
            if not byte & 0x80:
                return head >> 4, head & 15, self.exactly(size)

    def wait(self, kind, timeout=None):
        """The next packet of this type; others are kept for later calls."""
        for i, kept in enumerate(self.waiting):
            if kept[0] == kind:
                return self.waiting.pop(i)
        end = time.monotonic() + (timeout or self.timeout)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            got = self.receive(left)
            if got[0] == kind:
                return got
            self.waiting.append(got)

    def connect(self, client_id, **options):
        """Reason code of the CONNACK; Closed without one."""
        self.send(connect_packet(client_id, **options))
        return self.wait(CONNACK)[2][1]

    def subscribe(self, topic, qos=1):
        self.mid += 1
        self.send(packet(8, 2, struct.pack(">H", self.mid) + b"\0" + text(topic) + bytes([qos])))
        return self.wait(SUBACK)[2][-1]

    def publish(self, topic, payload=b"x", qos=1, retain=False, properties=b"", wait=True):
        """Reason code of the PUBACK (QoS 1), else None."""
        self.mid += 1
        mid = struct.pack(">H", self.mid) if qos else b""
        body = text(topic) + mid + varint(len(properties)) + properties + payload
        self.send(packet(3, qos << 1 | (1 if retain else 0), body))
        if qos != 1 or not wait:
            return None
        answer = self.wait(PUBACK)[2]
        return answer[2] if len(answer) > 2 else 0

    def message(self, timeout=None):
        """Next message: (topic, payload, properties); QoS 1 is acknowledged."""
        kind, flags, body = self.wait(PUBLISH, timeout)
        if flags & 6:
            size = struct.unpack(">H", body[:2])[0]
            self.send(packet(4, 0, body[2 + size:4 + size]))
        return read_publish(flags, body)

    def end(self, timeout=None):
        """Reason of the broker's DISCONNECT, or None when it just closed."""
        try:
            body = self.wait(DISCONNECT, timeout)[2]
            return body[0] if body else 0
        except Closed:
            return None

    def quiet(self, seconds=0.3):
        """True when no message comes."""
        try:
            self.message(seconds)
            return False
        except TimeoutError:
            return True

    def disconnect(self):
        """As a good client does: DISCONNECT, close_notify."""
        try:
            self.send(packet(14, 0, b""))
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.unwrap()
        except (OSError, Closed):
            pass
        self.close()

    def close(self):
        self.sock.close()
