"""Rule: a bad line in any configuration file is refused in one line that names it, before anything runs.

Keys are read from the commented files themselves; a new key fails here until it has a bad value.
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import shutil

import pytest

from placelib import Place

KEYS = ("nonsense", "tpm2:", "pkcs11:object=x", "https://x")
LISTEN = ("8443", "1.2.3.4", "1.2.3.4:0", "1.2.3.4:65536", "x:y", "[::1:8443", ":8443")
HOSTS = ("two words", "-x", "..", "a..b", "A.example", "1.2.3.4", "")
BAD = {
    "holdfast.conf": {
        "domain": HOSTS, "host": (*HOSTS, "other.example"), "est-listen": (*LISTEN, ""),
        "api-listen": (*LISTEN, ""), "device-listen": (*LISTEN, ""), "mqtt-listen": (*LISTEN, ""),
        "compat-listen": LISTEN,
        "default-line": ("Bad Name", "nosuchline"), "compat-line": ("Bad Name", "nosuchline"),
        "compat-tls": ("1.1", ""), "user": ("no-such-user",),
        "workers": ("0", "17", "1.5", "-1", "x", ""), "log-level": ("loud", ""), "root-key": KEYS,
        "server-ca-key": KEYS, "op-ca-key": KEYS, "station-ca-key": KEYS, "token-dir": ("relative",),
        "mosquitto": ("/no/such/program",), "plugin": ("/no/such/plugin.so",),
    },
    "products/lamp.conf": {
        "line": ("Bad Name", "other", ""), "oid": ("x", "1", "1.2.", ".1.2", "3.1", "1.40", "1.02"),
        "enrol": ("all", ""), "life": ("6d", "399d", "90", "x", "-90d", "89d", ""), "grace": ("31d", "x", ""),
        "offline": ("133d", "31d", "x"), "pop-required": ("maybe", "1", ""), "basic": ("maybe",),
        "wrap": ("maybe",), "owner": ("Bad Name", ""), "ca-key": KEYS,
    },
    "agent.conf": {
        "log-level": ("loud",), "clock": ("perhaps",), "heartbeat": ("0", "2d", "x", ""),
        "keepalive": ("4s", "2h", "x"), "user": ("no-such-user",), "app-group": ("no-such-group",),
        "key": ("nonsense", "tpm2:path", "tpm2:?x=1", "pkcs11:object=x", "file:k", ""),
        "reboot-command": ("reboot", ""), "identify-command": ("blink",), "board": ("-1", "x", "4294967296"),
    },
    "operator.conf": {
        "name": ("Bad Name", ""),
        "api": ("localhost:8444", "http://localhost:8444", "https://localhost", "https://", ""),
        "key": KEYS, "certificate": ("/no/such.crt", ""), "server-ca": ("/no/such.crt", ""),
        "passphrase-file": ("/no/such/file",),
        "policy": ("",),  # the file itself is read when a command is signed
    },
}


@pytest.fixture(scope="module")
def place():
    made = Place()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def restored(place):
    yield
    place.restore()


def refused(place, name, needle):
    """One line on stderr that says where; exit 1; nothing on stdout."""
    done = place.judge(name)
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == "" and len(lines) == 1, (name, needle, done)
    assert needle in lines[0], lines
    return lines[0]


@pytest.mark.parametrize("name", BAD)
def test_the_file_as_it_is_made_is_good(place, name):
    done = place.judge(name)
    if name == "operator.conf":  # nobody listens here, and that is all that is wrong
        assert "Connection refused" in done.stderr
    else:
        assert done.returncode == 0 and len((done.stdout + done.stderr).splitlines()) == 1


@pytest.mark.parametrize("name", BAD)
def test_every_key_of_the_file_has_a_bad_value_here(place, name):
    assert sorted(place.keys(name)) == sorted(BAD[name])


CASES = [(name, key, value) for name, keys in BAD.items() for key, values in keys.items() for value in values]


@pytest.mark.parametrize("name,key,value", CASES, ids=[f"{n}-{k}-{v or 'empty'}" for n, k, v in CASES])
def test_a_bad_value_is_refused(place, name, key, value):
    place.put(name, place.with_value(name, key, value))
    line = refused(place, name, "")
    # A file that a value names may be what the line speaks of; everything else names the key.
    assert key in line or (value and value in line), line


@pytest.mark.parametrize("name", BAD)
def test_lines_that_no_file_may_have(place, name):
    text, first = place.good[name], place.keys(name)[0]
    last = text.count("\n") + 1
    for bad, needle in (("no-such-key = 1\n", "no-such-key"), ("just words\n", f":{last}:"),
                        ("= 1\n", f":{last}:"), (f"{first} = {'x' * 3000}\n", f":{last}:"),
                        ("log-level\n", f":{last}:"),
                        ("[section]\n", f":{last}:")):
        place.put(name, text + bad)
        assert name.split("/")[-1] in refused(place, name, needle), bad


@pytest.mark.parametrize("name", BAD)
def test_a_key_given_twice_is_refused(place, name):
    for key in place.keys(name):
        shown = re.search(rf"^#?{re.escape(key)} = (.*)$", place.good[name], re.M).group(1) or "x"
        place.put(name, place.with_value(name, key, shown) + f"{key} = {shown}\n")
        refused(place, name, key)


@pytest.mark.parametrize("name", BAD)
def test_files_that_are_no_text(place, name):
    text = place.good[name].encode()
    for data in (text + b"user = a\0b\n", text + b"\xff\xfe = 1\n", os.urandom(500) + b"\n", b"#" * 300000):
        place.put(name, data)
        refused(place, name, name.split("/")[-1])


def test_a_missing_required_key_is_named(place):
    for name, key in (("holdfast.conf", "domain"), ("holdfast.conf", "host"),
                      ("products/lamp.conf", "line"), ("operator.conf", "name"), ("operator.conf", "api")):
        place.put(name, re.sub(rf"(?m)^{key} = .*$", "", place.good[name]))
        refused(place, name, key)
        place.restore()


def test_a_second_line_of_the_same_name_is_refused(place):
    copy = place.folder / "fleet/products/other.conf"
    shutil.copy(place.folder / "fleet/products/lamp.conf", copy)
    refused(place, "products/lamp.conf", "other.conf")
    copy.unlink()
