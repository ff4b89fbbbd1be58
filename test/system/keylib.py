"""keylib -- backends of private keys as real peers: a directory, swtpm, SoftHSM.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from brokerlib import BUILD, free_port

PROGRAM = BUILD / "test/system/keys_try"
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "7245"


def try_key(*steps, cwd=None, env=None):
    """Run keys_try; gives the name of the code and what the backend said."""
    run = subprocess.run([PROGRAM, *map(str, steps)], cwd=cwd, env=env and {**os.environ, **env},
                         capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode in (0, 1), f"{steps}: exit {run.returncode}\n{run.stdout}{run.stderr}"
    assert run.stderr == "", "one line says it; libraries stay silent"
    name, _, said = run.stdout.strip().partition(" ")
    assert (run.returncode == 0) == (name == "HF_OK")
    return name, said


def two_free_ports():
    """The first of two neighbours."""
    while True:
        port = free_port()
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                pass


class Tpm:
    """swtpm on loopback; ready when it accepts."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hf-tpm-")
        self.port = two_free_ports()
        self.control = self.port + 1  # where tss2 looks for it
        self.process = None
        self.start()

    @property
    def tcti(self):
        return f"swtpm:host=127.0.0.1,port={self.port}"

    def start(self):
        """Also a restart: the same TPM after a reset."""
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}",
             "--server", f"type=tcp,port={self.port},bindaddr=127.0.0.1",
             "--ctrl", f"type=tcp,port={self.control},bindaddr=127.0.0.1",
             "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while True:
            try:
                # The control channel, because a bare connection to the other one would count as the client.
                socket.create_connection(("127.0.0.1", self.control), 1).close()
                return
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "swtpm did not start"
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def transient_handles(self):
        """What is loaded in the TPM now, as tpm2-tools see it."""
        run = subprocess.run(["tpm2_getcap", "handles-transient"], capture_output=True, text=True, check=True,
                             env={**os.environ, "TPM2TOOLS_TCTI": self.tcti}, timeout=30)
        return [word for word in run.stdout.split() if word != "-"]

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)


class Token:
    """A SoftHSM token of its own, with its PIN in a private file."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hf-hsm-"))
        (self.folder / "tokens").mkdir()
        (self.folder / "softhsm.conf").write_text(f"directories.tokendir = {self.folder}/tokens\n")
        self.env = {"SOFTHSM2_CONF": str(self.folder / "softhsm.conf")}
        self.add("holdfast")
        self.pin_file = self.secret("pin", PIN + "\n")

    def add(self, label):
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "98765432",
                        "--pin", PIN], env={**os.environ, **self.env}, check=True, capture_output=True,
                       timeout=30)

    def secret(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def uri(self, path="token=holdfast;object=opca", module=SOFTHSM, pin=None):
        return f"pkcs11:{path}?module-path={module}&pin-source=file:{pin or self.pin_file}"

    def tool(self, *args):
        """pkcs11-tool, the foreign hand on the same token; without its label SoftHSM's order would choose."""
        command = ["pkcs11-tool", "--module", SOFTHSM, "--token-label", "holdfast", "--login", "--pin", PIN]
        return subprocess.run([*command, *args], env={**os.environ, **self.env}, capture_output=True,
                              text=True, check=True, timeout=30).stdout

    def close(self):
        shutil.rmtree(self.folder)
