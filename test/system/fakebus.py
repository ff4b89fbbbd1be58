"""fakebus -- the test's side of the plugin socket: feeds rows as `bus` would, and can misbehave on purpose.

SPDX-License-Identifier: Apache-2.0
"""
import os
import socket
import struct
import threading
import time

import cbor2

ISSUED, SEEN, CONFIRMED, SUPERSEDED, VOID, QUARANTINED, REVOKED, EXPIRED = range(1, 9)
LOW, NORMAL, HIGH = 1, 2, 3
BEGIN, ROW, END, KICK, BEAT = 1, 2, 3, 4, 5
HELLO, UP, DOWN, ALARM, COUNTERS = 32, 33, 34, 35, 36


def frame(*items):
    body = cbor2.dumps(list(items), canonical=True)
    return struct.pack(">I", len(body)) + body


class FakeBus:
    """Listens on `path`; the plugin connects. Every frame received is kept in `events`."""

    def __init__(self, path, answer=True):
        self.path, self.rows, self.epoch = str(path), {}, 100
        self.lock, self.events, self.sock = threading.RLock(), [], None
        self.answer, self.beats, self.lose = answer, True, False
        self.changed = threading.Condition(self.lock)
        self.stopping = False
        self.open()
        threading.Thread(target=self.beat_forever, daemon=True).start()

    def open(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(5)
        threading.Thread(target=self.accept_forever, args=(self.listener,), daemon=True).start()

    def accept_forever(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.sock = sock
            threading.Thread(target=self.read_forever, args=(sock,), daemon=True).start()

    def exactly(self, sock, n):
        data = b""
        while len(data) < n:
            part = sock.recv(n - len(data))
            if not part:
                raise OSError("closed")
            data += part
        return data

    def read_forever(self, sock):
        try:
            while True:
                size = struct.unpack(">I", self.exactly(sock, 4))[0]
                items = cbor2.loads(self.exactly(sock, size))
                with self.changed:
                    self.events.append(items)
                    if items[0] == HELLO and self.answer:
                        self.snapshot()
                    self.changed.notify_all()
        except OSError:
            sock.close()

    def beat_forever(self):
        while not self.stopping:
            time.sleep(0.25)
            with self.lock:
                if self.beats:
                    self.send(frame(BEAT, self.epoch, int(time.time())))

    def send(self, data):
        try:
            if self.sock:
                self.sock.sendall(data)
        except OSError:
            self.sock = None

    def snapshot(self):
        rows = b"".join(frame(ROW, self.epoch, sha, *row) for sha, row in self.rows.items())
        self.send(frame(BEGIN, self.epoch) + rows + frame(END, self.epoch, len(self.rows)))

    def put(self, sha, dev, state=CONFIRMED, not_after=None, budget=NORMAL):
        """Insert or change one row; with `lose` set the push gets lost."""
        with self.lock:
            self.rows[sha] = (dev, state, not_after or int(time.time()) + 86400, budget)
            self.epoch += 1
            if not self.lose:
                self.send(frame(ROW, self.epoch, sha, *self.rows[sha]))

    def state(self, sha, state):
        dev, _, not_after, budget = self.rows[sha]
        self.put(sha, dev, state, not_after, budget)

    def kick(self, dev):
        with self.lock:
            self.send(frame(KICK, self.epoch, dev))

    def wait(self, kind, match=lambda e: True, timeout=5.0, since=0):
        """The first event of that kind that fits."""
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                for event in self.events[since:]:
                    if event[0] == kind and match(event):
                        return event
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"no event {kind}")
                self.changed.wait(left)

    def alarm(self, kind, dev=None, timeout=5.0, since=0):
        return self.wait(ALARM, lambda e: e[1] == kind and dev in (None, e[2]), timeout, since)

    def seen(self, kind, match=lambda e: True):
        with self.lock:
            return [e for e in self.events if e[0] == kind and match(e)]

    def cut(self):
        """Drop the connection; the plugin may come back."""
        with self.lock:
            if self.sock:
                self.sock.shutdown(socket.SHUT_RDWR)
                self.sock = None

    def close(self):
        """No bus at all."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)
        self.cut()

    def stop(self):
        self.stopping = True
        try:
            self.close()
        except OSError:
            pass
