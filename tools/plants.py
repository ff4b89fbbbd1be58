"""plants.py -- the violations that selftest plants, one row each.

SPDX-License-Identifier: Apache-2.0
"""
import dataclasses
import json
import platform
import subprocess
import typing


@dataclasses.dataclass
class Plant:
    name: str                # what is wrong
    command: list            # the script that must refuse it
    says: str                # words it must use
    sow: typing.Callable     # plants it in a folder
    env: dict = dataclasses.field(default_factory=dict)


def add(path, text):
    """Appends to a file, which may be new."""
    def sow(folder):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "a", encoding="utf-8") as f:
            f.write(text)
    return sow


def swap(path, old, new):
    def sow(folder):
        text = (folder / path).read_text()
        if old not in text:
            raise SystemExit(f"selftest: {path} no longer holds {old!r}")
        (folder / path).write_text(text.replace(old, new, 1))
    return sow


def both(*sowers):
    def sow(folder):
        for one in sowers:
            one(folder)
    return sow


def shell(script):
    """Makes artefacts that a build would make."""
    def sow(folder):
        subprocess.run(["sh", "-euc", script], cwd=folder, check=True, capture_output=True)
    return sow


def database(flags=""):
    """A compile_commands.json for one file, as a build folder holds it."""
    def sow(folder):
        for kind in ("clang", "release"):
            (folder / "build" / kind).mkdir(parents=True)
            entry = {"directory": str(folder / "build" / kind), "file": "../../core/base/bad.c",
                     "command": f"cc -I../../include -std=c11 -O1 {flags} -o bad.o -c ../../core/base/bad.c"}
            (folder / "build" / kind / "compile_commands.json").write_text(json.dumps([entry]))
    return sow


LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"
LONG = "int hf_long(int x)\n{\n" + "\tx++;\n" * 60 + "\treturn x;\n}\n"
TWISTED = "int hf_twisted(int x)\n{\n" + "".join(f"\tif (x == {i})\n\t\tx += {i};\n" for i in range(13)) \
    + "\treturn x;\n}\n"
GROWN = "".join(f"\tif (in.len == {i} + 160)\n\t\t*used += hf_get_be32(in.ptr + {i});\n" for i in range(20))
# The built programs, one of them replaced by a weak one.
SOFT_AGENT = """built=$PWD/../../release
for p in cli/holdfast server/holdfastd plugin/holdfast_mosquitto.so swarm/holdfast-swarm; do
	install -D "$built/$p" "build/release/$p"
done
mkdir build/release/agent
echo 'int main(void){return 0;}' | gcc -O0 -no-pie -fno-pie -Wl,-z,execstack,-z,norelro -x c - \
	-o build/release/agent/holdfast-agent
"""
ROW = "\tX(HF_ERR_{name}, '{a}', '{b}', {n}, HF_CLASS_LIMIT, \"planted\") \\\n"
TABLE = "#define HF_ERROR_TABLE(X) \\\n"


def row(name, a, b, n):
    return swap("include/holdfast/errors.h", TABLE, TABLE + ROW.format(name=name, a=a, b=b, n=n))


def tally(text, says, name, status="0", file="result.tap"):
    return Plant(name, ["tools/tally", "stage", status, file], says, add(file, text))


INCLUDES = ["tools/check-includes"]
SIZES = ["tools/check-sizes"]
STYLE = ["tools/check-style"]
ERRORS = ["tools/check-errors"]
FREESTANDING = ["tools/check-freestanding"]
CODESIZE = ["tools/code-size"]
SYMBOLS = ["tools/check-symbols", "build/release"]
DOCS = ["tools/check-docs"]
AUDIT = ["tools/check-audit", "build/release"]
BASE = "core/base/base.c"
HARDENED = {"HF_REPRO": "hardened"}
MAKE_LIB = ("mkdir -p build/release; printf '%s' '{code}' >build/x.c; cc {flags} build/x.c -o build/x.o; "
            "ar rc build/release/{lib} build/x.o")

PLANTS = [
    Plant("a libc header in core", INCLUDES, "core sees freestanding headers only",
          swap(BASE, "#include <holdfast/base.h>", "#include <holdfast/base.h>\n#include <string.h>")),
    Plant("a room that knows one above it", INCLUDES, "core/base may not know core/wire",
          swap(BASE, "#include <holdfast/base.h>", "#include <holdfast/cbor.h>")),
    Plant("an include with a path", INCLUDES, "a quoted header lies in the same folder",
          add(BASE, '#include "../wire/cbor_priv.h"\n')),
    Plant("OpenSSL outside its room", INCLUDES, "may include it",
          add("agent/bad.c", "#include <openssl/evp.h>\n")),
    Plant("#if on the system in a body room", INCLUDES, "#ifdef __linux__",
          add(BASE, "#ifdef __linux__\n#endif\n")),
    Plant("a source in no room", INCLUDES, "give it a room", add("nowhere/x.c", LICENCE)),
    Plant("a target with implicit include folders", INCLUDES, "1 with implicit_include",
          add("core/base/meson.build", "static_library('more', 'text.c')\n")),
    Plant("a long function", SIZES, "hf_long has 6", add(BASE, LONG)),
    Plant("a twisted function", SIZES, "hf_twisted has complexity", add(BASE, TWISTED)),
    Plant("a long file", SIZES, "goal 400", add("core/base/long.c", LICENCE + "\n" * 400)),
    Plant("a stale exception", SIZES, "no longer needed", add("tools/sizes-allowed", "x.c : why : way\n")),
    Plant("an exception without a way back", SIZES, "needs 'name", add("tools/sizes-allowed", "x.c : why\n")),
    Plant("a source without licence", STYLE, "no SPDX", add("core/base/bad.c", "int hf_x;\n")),
    Plant("an uninitialised HF_AUTO", STYLE, "HF_AUTO(hf_key_wipe);",
          add(BASE, "\tstruct hf_key k HF_AUTO(hf_key_wipe);\n")),
    Plant("undone work", STYLE, "later", add(BASE, "/* TO" "DO later */\n")),
    Plant("a path of one machine", STYLE, "bad.c:2",
          add("core/base/bad.c", LICENCE + "/* /ho" "me/me/x */\n")),
    Plant("a wide line", STYLE, "columns", add(BASE, "/* " + "x" * 110 + " */\n")),
    Plant("indentation with spaces", STYLE, "indented with spaces", add(BASE, "    int x;\n")),
    Plant("blanks at a line end", STYLE, "blanks at the end", add(BASE, "int x; \n")),
    Plant("a code that stands twice", ERRORS, "code BA1 stands twice", row("PLANTED", "B", "A", 1)),
    Plant("a code without a test", ERRORS, "HF_ERR_PLANTED (ZZ1) is not in test/",
          row("PLANTED", "Z", "Z", 1)),
    Plant("a changed code", ERRORS, "HF_ERR_BASE_TEXT was BA9",
          add("test/unit/errors.list", "HF_ERR_BASE_TEXT BA9 MALFORMED\n")),
    Plant("a removed code", ERRORS, "was given out and is gone",
          add("test/unit/errors.list", "HF_ERR_PLANTED ZZ1 LIMIT\n")),
    Plant("a changed code, when storing", [*ERRORS, "--store"], "was given out and is gone",
          add("test/unit/errors.list", "HF_ERR_PLANTED ZZ1 LIMIT\n")),
    Plant("a global in core", FREESTANDING, "no writable globals",
          add(BASE, "int hf_count(void);\nint hf_count(void)\n{\n\tstatic int n;\n\treturn ++n;\n}\n")),
    Plant("a foreign call in core", FREESTANDING, "calls puts",
          add(BASE, "int puts(const char *s);\nint hf_say(void)\n{\n\treturn puts(\"\");\n}\n"
              "int hf_say(void);\n")),
    Plant("a hosted header in core", FREESTANDING, "'string.h' file not found",
          add(BASE, "#include <string.h>\n")),
    Plant("a wipe without barrier", FREESTANDING, "left no store",
          swap(BASE, '__asm__ __volatile__("" : : "r"(p) : "memory");', "(void)p;")),
    Plant("a verifier of proofs that grew", CODESIZE, "not ok 4 - the verifier of proof",
          swap("core/trust/proof.c", "\t*used = 0;\n", "\t*used = 0;\n" + GROWN)),
    Plant("a foreign name in libholdfast", SYMBOLS, "strange would clash",
          shell(MAKE_LIB.format(code="int strange(void) { return 1; }", flags="-c", lib="libholdfast.a"))),
    Plant("a call into another room", SYMBOLS, "uses hf__other of another room",
          shell(MAKE_LIB.format(code="int hf__other(void); int hf_x(void) { return hf__other(); }",
                                flags="-c", lib="libhf_core_x.a"))),
    Plant("a plugin that exports more", SYMBOLS, "hf_leak is exported",
          shell(MAKE_LIB.format(code="int hf_leak(void) { return 1; }", flags="-shared -fPIC", lib="x.a")
                + "; mv build/x.o build/release/holdfast_mosquitto.so")),
    Plant("a soft program", ["tools/check-repro", "build/release", "build/bin"], "no stack protector",
          shell("mkdir -p build/release build/bin; echo 'int main(void) { return 0; }' >build/x.c; "
                "cc -no-pie -Wl,-z,lazy build/x.c -o build/bin/x"), HARDENED),
    *([] if platform.machine() != "x86_64" else [Plant("a soft object", ["tools/check-repro",
          "build/release", "build/bin"], "no branch tracking",
          shell("mkdir -p build/release build/bin; echo 'int x;' >build/x.c; "
                "cc -fcf-protection=none -c build/x.c -o build/release/x.c.o"), HARDENED)]),
    Plant("a build that differs each time", ["tools/check-repro", "build/release", "build/bin"], "differ",
          both(lambda folder: (folder / "tools/build").write_text(
              "#!/bin/sh\ncd \"$(dirname \"$0\")/..\"; mkdir -p build/release build/bin\n"
              "date +%N >build/release/x; ln -sf ../release/x build/bin/x\n"), shell("tools/build"))),
    Plant("nothing to audit", AUDIT, "not in build/release", shell("mkdir -p build/release")),
    Plant("a weak program of our own", AUDIT, "ELF-001 holdfast-agent", shell(SOFT_AGENT)),
    Plant("an example that needs more than libholdfast", ["tools/check-install", "build/release"],
          "not ok", both(add("examples/bad.c", "#include <hf/loop.h>\nint main(void) { return 0; }\n"),
                         shell("meson setup build/release; ninja -C build/release libholdfast.a"))),
    Plant("a null pointer followed", ["tools/check-analysis", "build/clang", "build/release"], "bad.c",
          both(add("core/base/bad.c", LICENCE + "int hf_x(int a);\nint hf_x(int a)\n{\n\tint *p = 0;\n"
                   "\tif (a)\n\t\treturn *p;\n\treturn 0;\n}\n"), database())),
    Plant("memory used after free", ["tools/check-analysis", "build/clang", "build/release"],
          "not ok 2 - gcc -fanalyzer",
          both(add("core/base/bad.c", LICENCE + "void free(void *p);\nint hf_x(int *p);\n"
                   "int hf_x(int *p)\n{\n"
                   "\tfree(p);\n\treturn *p;\n}\n"), database())),
    Plant("a link that leads nowhere", DOCS, "leads nowhere", add("doc/bad.md", "[x](nothing.md)\n")),
    Plant("a page nobody links to", DOCS, "nobody links to it", add("doc/alone.md", "# alone\n")),
    Plant("a broken manual page", DOCS, "not ok", add("doc/man/bad.1", ".TH bad\n.XX nonsense\n")),
    Plant("a careless script", DOCS, "SC2086", add("tools/bad", "#!/bin/sh\nrm $1\n")),
    Plant("a Python file that does not parse", DOCS, "bad.py", add("tools/bad.py", "def x(:\n")),
    tally("ok 1 - a\nnot ok 2 - b\n# why\n1..2\n", "1 passed, 1 failed", "a failed case"),
    tally("1..0\n", "the stage ran no case", "a stage without a case"),
    tally("ok 1 - a\n", "ended with status 3", "a stage that broke off", status="3"),
    tally(json.dumps({"name": "p / crash", "stdout": "1..2\nok 1 - a\n", "result": "ERROR",
                      "returncode": -6}),
          "1 passed, 1 failed", "a program that died after a good case", file="testlog.json"),
    tally(json.dumps({"name": "p / idle", "stdout": "1..0\n", "result": "OK", "returncode": 0}),
          "program ran no case", "a program without a case", file="testlog.json"),
    tally("not JSON", "no readable result", "an unreadable result", file="testlog.json"),
    tally("<testsuites><testsuite><testcase classname='c' name='n'><failure message='m'/></testcase>"
          "</testsuite></testsuites>", "0 passed, 1 failed", "a failed pytest", file="system.xml"),
    Plant("a package list it cannot read", ["tools/install", "nothing-here"],
          "cannot read", lambda folder: None),
    Plant("a stage that does not exist", ["./check", "nonsense"], "no stage 'nonsense'", lambda folder: None),
]
