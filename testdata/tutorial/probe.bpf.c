/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads two fields of a user struct at the entry of `add_test`, for whichever
 * layout the program was built with, once its relocations have been applied.
 *
 * map `out`: 0 = a, 1 = c (both sign-extended to 64 bits), 2 = calls seen.
 */
#include "../include/bpf_min.h"

struct data {
	int a;
	int c;
	int d;
} CORE;

struct {
	MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
	MAP_NUMBER(max_entries, 3);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} out SEC(".maps");

SEC("uprobe/add_test")
int probe_add_test(struct pt_regs *ctx)
{
	struct data *d = PT_REGS_PARM1(ctx);
	u32 slot_a = 0, slot_c = 1, slot_calls = 2;
	int a = 0, c = 0;
	u64 *calls, value;

	bpf_probe_read_user(&a, sizeof(a), &d->a);
	bpf_probe_read_user(&c, sizeof(c), &d->c);
	value = (s64)a;
	bpf_map_update_elem(&out, &slot_a, &value, 0);
	value = (s64)c;
	bpf_map_update_elem(&out, &slot_c, &value, 0);
	calls = bpf_map_lookup_elem(&out, &slot_calls);
	if (calls)
		__sync_fetch_and_add(calls, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
