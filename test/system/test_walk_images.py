"""One tree, packed by the real tools in every way that firmware is: each image lists the same contents.

SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import struct
import zlib

import pytest

import walklib
from cosetool import ROOT
from walklib import Walk, run

VECTORS = pathlib.Path(os.environ.get("HOLDFAST_VECTORS", ROOT.parent / "shared/vectors")) / "audit/images"


@pytest.fixture(scope="module", name="place")
def fixture_place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walk")
    walklib.make_tree(folder)
    return folder


TAR = "tar c -C root ."
IMAGES = {
    **{f"squashfs-{c}": f"mksquashfs root img -comp {c} -quiet -no-progress"
       for c in ("gzip", "lzo", "lz4", "xz", "zstd", "lzma")},
    "squashfs-plain": "mksquashfs root img -noI -noD -noF -noX -quiet -no-progress",
    "squashfs-small-blocks": "mksquashfs root img -b 4096 -no-fragments -quiet -no-progress",
    "squashfs-large-blocks": "mksquashfs root img -b 1M -always-use-fragments -quiet -no-progress",
    "tar": f"{TAR} > img",
    "tar-pax-sparse": "tar c --format=pax --sparse -C root . > img",
    "tar-gnu-sparse": "tar c --format=gnu --sparse -C root . > img",
    "tar-gzip": f"{TAR} | gzip > img",
    "tar-bzip2": f"{TAR} | bzip2 > img",
    "tar-xz": f"{TAR} | xz > img",
    "tar-lzma": f"{TAR} | xz --format=lzma > img",
    "tar-zstd": f"{TAR} | zstd -q > img",
    "tar-lz4": f"{TAR} | lz4 -q > img",
    "tar-lz4-legacy": f"{TAR} | lz4 -l -q - img",
    "tar-lzop": f"{TAR} | lzop > img",
    "tar-gzip-members": f"{TAR} > t; head -c 70000 t | gzip > img; tail -c +70001 t | gzip >> img",
    "cpio": "cd root; find . | cpio -o -H newc --quiet > ../img",
    "zip": "cd root; zip -qry ../img.zip . -x etc/pipe; mv ../img.zip ../img",
    "7z": "rm -f i.7z; cd root; 7z a ../i.7z . > /dev/null; mv ../i.7z ../img",
    "iso": "genisoimage -quiet -R -o img root",
    "ext2": "mke2fs -q -t ext2 -d root img 12M",
    "ext3": "mke2fs -q -t ext3 -d root img 12M",
    "ext4": "mke2fs -q -t ext4 -d root img 12M",
    "ext4-small-blocks": "mke2fs -q -t ext4 -b 1024 -O ^metadata_csum -I 256 -d root img 12M",
    "jffs2": "mkfs.jffs2 -r root -o img",
    "jffs2-big-endian": "mkfs.jffs2 -b -r root -o img",
    "jffs2-rtime": "mkfs.jffs2 -x zlib -r root -o img",
    "jffs2-lzo": "mkfs.jffs2 -x zlib -x rtime -X lzo -r root -o img",
    "jffs2-none": "mkfs.jffs2 -m none -r root -o img",
    **{f"ubifs-{c}": f"mkfs.ubifs -r root -m 2048 -e 126976 -c 200 -x {c} -o img"
       for c in ("none", "lzo", "zlib", "zstd")},
    "ubifs-small-pages": "mkfs.ubifs -r root -m 512 -e 15872 -c 2000 -o img",
}


@pytest.mark.parametrize("name", IMAGES)
def test_every_image_lists_the_tree(place, name):
    run(f"rm -f img; {IMAGES[name]}", place)
    walk = Walk(place / "img")
    assert walk.digests() == walklib.expected(place / "root")
    assert walk.problems == []


@pytest.mark.parametrize("name", ["squashfs-gzip", "tar", "ext4", "jffs2", "ubifs-zlib", "cpio"])
def test_modes_links_and_pipes_are_told(place, name):
    run(f"rm -f img; {IMAGES[name]}", place)
    walk = Walk(place / "img")
    assert walk.files["!/bin/tool"][2] == "4755"
    assert walk.others["!/bin/sh"] == ("L", "0777", "tool")
    assert walk.others["!/etc/pipe"][0] == "P"


def test_fat_of_every_width_lists_its_files(place):
    """Names: short, long, and beyond ASCII."""
    for bits, size in ((12, 8192), (16, 32768), (32, 65536)):
        run(f"rm -f img; mkfs.vfat -F {bits} -C img {size}; mcopy -s -i img root/bin/large root/sparse ::/;"
            "mmd -i img '::/a longer directory name'; mcopy -i img root/etc/passwd"
            " '::/a longer directory name/Mixed Case.text'", place)
        walk, want = Walk(place / "img"), walklib.expected(place / "root")
        assert walk.digests() == {"/large": want["/bin/large"], "/sparse": want["/sparse"],
                                  "/a%20longer%20directory%20name/Mixed%20Case.text": want["/etc/passwd"]}
        assert walk.problems == []


UBI = """[a]
mode=ubi
image=u
vol_id=0
vol_type=dynamic
vol_name=rootfs
vol_flags=autoresize
[b]
mode=ubi
image=s
vol_id=5
vol_type=static
vol_name=recovery
"""


@pytest.mark.parametrize("geometry", ["-m 2048 -p 128KiB", "-m 2048 -s 512 -p 128KiB", "-m 512 -p 16KiB"])
def test_ubi_volumes_are_put_together(place, geometry):
    leb = {"-m 2048 -p 128KiB": 126976, "-m 2048 -s 512 -p 128KiB": 129024}.get(geometry, 15360)
    page = 512 if leb == 15360 else 2048
    (place / "u.ini").write_text(UBI)
    run(f"rm -f u s img; mkfs.ubifs -r root -m {page} -e {leb} -c 2000 -o u;"
        f"{IMAGES['squashfs-gzip']}; mv img s; ubinize -o img {geometry} u.ini 2> /dev/null", place)
    walk = Walk(place / "img")
    assert walk.digests("!/rootfs!") == walklib.expected(place / "root")
    assert walk.digests("!/recovery!") == walklib.expected(place / "root")
    assert walk.problems == []


FIT = """/dts-v1/;
/ { description = "x"; #address-cells = <1>;
 images {
  kernel-1 { data = /incbin/("k.gz"); type = "kernel"; arch = "arm"; os = "linux"; compression = "gzip";
             load = <0>; entry = <0>; hash-1 { algo = "sha256"; }; };
  ramdisk-1 { data = /incbin/("r.gz"); type = "ramdisk"; arch = "arm"; os = "linux"; compression = "none"; };
 };
 configurations { default = "c"; c { kernel = "kernel-1"; ramdisk = "ramdisk-1"; }; };
};
"""


@pytest.mark.parametrize("options", ["", "-E", "-E -p 0x2000"])
def test_fit_images_are_found_inside_behind_and_at_a_position(place, options):
    (place / "f.its").write_text(FIT)
    run(f"gzip -c root/bin/large > k.gz; {IMAGES['cpio']}; cd {place}; gzip -c img > r.gz;"
        f"mkimage {options} -f f.its f.itb", place)
    walk, want = Walk(place / "f.itb"), walklib.expected(place / "root")
    assert walk.digests("!/images/ramdisk-1!") == want
    assert walk.files["!/images/kernel-1!/content"][:2] == want["/bin/large"]
    assert walk.problems == []


def test_uimages_hex_and_partitions_hold_their_payload(place):
    want = walklib.expected(place / "root")
    run("gzip -c root/bin/large > k.gz; mkimage -A arm -O linux -T kernel -C gzip -d k.gz k.uimg;"
        "mkimage -A arm -O linux -T multi -C none -d k.gz:root/etc/passwd m.uimg;"
        "objcopy -I binary -O ihex --change-addresses 0x08000000 root/bin/tool t.hex;"
        f"rm -f img; {IMAGES['ext4']}", place)
    assert Walk(place / "k.uimg").files["!/kernel!/content"][:2] == want["/bin/large"]
    assert Walk(place / "m.uimg").files["!/part-2"][:2] == want["/etc/passwd"]
    assert Walk(place / "t.hex").files["!/0x08000000"][:2] == want["/bin/tool"]


def mbr(*partitions):
    """Boot sector of primary partitions (type, first sector, sectors)."""
    table = b"".join(struct.pack("<B3xB3xII", 0, *p) for p in partitions).ljust(64, b"\0")
    return bytes(446) + table + b"\x55\xaa"


def gpt(first, last):
    """Protective sector, header and 128 entries for one partition."""
    entry = struct.pack("<16s16sQQQ72s", b"\1" * 16, b"\2" * 16, first, last, 0, b"")
    entries = entry + bytes(127 * 128)

    def header(crc):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, 1, 0, 34, last, b"\3" * 16,
                           2, 128, 128, zlib.crc32(entries))

    return mbr((0xee, 1, last)) + header(zlib.crc32(header(0))).ljust(512, b"\0") + entries


def test_partitions_and_what_lies_between_are_looked_into(place):
    want = walklib.expected(place / "root")
    run(f"rm -f img; {IMAGES['ext4']}; mv img e; {IMAGES['squashfs-xz']}; gzip -c root/etc/passwd > k.gz",
        place)
    system, hidden = (place / "e").read_bytes(), (place / "k.gz").read_bytes()
    other = (place / "img").read_bytes()
    n, m = len(system) // 512, -(-len(other) // 512)
    for name, head in (("mbr", mbr((0x83, 64, n), (0x83, 64 + n, m))), ("gpt", gpt(64, 63 + n))):
        disk = head.ljust(20000, b"\0") + hidden
        (place / name).write_bytes(disk.ljust(64 * 512, b"\0") + system + other.ljust(m * 512, b"\0"))
        walk = Walk(place / name)
        assert walk.digests("!/part-1!") == want
        assert walk.digests("!/part-2!" if name == "mbr" else "!/gap-2!") == want
        assert walk.files["!/gap!/content"][:2] == want["/etc/passwd"]
        assert walk.problems == []


def test_shares_add_up_to_the_whole_walk(place):
    """Every file once, whatever the number of readers; nothing is said twice."""
    for name in ("squashfs-gzip", "ext4", "ubifs-lzo", "tar-gzip"):
        run(f"rm -f img; {IMAGES[name]}", place)
        whole = Walk(place / "img").lines
        for n in (2, 3):
            parts = [line for k in range(n) for line in Walk(place / "img", "-k", str(k), "-n", str(n)).lines]
            assert sorted(parts) == sorted(whole)


def test_a_walk_goes_on_behind_any_file(place):
    run(f"rm -f img; {IMAGES['squashfs-gzip']}", place)
    lines = Walk(place / "img").lines
    for at, line in enumerate(lines):
        if line.startswith("F img!"):
            after = Walk(place / "img", "-a", line.split(" ")[1]).lines
            assert after == lines[at + 1:]


FOREIGN = {"gzip.sqfs": "!", "xz.sqfs": "!", "zstd.sqfs": "!", "test.iso": "!", "jffs2_be.img": "!",
           "ubi.img": "!/rootfs!", "ext4.img.xz": "!/get_files_test", "fat.img.xz": "!/get_files_test"}
FOREIGN_FILES = {
    "/testfile1": (62, "d558c9339cb967341d701e3184f863d3928973fccdc1d96042583730b5c7b76a"),
    "/testfile2": (28, "faa11db49f32a90b51dfc3f0254f9fd7a7b46d0b570abd47e1943b86d554447a"),
    "/generic%20folder/test%20file%203_.txt": (
        20, "289b5a050a83837f192d7129e4c4e02570b94b4924e50159fad5ed1067cfbfeb"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_images_of_others_list_the_right_files(name):
    if not (VECTORS / name).exists():
        pytest.skip(f"no vectors at {VECTORS}")
    walk = Walk(VECTORS / name)
    assert walk.digests(FOREIGN[name]) == FOREIGN_FILES
    assert walk.problems == []


def test_a_kernel_and_a_package_of_others_are_opened():
    if not VECTORS.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    assert Walk(VECTORS / "bzImage_gzip").files["!/vmlinux"][0] == 1015400
    assert "!/control.tar.xz!/control" in Walk(VECTORS / "test.deb").files
    assert Walk(VECTORS / "uboot.image_with_header").files["!/firmware!/content"][0] == 93576
