// SPDX-License-Identifier: Apache-2.0 OR MIT
// Reads classes of C++ and structures of other languages, as a BPF program in C can name them.
#include "../include/bpf_min.h"

/* Members of base classes are found in the derived one. */
struct shop__Chain {
	int base_field;
	long second_field;
	unsigned int bits : 20;
	int last;
} CORE;

/* The name of a template's instance, as C spells it. */
struct shop__Pair_int_ {
	int first;
	int second;
} CORE;

/* clang and gcc call this one by different names. */
struct shop__Pair_shop__Pair_unsigned_long__ {
	struct {
		unsigned long second;
	} second;
} CORE;

/* With a flavor the underscores at the end are left out. */
struct shop__Ring_shop__Base_4___app {
	unsigned int head;
} CORE;

enum shop__Order__State___app {
	DONE___app = 1,
};

/* By an alias: --alias app_Round=shop::Round */
struct app_Round {
	int base_field;
	int id;
	int radius;
} CORE;

/* In C++ it could be the one in the namespace; here it is the global one. */
struct Base {
	char global_base[1];
} CORE;

struct shop__Bottom {
	int left;
	int right;
	int bottom;
	int top;
} CORE;

#define FIELD(type, field) __builtin_preserve_field_info(((type *)0)->field, 0)
#define EXISTS(type, field) __builtin_preserve_field_info(((type *)0)->field, 2)
#define SIZE(type) __builtin_preserve_type_info(*(type *)0, 1)

SEC("uprobe/look")
int look(void *ctx)
{
	unsigned long sum = 0;

	(void)ctx;
	sum += FIELD(struct shop__Chain, base_field);
	sum += FIELD(struct shop__Chain, second_field);
	sum += FIELD(struct shop__Chain, bits);
	sum += FIELD(struct shop__Chain, last);
	sum += FIELD(struct shop__Pair_int_, second);
	sum += FIELD(struct shop__Pair_shop__Pair_unsigned_long__, second.second);
	sum += FIELD(struct shop__Ring_shop__Base_4___app, head);
	sum += FIELD(struct app_Round, base_field);
	sum += FIELD(struct app_Round, id);
	sum += FIELD(struct app_Round, radius);
	sum += SIZE(struct app_Round);
	sum += SIZE(struct Base);
	sum += FIELD(struct shop__Bottom, left);
	sum += FIELD(struct shop__Bottom, right);
	sum += FIELD(struct shop__Bottom, bottom);
	sum += EXISTS(struct shop__Bottom, top);
	sum += __builtin_preserve_enum_value(*(enum shop__Order__State___app *)DONE___app, 1);
	return sum;
}
