"""keypeer -- private keys held by keys_peer, a process that others may ask, break and kill.

SPDX-License-Identifier: Apache-2.0
"""
import contextlib
import os
import subprocess

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from brokerlib import BUILD
from keylib import try_key

PROGRAM = BUILD / "test/system/keys_peer"
BACKENDS = ("file", "encrypted", "tpm", "pkcs11")


def point_of(public):
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


class Key:
    """One key URI, opened by keys_peer."""

    def __init__(self, uri, passfile="-", env=None):
        self.uri, self.passfile, self.env = uri, str(passfile), {**os.environ, **(env or {})}
        self.point = bytes.fromhex(self.does("pub").stdout)
        self.public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.point)

    def command(self, verb, *args, uri=None):
        return [PROGRAM, verb, uri or self.uri, self.passfile, *map(str, args)]

    def does(self, verb, *args, uri=None):
        return subprocess.run(self.command(verb, *args, uri=uri), env=self.env, capture_output=True,
                              text=True, timeout=60, check=False)

    @contextlib.contextmanager
    def serving(self):
        """A process that keeps the key open; yields a function from digest to the line it answers."""
        with subprocess.Popen(self.command("serve"), env=self.env, text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == "ready\n"

            def ask(digest):
                process.stdin.write(digest.hex() + "\n")
                process.stdin.flush()
                return process.stdout.readline().strip()
            yield ask, process
            process.kill()

    def judge(self, digest, line):
        """python3-cryptography says whether this is the key's signature; raises when not."""
        rs = bytes.fromhex(line)
        assert len(rs) == 64
        signature = encode_dss_signature(int.from_bytes(rs[:32], "big"), int.from_bytes(rs[32:], "big"))
        self.public.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def generated(backend, folder, tpm=None, token=None):
    uri, env, before, passfile = f"file:{folder}/k", None, (), "-"
    if backend == "encrypted":
        before, passfile = ("pass", "correct horse"), folder / "pass"
        passfile.write_text("correct horse")
    elif backend == "tpm":
        uri = f"tpm2:{folder}/k?tcti={tpm.tcti}"
    elif backend == "pkcs11":
        uri, env = token.uri(f"token=holdfast;object={folder.name}"), token.env
    assert try_key(*before, "generate256", uri, env=env)[0] == "HF_OK"
    return Key(uri, passfile, env)
