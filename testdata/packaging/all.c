/* SPDX-License-Identifier: Apache-2.0 OR MIT
 * The whole program as one unit, and what its compiler knows of its types: the section .facts, of records that
 * tests read. So types can be compared on machines whose programs don't run here. */
#include "one.c"
#include "two.c"
#include "three.c"

/* In each thread another one: it has no address. */
_Thread_local int depth;

struct fact {
	byte what[60];
	unsigned value;
};

#define SIZE(type) { "size " #type, sizeof(struct type) }
#define FIELD(type, path) { "offset " #type " " #path, __builtin_offsetof(struct type, path) }

__attribute__((section(".facts"), used)) const struct fact facts[] = {
	SIZE(list), SIZE(entry), SIZE(queue), SIZE(hidden), SIZE(cursor),
	FIELD(list, previous),
	FIELD(entry, key.bytes[3]), FIELD(entry, key.high[1]), FIELD(entry, state), FIELD(entry, grid[1][2]),
	FIELD(entry, owner.users), FIELD(entry, owner.parent), FIELD(entry, tail),
	FIELD(queue, order), FIELD(queue, load), FIELD(queue, rates[2]), FIELD(queue, hidden),
	FIELD(queue, user[1]), FIELD(queue, open),
	FIELD(hidden, mode),
	FIELD(cursor, at), FIELD(cursor, when),
};
