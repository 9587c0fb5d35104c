/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "units.h"

struct deeper {
	unsigned bits : 5;
	unsigned more : 7;
};

struct hidden {
	long found;
	struct deeper *deeper;
};

/* The other unit has another one. */
struct part {
	long only_in_second[2];
};

struct pointed {
	long in_second;
};

/* The same members as in the other unit; what they are is different. */
struct holder {
	struct part by_value;
	struct pointed *behind;
	int (*call)(struct common *, struct pointed *);
};

struct holder second_holder;

int in_second(const struct common *common)
{
	if (!common->hidden || !second_holder.behind)
		return (int)second_holder.by_value.only_in_second[0];
	return (int)common->hidden->found + (int)second_holder.behind->in_second +
	       (int)common->hidden->deeper->bits;
}
