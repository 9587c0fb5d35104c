#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Makes the first inputs of each target from ../testdata: fuzz/corpus/TARGET/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
python3 - <<'PYTHON'
import glob, hashlib, os, struct

data = "../testdata/"

def read(path):
    with open(path, "rb") as file:
        return file.read()

def seed(target, content):
    # Large inputs make a target slow and find nothing that small ones don't.
    if len(content) > 1 << 18:
        return
    folder = f"corpus/{target}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{hashlib.sha1(content).hexdigest()}", "wb") as file:
        file.write(content)

def sections(elf):
    """The sections of a 64-bit ELF file, by name."""
    order = "<" if elf[5] == 1 else ">"
    start, = struct.unpack_from(order + "Q", elf, 40)
    size, count, names = struct.unpack_from(order + "HHH", elf, 58)
    headers = [struct.unpack_from(order + "IIQQQQ", elf, start + size * i) for i in range(count)]
    strings = headers[names][4]
    found = {}
    for name, kind, _, _, offset, length in headers:
        end = elf.index(b"\0", strings + name)
        if kind != 8:
            found[elf[strings + name:end].decode()] = elf[offset:offset + length]
    return found

def halves(first, second):
    return struct.pack("<I", len(first)) + first + second

btf = sorted(glob.glob(data + "**/*.btf", recursive=True))
objects = sorted(glob.glob(data + "**/*.bpf*.o", recursive=True))
named = [p for p in sorted(glob.glob(data + "**/*dwarf[45]*", recursive=True)) if os.path.isfile(p)]
# Beside some is what other tools say of them.
programs = [p for p in named if read(p).startswith(b"\x7fELF")]
crashers = [p for p in sorted(glob.glob(data + "crash/*")) if os.path.isfile(p)]

graphs = [read(p) for p in btf]
for path in objects:
    content = read(path)
    parts = sections(content)
    seed("elf", content)
    if ".BTF" in parts:
        graphs.append(parts[".BTF"])
        seed("ext", halves(parts[".BTF"], parts.get(".BTF.ext", b"")))
        for other in objects[:4]:
            seed("relocate", halves(content, sections(read(other)).get(".BTF", b"")))
for graph in graphs:
    seed("parse", graph)
    seed("value", halves(graph, bytes(range(1, 200))))
    for how in (0, 2):
        seed("render", bytes([how]) + graph)
    for version in (0, 3, 6):
        seed("verify", bytes([version]) + graph)
for first in graphs[:6]:
    for second in graphs[:6]:
        if len(first) < len(second) * 255:
            at = -(-len(first) * 256 // (len(first) + len(second)))
            seed("merge", bytes([min(at, 255), 0]) + first + second)

def doubling(levels, size):
    """Structures without a name, each of which holds the one before twice, in `struct top` of a size."""
    def composite(name, size, *members):
        head = struct.pack("<III", name, 4 << 24 | len(members), size)
        return head + b"".join(struct.pack("<III", 0, ty, 0) for ty in members)
    types = composite(0, 0)
    for ty in range(1, levels + 1):
        types += composite(0, 0, ty, ty)
    types += composite(1, size, levels + 1)
    strings = b"\0top\0"
    head = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings))
    return head + types + strings

# `top` is of two sizes, so that comparing looks into it.
for levels in (8, 40):
    first, second = doubling(levels, 0), doubling(levels, 8)
    at = -(-len(first) * 256 // (len(first) + len(second)))
    seed("merge", bytes([at, 0]) + first + second)
for path in programs:
    content = read(path)
    seed("elf", content)
    seed("convert", content)
    for how in (0, 48, 64):
        seed("sections", bytes([how]) + content)
    parts = sections(content)
    body = b""
    for name in ("abbrev", "str", "line_str", "str_offsets", "addr", "line", "types"):
        part = parts.get(".debug_" + name, b"")[:65535]
        body += struct.pack("<H", len(part)) + part
    for how in (1, 49):
        seed("sections", bytes([how]) + body + parts.get(".debug_info", b""))
# What belongs to a program comes before it, last first.
packaged = data + "packaging/"
units = ("one", "two", "three")
for program, others in [
    ("stripped.gcc", ["program.debug"]),
    ("unnamed.gcc", ["program.debug"]),
    ("dwz.gcc", ["shared.dwz"]),
    ("split4.gcc", ["split4.gcc.dwp"]),
    ("split5.clang", ["split5.clang.dwp"]),
    ("split5.gcc", [f"split5.gcc-{unit}.dwo" for unit in units]),
    ("split4.clang", [f"split4.clang-{unit}.dwo" for unit in units]),
    ("types4.gcc", []),
    ("zdebug.gcc", []),
    ("riscv64-all.o", []),
]:
    content = read(packaged + program)
    for other in others:
        other = read(packaged + other)
        content = b"\1" + struct.pack("<H", len(other)) + other + content
    seed("find", content)
for path in glob.glob(packaged + "*"):
    content = read(path)
    if content.startswith(b"\x7fELF"):
        seed("convert", content)
        seed("sections", b"\x30" + content)
for path in crashers:
    for target in ("parse", "elf"):
        seed(target, read(path))
    seed("verify", b"\6" + read(path))
# Targets that build their graphs themselves need no more than a start.
for target in ("relocate_graph", "merge_graph", "render"):
    for step in range(1, 9):
        seed(target, bytes((step * i * 7 + i // 3) % 251 for i in range(1024)))
PYTHON
for folder in corpus/*/; do
	printf '%s: %s inputs\n' "$folder" "$(find "$folder" -type f | wc -l)"
done
