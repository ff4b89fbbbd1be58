"""No process of the agent sees the network and holds a private key; each gave up what it does not need.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import re


def status(pid):
    return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                if ":\t" in line)


def descriptors(pid):
    folder = pathlib.Path(f"/proc/{pid}/fd")
    return [os.readlink(fd) for fd in folder.iterdir()]


def inet_sockets(pid):
    """Inodes of this process that the kernel lists among TCP and UDP sockets."""
    own = {m.group(1) for d in descriptors(pid) if (m := re.match(r"socket:\[(\d+)\]", d))}
    listed = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            listed.add(line.split()[9])
    return own & listed


def test_every_child_is_filtered_and_can_gain_nothing(world):
    children = world.agent.children()
    assert sorted(children) == ["app", "key", "net", "tamper", "upd"]
    for role, pid in children.items():
        seen = status(pid)
        assert seen["Seccomp"] == "2", role
        assert seen["NoNewPrivs"] == "1", role


def test_only_net_has_a_network_socket(world):
    children = world.agent.children()
    assert len(inet_sockets(children["net"])) == 1  # its MQTT session
    for role in ("key", "app", "tamper", "upd"):
        assert inet_sockets(children[role]) == set(), role
    assert inet_sockets(world.agent.process.pid) == set()


def test_only_key_holds_the_records_open(world):
    records = str(world.agent.dir / "records")
    children = world.agent.children()
    assert any(d.startswith(records) for d in descriptors(children["key"]))
    for role in ("net", "app", "tamper", "upd"):
        assert not any(d.startswith(records) for d in descriptors(children[role])), role


def test_no_private_key_in_the_memory_of_net(world):
    """Root reads the process's memory: the scalars that key holds are nowhere in it, and are in key's own."""
    import cbor2
    record = cbor2.loads((world.agent.dir / "records/key0").read_bytes()[12:])
    signing, decryption = record[2][1:], record[3]
    assert len(signing) == len(decryption) == 32
    children = world.agent.children()
    for role in ("net", "app", "tamper", "upd"):
        memory = read_memory(children[role])
        assert signing not in memory and decryption not in memory, role
    assert signing in read_memory(children["key"])  # the search would find it


def read_memory(pid):
    parts = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            region, flags = line.split()[:2]
            if "rw" not in flags:
                continue
            begin, end = (int(x, 16) for x in region.split("-"))
            try:
                mem.seek(begin)
                parts.append(mem.read(end - begin))
            except OSError:
                continue
    return b"".join(parts)


def test_secret_files_are_private(world):
    records = world.agent.dir / "records"
    assert records.stat().st_mode & 0o777 == 0o700
    assert (world.agent.dir / "trust").stat().st_mode & 0o777 == 0o700
    for file in records.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
    assert (world.agent.dir / "app.sock").stat().st_mode & 0o777 == 0o600


def test_nothing_in_the_agents_log_names_the_device(world):
    log = world.agent.log.read_text()
    for secret in (world.dev, world.agent.code, world.agent.code[4:30], world.agent.code[4:30].lower()):
        assert secret not in log
