"""demolib -- what the demo stands on: programs with logs, waiting for facts, the table at the end.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "bin"


class DemoError(Exception):
    """A step did not show what it promised."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_pair():
    """A free port whose successor is free too: swtpm's control channel is always the next one."""
    while True:
        port = free_port()
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port + 1)) != 0:
                return port


def wait_for(what, probe, seconds=20.0, every=0.02):
    """Poll until probe() is true; returns its value. A fact that does not come is an error."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise DemoError(f"{what}: not seen within {seconds:.0f} s")
        time.sleep(every)


class Programs:
    """Children with a log each; ended by their own pid, last started first."""

    def __init__(self, logs):
        self.logs = logs
        self.running = []

    def start(self, name, argv, env=None):
        log = open(self.logs / f"{name}.log", "ab")
        child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 env={**os.environ, **(env or {})}, start_new_session=True)
        log.close()
        self.running.append((name, child))
        return child

    def stop(self, child, seconds=10):
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.running = [(n, c) for n, c in self.running if c is not child]

    def stop_all(self):
        for _, child in reversed(list(self.running)):
            self.stop(child)

    def check_alive(self):
        for name, child in self.running:
            if child.poll() is not None:
                raise DemoError(f"{name} ended with {child.returncode}; see {self.logs / (name + '.log')}")


class Run:
    """Runs the command line as one operator."""

    def __init__(self, folder=None):
        self.env = {**os.environ}
        if folder is not None:
            self.env["HOLDFAST_OPERATOR"] = str(folder)

    def raw(self, *argv, program="holdfast", text_in=None):
        return subprocess.run([str(BIN / program), *map(str, argv)], env=self.env, capture_output=True,
                              text=True, input=text_in, timeout=60)

    def ok(self, *argv, program="holdfast"):
        done = self.raw(*argv, program=program)
        if done.returncode != 0:
            said = done.stderr.strip()
            raise DemoError(f"{program} {' '.join(map(str, argv))}: exit {done.returncode}: {said}")
        return done.stdout

    def json(self, *argv, program="holdfast"):
        return json.loads(self.ok(*argv, "--json", program=program))

    def refused(self, *argv, program="holdfast"):
        done = self.raw(*argv, program=program)
        if done.returncode != 1:
            words = " ".join(map(str, argv))
            raise DemoError(f"{program} {words}: exit {done.returncode} instead of a refusal")
        return done.stderr.strip().splitlines()[-1]


class Table:
    """The facts that were observed, each with its figure."""

    def __init__(self):
        self.rows = []

    def fact(self, what, figure):
        self.rows.append((what, str(figure)))
        print(f"  {what:<72} {figure}", flush=True)

    def print(self):
        width = max(len(w) for w, _ in self.rows)
        print("\n" + "=" * (width + 24))
        for what, figure in self.rows:
            print(f"{what:<{width}}  {figure}")
        print("=" * (width + 24))
