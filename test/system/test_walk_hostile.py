"""Images made to hurt: each ends in problems, never in a crash, silence or endless work, and what is good in
them is still listed.

SPDX-License-Identifier: Apache-2.0
"""
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import time
import zlib

import pytest

import walklib
from walklib import Walk, run


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    walklib.make_tree(folder)
    return folder


def whys(walk, rule):
    return " | ".join(why for r, _, why in walk.problems if r == rule)


ZEROS = 300 << 20
BOMBS = {
    "gzip": lambda: gzip.compress(bytes(ZEROS)),
    "bzip2": lambda: bz2.compress(bytes(ZEROS)),
    "xz": lambda: lzma.compress(bytes(ZEROS), preset=1),
    "lzma": lambda: lzma.compress(bytes(ZEROS), format=lzma.FORMAT_ALONE, preset=1),
}


@pytest.mark.parametrize("codec", BOMBS)
def test_a_bomb_hits_its_cap(place, codec):
    (place / "bomb").write_bytes(BOMBS[codec]())
    assert "ratio cap" in whys(Walk(place / "bomb"), 1)


@pytest.mark.parametrize("tool", ["zstd -q", "lz4 -q", "lzop"])
def test_a_bomb_of_other_tools_hits_its_cap(place, tool):
    """lz4 and lzop reach a few hundred to one, so the cap is lowered as a policy may."""
    run(f"head -c {ZEROS} /dev/zero | {tool} > bomb", place)
    assert "ratio cap" in whys(Walk(place / "bomb", "-c", "ratio=100"), 1)


@pytest.mark.parametrize("kind", ["squashfs", "zip", "7z", "tar"])
def test_a_bomb_inside_an_archive_hits_its_cap(place, kind):
    commands = {"squashfs": "rm -f bomb; mksquashfs d bomb -quiet -no-progress -no-duplicates",
                "zip": "rm -f bomb.zip; cd d; zip -q ../bomb.zip *; mv ../bomb.zip ../bomb",
                "7z": "rm -f bomb.7z; cd d; 7z a ../bomb.7z * > /dev/null; mv ../bomb.7z ../bomb",
                "tar": "tar c --sparse -C d . > bomb"}
    run(f"rm -rf d; mkdir d; for i in 1 2 3; do truncate -s 100M d/z$i; done; {commands[kind]}", place)
    assert "ratio cap" in whys(Walk(place / "bomb"), 1)


def test_a_bomb_behind_other_bytes_hits_its_cap(place):
    """A search for containers must not take the size of a bomb for proof that there is none."""
    (place / "bomb").write_bytes(b"vendor header" * 3 + gzip.compress(bytes(1200 << 20)))
    assert "cap" in whys(Walk(place / "bomb"), 1)


def test_a_sparse_image_of_four_gigabytes_costs_what_it_holds(place):
    run("rm -f img; truncate -s 4095M img; mke2fs -q -t ext4 -N 64 -O ^has_journal -d root img;"
        "gzip -1 < img > img.gz", place)
    walk = Walk(place / "img.gz")
    assert walk.digests() == walklib.expected(place / "root")
    assert "ratio cap" in whys(Walk(place / "img.gz", "-c", "ratio=100"), 1)


def test_a_file_beyond_the_cap_is_named_and_the_others_listed(place):
    run("rm -f img; truncate -s 5G root/huge; mksquashfs root img -quiet -no-progress; rm root/huge", place)
    walk = Walk(place / "img")
    assert (1, "!/huge", "file is larger than the cap") in walk.problems
    assert walk.files["!/huge"][1] == "-"
    assert walk.digests() == walklib.expected(place / "root")


def test_a_hundred_thousand_files_are_all_listed(place):
    with tarfile.open(place / "t", "w") as tar:
        for i in range(100000):
            entry = tarfile.TarInfo(f"d/{i % 100}/{i}")
            entry.size = 3
            tar.addfile(entry, io.BytesIO(b"abc"))
    run("rm -f img; mksquashfs - img -tar -quiet -no-progress < t", place)
    assert len(Walk(place / "img").files) == 100001
    assert len(Walk(place / "t").files) == 100001
    walk = Walk(place / "t", "-c", "files=50000")
    assert "file cap" in whys(walk, 1) and len(walk.files) <= 50000


# ---- loops ----

def squashfs_with_loop(place):
    """A directory whose entry leads to its parent: the entry's inode reference is turned around."""
    run("rm -rf d img; mkdir -p d/a/b; echo x > d/a/b/f;"
        "mksquashfs d img -noI -noD -noF -noX -quiet -no-progress", place)
    image = bytearray((place / "img").read_bytes())
    dirs = struct.unpack_from("<Q", image, 72)[0] + 2  # uncompressed block: two bytes of head
    root_ref = struct.unpack_from("<Q", image, 32)[0]
    at = image.index(b"b", dirs + 12 + 8)  # the entry called "b"
    struct.pack_into("<H", image, at - 8, root_ref & 0xffff)  # offset of the inode it leads to
    return bytes(image)


def ext_with_loop(place):
    run("rm -rf d img; mkdir -p d/a/b; echo x > d/a/b/f;"
        "mke2fs -q -t ext2 -O ^metadata_csum,^dir_index -d d img 1M;"
        "debugfs -w -R 'ln /a /a/b/loop' img 2> /dev/null", place)
    return (place / "img").read_bytes()


def fat_with_loop(place):
    run("rm -f img; mkfs.vfat -F 12 -C img 512; mmd -i img ::/A ::/A/B;"
        "mcopy -i img root/etc/passwd ::/A/B/F", place)
    image = bytearray((place / "img").read_bytes())
    a = image.index(b"A          \x10")
    b = image.index(b"B          \x10")
    image[b + 26:b + 28] = image[a + 26:a + 28]  # B begins where A begins
    return bytes(image)


@pytest.mark.parametrize("make", [squashfs_with_loop, ext_with_loop, fat_with_loop])
def test_a_directory_inside_itself_is_reported_and_entered_once(place, make):
    (place / "loop").write_bytes(make(place))
    walk = Walk(place / "loop")
    assert "inside itself" in whys(walk, 2)
    assert len(walk.files) + len(walk.others) < 20


def test_a_cluster_chain_that_is_a_loop_ends(place):
    run("rm -f img; mkfs.vfat -F 16 -C img 16384; mmd -i img ::/D; mcopy -i img root/bin/large ::/D/F", place)
    image = bytearray((place / "img").read_bytes())
    sector, reserved = struct.unpack_from("<H", image, 11)[0], struct.unpack_from("<H", image, 14)[0]
    for entry in (b"D          \x10", b"F          \x20"):
        first = struct.unpack_from("<H", image, image.index(entry) + 26)[0]
        struct.pack_into("<H", image, sector * reserved + 2 * first, first)
    (place / "loop").write_bytes(image)
    begun = time.monotonic()
    Walk(place / "loop")
    assert time.monotonic() - begun < 60


def test_overlapping_extents_are_bounded_by_the_ratio(place):
    """Every file of a squashfs is made to lie in the same blocks: cheap to store, dear to read."""
    run("rm -rf d img; mkdir d; cd d; for i in $(seq 100); do"
        " head -c 2000000 /dev/zero | tr '\\0' $((i % 10)) > $i; done;"
        "cd ..; mksquashfs d img -quiet -no-progress", place)
    walk = Walk(place / "img", "-c", "ratio=100")
    assert "ratio cap" in whys(walk, 1)


# ---- forgeries ----

def ubi_image(place):
    (place / "u.ini").write_text("[a]\nmode=ubi\nimage=u\nvol_id=0\nvol_type=dynamic\nvol_name=rootfs\n")
    run("rm -f u img; mkfs.ubifs -r root -m 2048 -e 126976 -c 100 -o u;"
        "ubinize -o img -m 2048 -p 128KiB u.ini 2> /dev/null", place)
    return bytearray((place / "img").read_bytes())


def vid_header(image, peb):
    return peb * 131072 + 2048


def seal(image, at):
    struct.pack_into(">I", image, at + 60, zlib.crc32(image[at:at + 60]) ^ 0xffffffff)


def forged(image, good_crc):
    """A copy of the volume's first block with other content and a higher sequence number."""
    for peb in range(len(image) // 131072):
        vid = vid_header(image, peb)
        if image[vid:vid + 4] == b"UBI!" and struct.unpack_from(">II", image, vid + 8) == (0, 0):
            block = bytearray(image[peb * 131072:(peb + 1) * 131072])
            break
    vid, data = 2048, block[4096:]
    data[:64] = b"\xee" * 64
    block[4096:] = data
    block[vid + 6] = 1  # being copied: its data have a checksum
    crc = zlib.crc32(bytes(data)) ^ 0xffffffff
    struct.pack_into(">I", block, vid + 20, len(data))
    struct.pack_into(">I", block, vid + 32, crc if good_crc else crc ^ 1)
    struct.pack_into(">Q", block, vid + 40, 1 << 40)
    seal(block, vid)
    return bytes(image) + bytes(block)


def test_a_forged_ubi_block_counts_only_with_a_good_checksum(place):
    image, want = ubi_image(place), walklib.expected(place / "root")
    (place / "forged").write_bytes(forged(image, good_crc=False))
    walk = Walk(place / "forged")
    assert walk.digests("!/rootfs!") == want
    assert "wrong checksums" in whys(walk, 2)
    (place / "forged").write_bytes(forged(image, good_crc=True))
    assert Walk(place / "forged").digests("!/rootfs!") != want


def test_two_ubi_blocks_with_one_number_are_reported(place):
    image = ubi_image(place)
    twin = bytearray(forged(image, good_crc=True)[-131072:])
    for peb in range(len(image) // 131072):
        vid = vid_header(image, peb)
        if image[vid:vid + 4] == b"UBI!" and struct.unpack_from(">II", image, vid + 8) == (0, 0):
            twin[2048 + 40:2048 + 48] = image[vid + 40:vid + 48]
    seal(twin, 2048)
    (place / "twins").write_bytes(bytes(image) + bytes(twin))
    assert "same number" in whys(Walk(place / "twins"), 2)


# ---- more than one thing ----

def test_data_behind_the_end_of_a_file_system_are_found(place):
    run("rm -f img; mksquashfs root img -quiet -no-progress; tar cf t -C root etc", place)
    (place / "both").write_bytes((place / "img").read_bytes() + b"\xff" * 5000 + (place / "t").read_bytes())
    walk, want = Walk(place / "both"), walklib.expected(place / "root")
    assert walk.files["!/tar!/etc/passwd"][:2] == want["/etc/passwd"]
    assert walk.files["!/etc/passwd"][:2] == want["/etc/passwd"]


def test_a_polyglot_shows_both_faces(place):
    """A script, or a picture, that is a zip at its end."""
    run("rm -f z.zip; cd root/etc; zip -q ../../z.zip passwd", place)
    for front in (b"#!/bin/sh\necho hello\nexit 0\n" * 9, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9):
        archive = (place / "z.zip").read_bytes()
        (place / "poly").write_bytes(front + archive)
        assert Walk(place / "poly").files["!/zip!/passwd"][0] == 11


def test_a_cut_image_lists_what_is_left(place):
    """Cut in the middle of the data, as a broken download is."""
    for name, command in {"img": "mksquashfs root img -quiet -no-progress",
                          "e": "mke2fs -q -t ext4 -d root e 12M",
                          "j": "mkfs.jffs2 -r root -o j",
                          "u": "mkfs.ubifs -r root -m 2048 -e 126976 -c 99 -o u",
                          "t": "tar czf t -C root ."}.items():
        run(f"rm -f {name}; {command}", place)
        whole = (place / name).read_bytes()
        (place / "cut").write_bytes(whole[:len(whole) * 2 // 3])
        walk = Walk(place / "cut")
        assert walk.problems or name == "j", name  # a log that ends early is a shorter log
        assert all(path.startswith("!") or path == "" for path in walk.files)


def test_changed_bytes_anywhere_never_kill_a_walk(place):
    """Every image, with bytes changed in many places: walk_try must end by itself, with status 0."""
    run("rm -f img e j u t z.zip; mksquashfs root img -quiet -no-progress; mke2fs -q -t ext4 -d root e 12M;"
        "mkfs.jffs2 -r root -o j; mkfs.ubifs -r root -m 2048 -e 126976 -c 99 -o u; tar cf t -C root .;"
        "cd root; zip -qr ../z.zip . -x etc/pipe", place)
    for name in ("img", "e", "j", "u", "t", "z.zip"):
        whole = (place / name).read_bytes()
        for seed in range(12):
            image = bytearray(whole)
            for i in range(40):
                spot = zlib.crc32(b"%d %d" % (seed, i))
                limit = len(image) if i % 2 else min(len(image), 8192)
                image[spot % limit] ^= 1 + (spot >> 16) % 255
            (place / "changed").write_bytes(image)
            Walk(place / "changed")
