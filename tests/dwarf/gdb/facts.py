# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What gdb knows about the layout of a program's structures, a fact a line, fields between tabs.

    gdb -batch -nx -readnow -x tests/dwarf/gdb/facts.py PROGRAM >facts.txt

    struct|union|typedef  NAME  SIZE   a type with a name; its fields follow
    variants  NAME  SIZE               the same, of a type with variants of Rust: gdb doesn't say where the tag is
    field         PATH  BIT  WIDTH  SIZE  SHAPE

A typedef is listed where the structure or union it names has no name of its own. PATH is the field's name. The fields of members without a name and of base classes stand in their place, as C and
C++ find them. BIT counts from the start of the structure; WIDTH is a bitfield's, else 0; SIZE is the type's in bytes.
SHAPE is what the type is, without qualifiers and typedefs: `pointer`, `integer`, `float`, `struct`, `union`, `enum`,
`array[N]...` with a number a dimension, `function` (only in Go, where such a field is a pointer),
`nothing` (only the type of C++'s `nullptr`), or `other`. What has no fixed place (static members, virtual bases) is left out.

Types that are declared twice under one name, in two units, are listed twice if they differ.
"""

import os
import re

import gdb

MOST = int(os.environ.get("GDB_FACTS_MOST", "0"))

SHAPES = {
    gdb.TYPE_CODE_PTR: "pointer",
    gdb.TYPE_CODE_REF: "pointer",
    gdb.TYPE_CODE_RVALUE_REF: "pointer",
    gdb.TYPE_CODE_INT: "integer",
    gdb.TYPE_CODE_CHAR: "integer",
    gdb.TYPE_CODE_BOOL: "integer",
    gdb.TYPE_CODE_FLT: "float",
    gdb.TYPE_CODE_ENUM: "enum",
    gdb.TYPE_CODE_STRUCT: "struct",
    gdb.TYPE_CODE_UNION: "union",
    gdb.TYPE_CODE_FUNC: "function",
    gdb.TYPE_CODE_VOID: "nothing",
}


def names():
    """Every name of a structure or union that `info types` lists, with the domain to look it up in."""
    seen = {}
    for line in gdb.execute("info types", to_string=True).splitlines():
        match = re.match(r"^(?:\d+:)?\s+(.*?);?$", line)
        if not match:
            continue
        text = match.group(1).strip()
        domain = gdb.SYMBOL_STRUCT_DOMAIN
        nameless = re.match(r"^typedef (?:struct|union|class) {\.\.\.} (\w+)$", text)
        if nameless:
            text = nameless.group(1)
            domain = gdb.SYMBOL_VAR_DOMAIN
        elif text.startswith("typedef ") or text.startswith("enum "):
            continue
        text = re.sub(r"^(struct|union|class) ", "", text)
        seen.setdefault((text, domain), None)
    return list(seen)


def types_called(name, domain):
    """The types of this name, of all units."""
    found = list(gdb.lookup_static_symbols(name, domain))
    symbol = gdb.lookup_global_symbol(name, domain)
    if symbol is not None:
        found.append(symbol)
    return [symbol.type for symbol in found if symbol.type is not None]


def shape(kind):
    kind = kind.strip_typedefs()
    counts = ""
    while kind.code == gdb.TYPE_CODE_ARRAY:
        try:
            low, high = kind.range()
        except gdb.error:
            return "other"
        count = max(high - low + 1, 0)
        # One of unknown length: gdb says that it has an element, and no bytes.
        if kind.sizeof == 0 and kind.target().sizeof > 0:
            count = 0
        counts += "[%d]" % count
        kind = kind.target().strip_typedefs()
    if counts:
        return "array" + counts
    if kind.code == gdb.TYPE_CODE_INT and kind.sizeof == 0:
        return "other"
    return SHAPES.get(kind.code, "other")


def fields(kind, base, out, depth=0):
    if depth > 32:
        raise RuntimeError("nested too deep")
    for field in kind.fields():
        if getattr(field, "bitpos", None) is None:
            continue
        bit = base + field.bitpos
        inner = field.type.strip_typedefs()
        is_composite = inner.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
        if field.is_base_class or (not field.name and is_composite):
            fields(inner, bit, out, depth + 1)
            continue
        if not field.name:
            continue
        what = shape(field.type)
        out.append("field\t%s\t%d\t%d\t%d\t%s" % (field.name, bit, field.bitsize, field.type.sizeof, what))


def facts(name, kind):
    """The lines of a type; none if it is no structure or union, or has another name."""
    inner = kind.strip_typedefs()
    if inner.code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return None
    if kind.code == gdb.TYPE_CODE_TYPEDEF:
        if inner.tag:
            return None
        word = "typedef"
    else:
        # An enumeration of Rust, or what has one inside.
        word = "variants" if inner.dynamic else "struct" if inner.code == gdb.TYPE_CODE_STRUCT else "union"
    lines = []
    fields(inner, 0, lines)
    lines.sort(key=lambda line: (int(line.split("\t")[2]), line))
    return "\n".join(["%s\t%s\t%d" % (word, name, inner.sizeof)] + lines)


def main():
    wanted = names()
    if MOST and len(wanted) > MOST:
        wanted = [wanted[i * len(wanted) // MOST] for i in range(MOST)]
    seen = set()
    missed = 0
    for name, domain in wanted:
        for kind in types_called(name, domain):
            try:
                text = facts(name, kind)
            except (gdb.error, RuntimeError) as error:
                print("# %s: %s" % (name, error))
                missed += 1
                continue
            if text and text not in seen:
                seen.add(text)
                print(text)
    print("# %d names, %d types, %d that gdb could not say" % (len(wanted), len(seen), missed))


main()
