/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The same types as kinds.c, described by the BPF compiler itself (sections .BTF, .BTF.ext). */
#include "kinds.h"
#include "keep.h"

/* A function, so that there is a prototype and a section .BTF.ext. */
__attribute__((noinline)) int by_pointer(struct list *list, enum color color, const char *name)
{
	return list->value + (int)color + name[0] + file_local;
}

char LICENSE[] __attribute__((section("license"), used)) = "Dual MIT/GPL";
