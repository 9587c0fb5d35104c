/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What probe.bpf.o can't have: instructions of -mcpu=v4 (a load that extends the sign,
 * a store of an immediate) under a relocation, and an unsigned 32-bit enumerator of 2^31
 * and more, here and in the program, which libbpf refuses. Slots: SLOTS_V4 in slots.h.
 */
#include "../include/bpf_min.h"
#include "slots.h"

/* Another value than any layout has. */
enum mask { MASK_HIGH = 0xf0000000u };

struct session {
	u32 quota;
	int refs;
} CORE;

struct {
	MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
	MAP_NUMBER(max_entries, SLOT_V4_COUNT);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} out SEC(".maps");

struct room {
	u8 bytes[2048];
};

struct {
	MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct room);
} copy SEC(".maps");

static NOINLINE void put(u32 slot, u64 value)
{
	bpf_map_update_elem(&out, &slot, &value, 0);
}

SEC("uprobe")
int probe_handle(struct pt_regs *ctx)
{
	struct session *s = PT_REGS_PARM1(ctx), *c;
	u32 slot = 0;
	u64 *calls;

	c = bpf_map_lookup_elem(&copy, &slot);
	if (!c)
		return 0;
	bpf_probe_read_user(c, core_type_size(struct session), s);
	put(SLOT_V4_ENUM_MASK_HIGH, core_enum_value(enum mask, MASK_HIGH));
	put(SLOT_V4_REFS, (s64)c->refs);
	c->quota = STORED_QUOTA;
	put(SLOT_V4_STORED, c->quota);
	slot = SLOT_V4_CALLS;
	calls = bpf_map_lookup_elem(&out, &slot);
	if (calls)
		__sync_fetch_and_add(calls, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
