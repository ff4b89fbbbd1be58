"""Rule: bad input to any command is refused in one clear line, with exit 1 or 2, and changes nothing.

Commands and options are read from --help, so a new one fails here until somebody says what is bad for it.
SPDX-License-Identifier: Apache-2.0
"""
import re

import pytest

from brokerlib import free_port
from placelib import Place

DEV = "aaaaaaaaaaaaaaaa"
ORDER, HANDLE = "0" * 32, "a" * 26
STATION = ("--csr", "some.cmd", "--out", "new.crt")
NEW_ORDER = ("--dir", "fleet", "--station", "some.cmd", "--out", "new.order")
D = "a" * 64
CODE = "HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4LK"
KEYS = ("nonsense", "tpm2:", "pkcs11:object=x", "https://x")
NO_LOG = "http://127.0.0.1:9"
LISTEN = ("8443", "1.2.3.4", "1.2.3.4:0", "x:y")
TIMES = ("x", "-1", "1.5", "")

# Good arguments of each command, to which one bad thing is added at a time.
GOOD = {
    "init": ("other",), "up": ("fleet",), "backup": ("fleet", "copy.db"), "product add": ("sensor",),
    "product list": (), "product show": ("lamp",), "device claim": (CODE,), "device list": (),
    "device look": (DEV, "0" * 64),
    "device vouch": (DEV, "--out", "new.hfv"), "device trust": ("some.cmd",),
    "command run": (DEV, "ping"), "command new": (DEV, "reboot", "--out", "new.cmd"),
    "command sign": ("some.cmd",), "command send": ("some.cmd",), "command cancel": (DEV,),
    "command list": (DEV,), "command receipts": (DEV,), "command ops": (),
    "order station": ("one", *STATION), "order new": ("lamp", "5", *NEW_ORDER),
    "order sign": ("some.cmd",), "order send": ("some.cmd",),
    "order list": (), "order report": (ORDER,), "order units": (ORDER,),
    "order manifest": (ORDER, "some.cmd"), "order scrap": (ORDER, HANDLE), "order ship": (ORDER, HANDLE),
    "order pack": ("some.cmd", "folder", "--key", "file:some.key", "--out", "new.list"),
    "order close": (ORDER,), "operator list": (),
    "operator add": ("carol", "--public", "04"), "operator remove": ("bob",),
    "operator renew": ("bob",), "operator public": (), "event list": (), "status": (),
    "ca replace": ("fleet",), "ca sign": ("some.cmd", "--key", "file:k"),
    "ca install": ("fleet", "some.cmd"), "order show": ("some.cmd",),
    "station init": ("newstation", "--line", "fleet/products/lamp.hfp"),
    "station enrol": ("shelf", "some.cmd", "some.cmd", "--out", "new.der"),
    "station commit": ("shelf", "some.cmd", HANDLE),
    "log init": ("newlog",), "log serve": ("fleet",), "log head": (NO_LOG,),
    "log submit": (NO_LOG, "some.cmd", "--key", "some.cmd"),
    "log proof": (NO_LOG, "some.cmd", "--key", "some.cmd", "--log-key", "0" * 64),
    "log fsck": ("fleet",), "log freeze": ("fleet",), "log witness": ("newwitness",),
    "release new": ("release.conf", "some.cmd"), "release show": (D,), "release diff": (D, D),
    "release sign": (D, "--key", "file:k", "--digest", D), "release add-signature": ("some.cmd",),
    "release status": (), "release publish": (D, "--key", "file:k", "--log", "http://127.0.0.1:9"),
    "release bundle": (D, "--out", "new.hfb"), "release export": (D, "--out", "new.cose"),
    "release revoke": (D, "--key", "file:k", "--reason", "x"),
    "release policy new": ("some.cmd",), "release policy sign": ("1", "--key", "file:k", "--digest", D),
    "release policy show": (), "release policy export": ("1", "--out", "new.cose"),
    "verify": ("some.cmd", "--policy", "some.cmd"),
    "audit diff": ("some.cmd", "release.conf"), "audit recheck": ("some.cmd",),
    "audit feed import": ("some.cmd",), "audit feed status": (),
    "monitor run": (NO_LOG, "--state", "newmonitor", "--policy", "fleet/trust/policy-1.cose", "--once"),
    "monitor verify-dir": ("shelf", "--state", "nowhere"),
}
ONE_DEVICE = ("show", "set", "quarantine", "revoke", "release", "retire", "rearm", "data", "owner")
NEEDED = {"set": ("--label", "x"), "release": ("--without-device",)}

AUDIT = {"policy": ("nosuch", "some.cmd", "fleet"), "format": ("pdf", ""), "baseline": ("nosuch", "some.cmd"),
         "feed": ("nosuch", "some.cmd"), "jobs": ("0", *TIMES)}

# Bad positional arguments.
BAD_ARGS = {
    "audit diff": (("nosuch", "some.cmd"), ("some.cmd",), ("some.cmd", "some.cmd", "some.cmd")),
    "audit recheck": (("nosuch",),), "audit feed import": (("nosuch",), ("some.cmd",), ("release.conf",)),
    "init": (("fleet",), ("no/such/folder/here",), ("passphrase",)),
    "up": (("nowhere",), ("passphrase",)),
    "backup": (("nowhere", "copy.db"), ("fleet", "no/such/copy.db"), ("fleet", "passphrase")),
    "product add": (("Bad Name",), ("lamp",), ("../x",), ("a" * 33,), ("",)),
    "product show": (("nosuch",), ("../lamp",), ("",)),
    "device claim": (("nonsense",), ("HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4LX",), (CODE[:-1],), (CODE + "A",),
                     ("",)),
    "device look": (("BAD", "0" * 64), (DEV, "0" * 63), (DEV, "G" * 64), (DEV, "")),
    "device vouch": (("BAD", "--out", "n"), (DEV,), (DEV, "--out", "some.cmd")),
    "device trust": (("nosuch",), ("passphrase",), ("fleet",), ("",)),
    "command run": ((DEV, "nosuchoperation"), (DEV, "ping", "x"), (DEV, "ping", "a=b"), ("BAD", "ping"),
                    (DEV, "")),
    "command new": ((DEV, "nosuchoperation", "--out", "n"), ("BAD", "reboot", "--out", "n"), (DEV, "reboot")),
    "command sign": (("nosuch.cmd",), ("passphrase",), ("fleet",)),
    "command send": (("nosuch.cmd",), ("passphrase",), ("fleet",)),
    "command cancel": (("BAD",), (DEV, "short"), (DEV, "=" * 22)),
    "command list": (("BAD",),),
    "command receipts": (("BAD",), ("",)),
    "order station": (("Bad Name", *STATION), ("one",)),
    "order new": (("Bad Name", "5", *NEW_ORDER), ("nosuch", "5", *NEW_ORDER), ("lamp", "0", *NEW_ORDER),
                  ("lamp", "x", *NEW_ORDER), ("lamp", "-5", *NEW_ORDER), ("lamp", "5")),
    "order sign": (("nosuch",), ("passphrase",), ("fleet",)),
    "order send": (("nosuch",), ("passphrase",), ("fleet",)),
    "order report": (("BAD",), (ORDER + "0",), ("",)),
    "order units": (("BAD",),),
    "order manifest": (("BAD", "some.cmd"), (ORDER, "nosuch"), (ORDER, "fleet")),
    "order pack": (("nosuch", "fleet"), ("passphrase", "fleet"), ("fleet", "fleet"), ("nosuch",)),
    "order scrap": (("BAD", HANDLE), (ORDER, "BAD")),
    "order ship": (("BAD", HANDLE), (ORDER, "BAD")),
    "order close": (("BAD",),),
    "ca replace": (("nowhere",), ("passphrase",), ("fleet", "--unsigned", "some.cmd")),
    "ca sign": (("nosuch", "--key", "file:k"), ("some.cmd", "--key", "file:k"), ("some.cmd",)),
    "ca install": (("nowhere", "some.cmd"), ("fleet", "nosuch"), ("fleet", "some.cmd")),
    "order show": (("nosuch",), ("passphrase",), ("fleet",)),
    "station init": (("fleet", "--line", "fleet/products/lamp.hfp"), ("newstation",),
                     ("newstation", "--line", "nosuch"), ("newstation", "--line", "some.cmd")),
    "station enrol": (("nowhere", "some.cmd", "some.cmd", "--out", "n"), ("shelf", "some.cmd", "some.cmd"),
                      ("shelf", "some.cmd", "some.cmd", "--out", "n")),
    "station commit": (("nowhere", "some.cmd", HANDLE), ("shelf", "some.cmd", "BAD"),
                       ("shelf", "some.cmd", HANDLE)),
    "log init": (("fleet",), ("no/such/folder/here",), ("passphrase",)),
    "log serve": (("nowhere",), ("passphrase",), ("fleet",)),
    "log submit": (("https://x", "some.cmd"), ("x", "some.cmd"), (NO_LOG, "nosuch", "--key", "some.cmd"),
                   (NO_LOG, "some.cmd")),
    "log proof": (("x", "some.cmd"), (NO_LOG, "some.cmd")),
    "log head": (("x",), ("https://x",), ("",)),
    "log fsck": (("nowhere",), ("passphrase",), ("fleet",)),
    "log freeze": (("nowhere",), ("passphrase",), ("fleet",)),
    "log witness": (("passphrase",), ("no/such/folder/here",), ("newwitness",)),
    "release new": (("nosuch", "some.cmd"), ("some.cmd", "some.cmd"), ("release.conf", "nosuch")),
    "release show": (("BAD",), (D,), ("../fleet",), ("",)),
    "release diff": (("BAD", D), (D, D)),
    "release sign": (("BAD", "--key", "file:k"), (D, "--key", "file:k"), (D,)),
    "release add-signature": (("nosuch",), ("some.cmd",), ("fleet",)),
    "release status": (("BAD",), (D,)),
    "release publish": ((D,), (D, "--key", "file:k"), ("policy-1", "--key", "file:k", "--log", "http://x:1"),
                        ("policy-x", "--key", "file:k", "--log", "http://x:1"),
                        ("revoke-x", "--key", "file:k", "--log", "http://x:1")),
    "release bundle": ((D,), ("policies",)),
    "release export": ((D,), (D, "--out", "new"), ("policy-9", "--out", "new"), ("revoke-x", "--out", "new")),
    "release revoke": ((D,), (D, "--key", "file:k")),
    "release policy new": (("nosuch",), ("some.cmd",), ("fleet",)),
    "release policy sign": (("0", "--key", "file:k"), ("x", "--key", "file:k"), ("1",),
                            ("99999999999999999999", "--key", "file:k"), ("1", "--key", "file:k")),
    "release policy show": (("9",), ("nosuch",), ("some.cmd",)),
    "release policy export": (("9", "--out", "new"), ("1",), ("1", "--out", "new", "--sigsum")),
    "verify": (("nosuch", "--policy", "some.cmd"), ("some.cmd",), ("some.cmd", "--policy", "nosuch"),
               ("some.cmd", "--policy", "some.cmd", "--sigsum-proof")),
    "monitor run": (("x", "--state", "new"), ("https://x", "--state", "new"), (NO_LOG,),
                    (NO_LOG, "--state", "new"), (NO_LOG, "--state", "fleet")),
    "monitor verify-dir": (("shelf",), ("shelf", "--state", "fleet"), ("nowhere", "--state", "nowhere")),
    "operator add": (("Bad Name", "--public", "04"), ("carol",), ("carol", "--public", "04" + "00" * 64)),
    "operator remove": (("Bad Name",), ("",)),
    "operator renew": (("Bad Name", "--dir", "fleet"), ("carol", "--dir", "fleet"),
                       ("bob", "--dir", "nowhere")),
}
# Bad values of options; "*" holds for every command that has the option.
BAD_OPTIONS = {
    "*": {"dir": ("nowhere", ""), "passphrase-file": ("nosuchfile", "open", "empty", "fleet"), "wait": TIMES,
          "log-ca": ("nosuch", ""), "life": ("0", "86401", *TIMES), "class": ("huge",),
          "as": ("nowhere", "fleet")},
    "init": {"domain": ("two words", "A.example", ""), "host": ("other.example", "two words"),
             "operator": ("Bad Name", ""), "est": LISTEN, "api": LISTEN, "mqtt": LISTEN, "device": LISTEN,
             "root-key": KEYS, "server-ca-key": KEYS, "op-ca-key": KEYS, "station-ca-key": KEYS,
             "token-dir": ("relative",), "release-policy": ("nosuch", "some.cmd", "fleet")},
    "product add": {"dir": ("nowhere",), "enrol": ("all",), "life": ("6d", "399d", "90"),
                    "offline": ("133d", "31d"), "oid": ("x", "1"), "ca-key": KEYS},
    "product list": {"dir": ("nowhere",)},
    "product show": {"dir": ("nowhere",)},
    "release sign": {"public": ("nosuch", "zz")}, "release revoke": {"public": ("nosuch", "zz")},
    "release policy sign": {"public": ("nosuch", "zz")},
    "verify": {"class": ("",), "policy": ("nosuch", "some.cmd"), "floor": TIMES, "board": TIMES,
               "installed": TIMES, "agent-level": TIMES, "data-level": TIMES},
    "release bundle": {"from": ("0", *TIMES)},
    "monitor run": {"state": ("",), "policy": ("nosuch", "some.cmd", "fleet"), "planned": ("nosuch", "fleet"),
                    "accepted": ("nosuch", "fleet"), "hook": ("nosuch", "some.cmd"), "every": ("0", *TIMES),
                    "patience": TIMES, "rebuild-after": TIMES},
    "monitor verify-dir": {"state": ("", "nowhere", "passphrase")},
    "release publish": {"log": ("x", "https://x"), "public": ("nosuch", "zz")},

    "order station": {"csr": ("nosuch", "passphrase")},
    "order new": {"dir": ("nowhere",), "station": ("nosuch", "passphrase"), "allowance": TIMES,
                  "days": ("0", *TIMES), "commit": ("0", *TIMES)},
    "order pack": {"key": ("nosuch", "file:nosuch", "file:passphrase", "")},
    "device release": {"command": ("nosuch", "passphrase")},
    "device claim": {"line": ("Bad Name",), "label": ("a" * 200,)},
    "device list": {"line": ("Bad Name",), "state": ("lost",)},
    "device set": {"budget": ("huge",)},
    "device release": {"command": ("nosuch", "passphrase", "fleet")},
    "operator add": {"public": ("zz", "04", "04" + "00" * 64)},
    "operator renew": {"dir": ("nowhere",)},
    "event list": {"device": ("BAD",)},
    "ca replace": {"key": KEYS}, "ca sign": {"public": ("nosuch", "zz"), "key": ("nosuch", "file:nosuch")},
    "station init": {"line": ("nosuch", "passphrase"), "key": KEYS},
    "station commit": {"signature": ("zz", "00", "0" * 127)},
    "log init": {"key": ("nosuch", "some.cmd", "passphrase"), "listen": LISTEN, "sign-dir": ("nowhere/x",)},
    "log serve": {"role": ("nosuch", "")},
    "audit diff": AUDIT, "audit recheck": AUDIT, "audit feed import": {"feed": ("no/such/folder/f.db",
        "fleet")},
    "audit feed status": {"feed": ("nosuch", "some.cmd", "fleet")},
    "log submit": {"key": ("nosuch", "some.cmd", "passphrase")},
    "log proof": {"key": ("nosuch", "some.cmd", "passphrase"), "log-key": ("zz", "nosuch", "0" * 63)},
    "log witness": {"log-key": ("zz", "nosuch", "0" * 63), "listen": LISTEN, "role": ("nosuch", "")},
}
# Judged by the control plane, or free text: nothing to refuse here.
# What a release's options name is read after the release, and there is none here: test_release_*.py.
ELSEWHERE = {"key", "accept-cap", "digest", "url", "image", "state", "wait", "from", "reason",
             "label", "account", "out", "code", "order-signer", "unsigned", "allow-shrink", "source"}


@pytest.fixture(scope="module")
def place():
    made = Place()
    for name, text, mode in (("open", "words\n", 0o644), ("empty", "", 0o600),
                             ("some.cmd", "no command", 0o600),
                             ("release.conf", "product = lamp\n", 0o644)):
        (made.folder / name).write_text(text)
        (made.folder / name).chmod(mode)
    (made.folder / "shelf").mkdir()
    for name in ("objects", "policies", "releases"):
        (made.folder / "shelf" / name).mkdir()
        (made.folder / "shelf" / name).chmod(0o755)
    yield made
    made.close()


class Tree:
    """Commands as --help shows them."""

    def __init__(self, place):
        self.leaves = {}
        self.walk(place, [])

    def walk(self, place, path):
        text = place.run("holdfast", *path, "--help").stdout
        rows = re.search(r"(?ms)^Commands[^\n]*:\n(.*?)(?:\n\n|\Z)", text)
        names = re.findall(r"(?m)^  ([a-z]+) ", rows.group(1)) if rows else []
        for name in names:
            if name not in ("completion", "manual"):
                self.walk(place, [*path, name])
        if not names:
            command = " ".join(path)
            usage = re.search(rf"usage: holdfast {command}(.*)", text).group(1)
            self.leaves[command] = (usage, re.findall(r"(?m)^  --([a-z-]+)( [A-Z:]+)? ", text))


@pytest.fixture(scope="module")
def tree(place):
    return Tree(place)


def good(command):
    verb = command.split()[-1]
    if command.startswith("device ") and verb in ONE_DEVICE:
        return (DEV, *NEEDED.get(verb, ()))
    return GOOD[command]


def common(place, command):
    """Who acts, where needed."""
    if command.startswith("product "):
        return ("--dir", "fleet", *(("--passphrase-file", place.secret) if command == "product add" else ()))
    if command.startswith("release ") or command == "verify":
        return ("--dir", "shelf") if command != "verify" else ()
    if command in ("init", "up", "ca replace"):
        return ("--passphrase-file", place.secret)
    if command.startswith(("log ", "monitor ", "station ", "ca ")) or command == "order show":
        return ()
    return () if command in ("backup", "command ops") else ("--as", "fleet/operators/alice")


def usage(command):
    """An audit gives 2 to an incomplete scan, so wrong words are 3 there."""
    return 3 if command.startswith("audit") else 2


def refused(place, command, *args):
    before = place.snapshot()
    done = place.run("holdfast", *command.split(), *args)
    lines = done.stderr.splitlines()
    codes = (1, 2, 3, 4) if command.startswith(("log ", "release", "verify", "monitor", "audit")) else (1, 2)
    assert done.returncode in codes and done.stdout == "" and len(lines) == 1, (command, args, done)
    assert "holdfast" in lines[0] and "Connection refused" not in lines[0], (args, lines)
    assert place.snapshot() == before, (command, args)
    return done.returncode, lines[0]


def test_every_command_is_known_here(tree):
    known = set(GOOD) | {f"device {verb}" for verb in ONE_DEVICE}
    assert set(tree.leaves) <= known, set(tree.leaves) - known


def test_every_option_has_a_bad_value_here(tree):
    for command, (_, options) in tree.leaves.items():
        for name, value in options:
            bad = BAD_OPTIONS.get(command, {}).get(name) or BAD_OPTIONS["*"].get(name)
            assert not value or bad or name in ELSEWHERE, f"{command} --{name}"


def test_words_that_are_no_command(place):
    for args in (("nosuch",), ("device", "nosuch"), ("--nosuch",), ("Device",), ("",), ("device", "")):
        assert refused(place, "", *args)[0] == 2


def test_unknown_options_and_too_many_words(place, tree):
    for command in tree.leaves:
        for extra in (("--no-such-option",), ("-x",), ("--", *"x" * 9), ("x",) * 70, ("--json=yes",),
                      ("--as",)):
            if extra == ("--as",) and "--as" in common(place, command):
                continue
            code, _ = refused(place, command, *good(command), *common(place, command), *extra)
            assert code == usage(command), (command, extra)


def test_too_few_words(place, tree):
    for command, (words, _) in tree.leaves.items():
        if re.match(r" [A-Z]", words):
            assert refused(place, command, *common(place, command))[0] == usage(command)


def test_an_option_without_its_value(place, tree):
    for command, (_, options) in tree.leaves.items():
        for name, value in options:
            bare = [a for a in (*good(command), *common(place, command))]
            extra = (f"--{name}",) if value else (f"--{name}=x",)
            if name not in ("json", "help", "as"):
                assert refused(place, command, *bare, *extra)[0] == usage(command), (command, name)


def option_cases():
    for command, options in BAD_OPTIONS.items():
        for name, values in options.items():
            for value in values:
                yield command, name, value


@pytest.mark.parametrize("command,name,value", option_cases(), ids=lambda v: str(v)[:24] or "empty")
def test_a_bad_value_of_an_option(place, tree, command, name, value):
    commands = [command] if command != "*" else [
        c for c, (_, options) in tree.leaves.items()
        if name in [o for o, _ in options] and name not in BAD_OPTIONS.get(c, {})]
    for each in commands:
        # A later option does not overrule an earlier one, so the good one is left out.
        args = [*good(each), *common(place, each)]
        if f"--{name}" in args:
            at = args.index(f"--{name}")
            del args[at:at + 2]
        refused(place, each, *args, f"--{name}", value)


@pytest.mark.parametrize("command", BAD_ARGS)
def test_bad_words(place, command):
    for args in BAD_ARGS[command]:
        refused(place, command, *args, *common(place, command))


def test_bad_devices(place, tree):
    for verb in ONE_DEVICE:
        if f"device {verb}" in tree.leaves:
            for dev in ("BAD", "../x", DEV[:-1], DEV + "a", DEV.replace("a", "1"), ""):
                extra = NEEDED.get(verb, ())
                assert refused(place, f"device {verb}", dev, *extra, "--as", "fleet/operators/alice")[0] == 2


def test_a_wrong_passphrase_of_the_deployment_is_one_line_for_people(place):
    """No port of this machine may be what is refused first."""
    (place.folder / "wrong").write_text("wrong horse\n")
    (place.folder / "wrong").chmod(0o600)
    text = place.good["holdfast.conf"]
    for key in ("est-listen", "api-listen", "device-listen", "mqtt-listen"):
        text = re.sub(rf"(?m)^#?{key} = .*$", f"{key} = 127.0.0.1:{free_port()}", text)
    place.put("holdfast.conf", text)
    _, line = refused(place, "up", "fleet", "--passphrase-file", "wrong")
    place.restore()
    assert re.fullmatch(r"holdfastd: passphrase is missing or wrong: \S+/tls/enrol\.key", line), line


def test_nobody_said_who_acts(place, tree):
    for command in tree.leaves:
        if "--as" in common(place, command) and not command.startswith(("operator renew", "audit ")):
            assert refused(place, command, *good(command))[0] in (1, 2)
