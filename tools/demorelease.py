"""demorelease -- three real firmware images become releases that prove themselves, and four that do not.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import zipfile

from demolib import BIN, ROOT, DemoError, Run, free_port, wait_for

NPM = "@pybricks/firmware@7.28.0"
STM32 = ("cityhub", "primehub")
# Without npm all three come from Debian, else the first.
DEBIAN = ("/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.bin",
          "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin", "/usr/lib/u-boot/qemu_arm/u-boot.bin")
ROOTS, SIGNERS, WITNESSES = ("root-1", "root-2", "root-3"), ("dora", "emil", "frida"), ("w1", "w2", "w3")
HEADER_LEN, PROOF_LEN, COSIG_LEN = 12, 156, 73


def from_npm(folder):
    """Images for STM32 microcontrollers, as their makers publish them; [] where npm cannot give them."""
    keep = ROOT / "build/firmware"
    keep.mkdir(parents=True, exist_ok=True)
    if not list(keep.glob("*.tgz")):
        if shutil.which("npm") is None:
            return []
        done = subprocess.run(["npm", "pack", "--silent", NPM], cwd=keep, capture_output=True, timeout=120,
                              check=False)
        if done.returncode != 0:
            return []
    shutil.unpack_archive(next(keep.glob("*.tgz")), folder / "npm")
    images = []
    for name in STM32:
        archive = next((folder / "npm").rglob(f"{name}*.zip"))
        with zipfile.ZipFile(archive) as z:
            (folder / f"{name}.bin").write_bytes(z.read("firmware-base.bin"))
        images.append((name, folder / f"{name}.bin"))
    return images


def find_images(folder):
    images = from_npm(folder)
    for path in DEBIAN:
        if len(images) < 3:
            images.append((pathlib.Path(path).stem.replace("_", "-"), pathlib.Path(path)))
    return images


class ReleaseDay:
    def __init__(self, folder, programs, table):
        self.dir, self.programs, self.table = folder, programs, table
        folder.mkdir()
        self.run = Run()
        self.run.env.update({"HOLDFAST_RELEASES": str(folder / "shelf")})
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.witness_ports = [free_port() for _ in WITNESSES]
        self.net = shutil.which("unshare") is not None and subprocess.run(
            ["unshare", "--map-root-user", "--net", "true"], capture_output=True, check=False).returncode == 0

    # ---- keys and policy ----

    def make_key(self, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.dir / name],
                       check=True, timeout=60)

    def policy(self, roots, witnesses, shelf, out):
        roles = {**{n: "root" for n in roots}, **{n: "release" for n in SIGNERS}, "publisher": "publisher",
                 "log": "log", **{n: "witness" for n in witnesses}}
        text = {"vendor": "example.com",
                "keys": [{"holder": n, "role": r, "not_after": 0,
                          "key": (self.dir / f"{n}.pub").read_text().strip()} for n, r in roles.items()],
                "root": {"k": 2, "of": list(roots)},
                "release": [{"classes": [], "quorum": {"k": 2, "of": list(SIGNERS)}}], "rebuilder": None,
                "publishers": ["publisher"], "logs": ["log"], "witness": {"k": 2, "of": list(witnesses)},
                "monitor": None, "stale_after": 1209600, "named": [], "anchors": []}
        (self.dir / "policy.json").write_text(json.dumps(text))
        number, digest = self.run.ok("release", "policy", "new", self.dir / "policy.json", "--dir",
                                     shelf).split()
        for root in roots[:2]:
            self.run.ok("release", "policy", "sign", number, "--key", f"file:{self.dir / root}", "--digest",
                        digest, "--dir", shelf)
        self.run.ok("release", "policy", "export", number, "--out", out, "--dir", shelf)
        return digest

    # ---- log and witnesses ----

    def listens(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def own_witness(self, name, port):
        folder = self.dir / f"{name}.d"
        self.run.ok("log", "witness", folder, "--log-key", self.dir / "log.d/log.pub", "--listen",
                    f"127.0.0.1:{port}")
        for end in ("", ".pub"):
            shutil.copy(self.dir / f"{name}{end}", folder / f"witness{end or '.key'}")
        return [BIN / "holdfast", "log", "witness", folder]

    def start_witnesses(self):
        done = subprocess.run([ROOT / "tools/fetch-sigsum", ROOT / "build/sigsum"], capture_output=True,
                              text=True, timeout=300, check=False)
        tools = pathlib.Path(done.stdout.strip()) if done.returncode == 0 else None
        for name, port in zip(WITNESSES, self.witness_ports):
            argv = [tools / "sigsum-witness", "-k", self.dir / name, "--log-key", self.dir / "log.d/log.pub",
                    "--state-file", self.dir / f"{name}.state", f"127.0.0.1:{port}"] if tools else (
                        self.own_witness(name, port))
            # Without the setting Debian's build answers 404 to every path.
            self.programs.start(name, argv, {"GODEBUG": "httpmuxgo121=0"})
            wait_for("a witness", lambda p=port: self.listens(p))
        return "sigsum-witness of Debian, three processes" if tools else (
            "our own small witness, three times: sigsum-go cannot be had here")

    def serve(self, folder, name, port, policy, witnesses):
        shutil.copy(policy, folder / "policy.cose")
        keys = [base64.b64decode((self.dir / f"{w}.pub").read_text().split()[1])[-32:].hex()
                for w, _ in witnesses]
        (folder / "witnesses").write_text("".join(f"{k} http://127.0.0.1:{p}\n"
                                                  for k, (_, p) in zip(keys, witnesses)))
        log = self.programs.start(name, [BIN / "holdfast", "log", "serve", folder])
        wait_for(name, lambda: self.listens(port) or log.poll() is not None)
        return log

    def start(self):
        at = time.monotonic()
        for name in (*ROOTS, *SIGNERS, "publisher", "log", *WITNESSES):
            self.make_key(name)
        self.run.ok("log", "init", self.dir / "log.d", "--key", self.dir / "log", "--listen",
                    f"127.0.0.1:{self.port}")
        self.policy(ROOTS, WITNESSES, self.dir / "shelf", self.dir / "policy-1.cose")
        who = self.start_witnesses()
        self.log = self.serve(self.dir / "log.d", "transparency-log", self.port, self.dir / "policy-1.cose",
                              list(zip(WITNESSES, self.witness_ports)))
        wait_for("a cosigned head", lambda: self.run.raw("log", "head", self.url).returncode == 0)
        self.table.fact("policy 1, a transparency log, and its witnesses", f"{time.monotonic() - at:.2f} s")
        self.table.fact("who cosigns the log", who)

    # ---- releases ----

    def new(self, name, image, sequence=1, shelf=None):
        conf = self.dir / f"{name}.conf"
        conf.write_text(f"product = {name}\nclass = {name}\nversion = 1.{sequence}\nsequence = {sequence}\n"
                        f"repository = https://git.example.com/{name}\ncommit = {'a' * 40}\n"
                        f"tree = {'b' * 40}\n")
        return self.run.ok("release", "new", conf, image, *(("--dir", shelf) if shelf else ())).strip()

    def sign(self, d, who, shelf=None):
        self.run.ok("release", "sign", d, "--key", f"file:{self.dir / who}", "--digest", d[:8],
                    *(("--dir", shelf) if shelf else ()))

    def publish(self, d, *more, url=None):
        return ("release", "publish", d, "--log", url or self.url, "--key", f"file:{self.dir / 'publisher'}",
                *more)

    def bundle(self, d, shelf="shelf"):
        return self.dir / shelf / "releases" / d / "bundle.hfb"

    def verify(self, bundle, image):
        """The verdict of the device's own code, without any network where the kernel lets us take it away."""
        argv = [str(BIN / "holdfast"), "verify", str(bundle), "--policy", str(self.dir / "policy-1.cose"),
                "--image", str(image)]
        if self.net:
            argv = ["unshare", "--map-root-user", "--net", *argv]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        return "good" if done.returncode == 0 else done.stderr.split(": ")[2]

    def release(self, name, image):
        at = time.monotonic()
        d = self.new(name, image)
        self.sign(d, "dora")
        shutil.copy(self.dir / "shelf/releases" / d / "envelope", self.dir / f"{name}.one-signature")
        self.sign(d, "emil")
        self.run.ok(*self.publish(d))
        took = time.monotonic() - at
        self.expect(name, self.verify(self.bundle(d), image), "good")
        size = os.path.getsize(image)
        self.table.fact(f"'{name}', {size} bytes: signed by 2 of 3, logged, cosigned, verified offline",
                        f"{took:.2f} s, bundle {os.path.getsize(self.bundle(d))} bytes")
        return d

    @staticmethod
    def expect(what, seen, wanted):
        if seen != wanted:
            raise DemoError(f"{what}: {seen!r} instead of {wanted!r}")

    # ---- what is refused ----

    def refuse(self, what, bundle_bytes, image, reason):
        file = self.dir / "refused.hfb"
        file.write_bytes(bundle_bytes)
        self.expect(what, self.verify(file, image), reason)
        self.table.fact(what, f"refused: {reason}")

    def changed_byte(self, d, image):
        data = bytearray(pathlib.Path(image).read_bytes())
        data[len(data) // 2] ^= 1
        (self.dir / "changed.bin").write_bytes(data)
        self.refuse("the image with one byte changed", self.bundle(d).read_bytes(), self.dir / "changed.bin",
                    "E_IMAGE")

    def one_signature(self, d, name, image):
        """The proof is about what was signed, so it fits this one too; the quorum does not."""
        good = self.bundle(d).read_bytes()
        length = int.from_bytes(good[8:12], "big")
        one = (self.dir / f"{name}.one-signature").read_bytes()
        self.refuse("a release that one person signed instead of two",
                    good[:8] + len(one).to_bytes(4, "big") + one + good[HEADER_LEN + length:], image,
                    "E_QUORUM")

    def not_witnessed(self, d, image):
        """A log alone signs a head; one of three witnesses cosigned it."""
        good = self.bundle(d).read_bytes()
        proof = HEADER_LEN + int.from_bytes(good[8:12], "big")
        cosigs = proof + PROOF_LEN + 32 * good[proof + 10]
        one = bytearray(good[:cosigs + COSIG_LEN])
        one[proof + 11] = 1
        self.refuse("a release that was logged, but that too few witnesses saw", bytes(one), image,
                    "E_WITNESS")

    def forked(self, name, image):
        """Whoever holds the log's key and the build server forks the log from an old copy: the witnesses do
        not go along, and a witness of his own is none of the policy."""
        fork, port = self.dir / "fork.d", free_port()
        shutil.copytree(self.old, fork)
        conf = (fork / "log.conf").read_text().replace(f"127.0.0.1:{self.port}", f"127.0.0.1:{port}")
        (fork / "log.conf").write_text(conf)
        shutil.copytree(fork, self.dir / "fork-2.d")
        log = self.serve(fork, "fork", port, self.dir / "policy-1.cose",
                         list(zip(WITNESSES, self.witness_ports)))
        wait_for("the fork stops", lambda: log.poll() is not None)
        if "rolled back" not in (self.programs.logs / "fork.log").read_text():
            raise DemoError("the witnesses went along with a fork")
        self.table.fact("a copy of the log, forked: the witnesses' answer stops it", "it was rolled back")
        for who in ("evil-root-1", "evil-root-2", "evil-w1", "evil-w2"):
            self.make_key(who)
        shelf, evil = self.dir / "evil", ("evil-w1", "evil-w2")
        self.policy(("evil-root-1", "evil-root-2", ROOTS[2]), (*evil, WITNESSES[2]), shelf,
                    self.dir / "evil.cose")
        ports = [free_port() for _ in evil]
        for who, at in zip(evil, ports):
            self.programs.start(who, self.own_witness(who, at))
            wait_for("a false witness", lambda p=at: self.listens(p))
        (self.dir / "fork-2.d/data/policy.cose").unlink()  # the log's own memory of what it runs under
        self.serve(self.dir / "fork-2.d", "fork-2", port, self.dir / "evil.cose", list(zip(evil, ports)))
        d = self.new(name, image, sequence=2, shelf=shelf)
        for who in SIGNERS[:2]:  # even with two stolen release keys
            self.sign(d, who, shelf)
        self.run.ok(*self.publish(d, "--dir", shelf, url=f"http://127.0.0.1:{port}"))
        data = self.bundle(d, "evil").read_bytes()
        proof = HEADER_LEN + int.from_bytes(data[8:12], "big")
        good = self.bundle(self.first).read_bytes()
        ref = HEADER_LEN + int.from_bytes(good[8:12], "big")
        self.refuse("a release from a forked log, with two stolen release keys",
                    data[:proof] + good[ref:ref + 8] + data[proof + 8:], image, "E_WITNESS")

    # ---- who watches ----

    def watch(self, planned):
        """An insider logs a leaf that nobody planned; it can be kept from no monitor."""
        (self.dir / "planned").write_text("\n".join(planned) + "\n")
        look = ("monitor", "run", self.url, "--state", self.dir / "monitor", "--policy",
                self.dir / "policy-1.cose", "--planned", self.dir / "planned", "--once")
        notes = self.run.ok(*look).splitlines()
        self.expect("what the monitor says of planned releases", [n.split(":")[0] for n in notes],
                    ["note release"] * len(planned))
        (self.dir / "door").write_text("a firmware with a door")
        self.run.ok("log", "submit", self.url, self.dir / "door", "--key", self.dir / "publisher")
        done = self.run.raw(*look)
        self.expect("what the monitor says of the insider's leaf",
                    (done.returncode, done.stdout.split(":")[0]), (1, "ALARM no-object"))
        self.table.fact("a leaf that an insider logged with the publisher's key",
                        "the monitor's alarm: no-object")

    def show(self):
        self.start()
        images = find_images(self.dir)
        if not (self.dir / "npm").exists():
            self.table.fact("firmware from npm", "npm is absent or cannot give it: all three from Debian")
        (name, image), *rest = images
        self.first = self.release(name, image)
        self.programs.stop(self.log)
        self.old = shutil.copytree(self.dir / "log.d", self.dir / "old.d")
        self.log = self.serve(self.dir / "log.d", "transparency-log", self.port, self.dir / "policy-1.cose",
                              list(zip(WITNESSES, self.witness_ports)))
        names = [self.first] + [self.release(other, file) for other, file in rest]
        self.watch(names)
        self.changed_byte(self.first, image)
        self.one_signature(self.first, name, image)
        self.not_witnessed(self.first, image)
        self.forked(name, image)
