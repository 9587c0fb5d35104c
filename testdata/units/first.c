/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "units.h"

/* The other unit has another one. */
struct part {
	int only_in_first;
	char bytes[3];
};

struct pointed {
	short in_first;
};

struct holder {
	struct part by_value;
	struct pointed *behind;
	int (*call)(struct common *, struct pointed *);
};

struct holder first_holder;
struct common___old old;

int main(void)
{
	struct inner {
		struct part local;
	} inner = { .local = { 1, { 2, 3, 4 } } };
	struct common common = { .first = first_holder.by_value.only_in_first };

	return in_second(&common) + inner.local.only_in_first + (int)old.first;
}
