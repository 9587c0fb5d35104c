/* SPDX-License-Identifier: Apache-2.0 OR MIT
 * What all units of the program have in common. Types that every version of DWARF can say, and none whose size
 * or sign hangs on more than the width of a pointer. */
#pragma once

/* A function of its own, even where the linker sees the whole program. */
#define KEPT __attribute__((noinline))

typedef unsigned char byte;
typedef unsigned long long stamp;

enum state { EMPTY, FILLING = 7, FULL = 0x10000, BROKEN = -3 };

struct list {
	struct list *next, *previous;
};

struct entry;
typedef int (*compare)(const struct entry *, const struct entry *);

union key {
	stamp number;
	byte bytes[8];
	struct {
		short low;
		unsigned short high[3];
	};
};

struct entry {
	struct list link;
	union key key;
	enum state state;
	unsigned first : 3, second : 12;
	int : 0;
	int third : 5;
	byte grid[2][3];
	struct {
		volatile unsigned users;
		const struct entry *parent;
	} owner;
	byte tail[];
};
