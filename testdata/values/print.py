"""Prints the variables of values.c, one a line: gdb -batch -nx -x print.py PROGRAM

Text is printed byte by byte and up to its NUL, numbers of elements are not cut off."""

import gdb

for setting in (
    "width 0",
    "print null-stop on",
    "print symbol off",
    "print repeats 0",
    "print elements 0",
    "print max-depth -1",
    "host-charset ASCII",
    "target-charset ASCII",
):
    gdb.execute("set " + setting)

names = set()
for line in gdb.execute("info variables -n", to_string=True).splitlines():
    # "36:	struct ints least;"
    number, tab, declaration = line.partition("\t")
    if number.rstrip(":").isdigit() and declaration.endswith(";"):
        name = declaration.rstrip(";").split("[")[0].split()[-1].lstrip("*")
        names.add(name)
for name in sorted(names):
    print(name + " = " + gdb.execute("output " + name, to_string=True))
