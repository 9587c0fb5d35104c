// SPDX-License-Identifier: Apache-2.0 OR MIT
// Reads the peer of a Rust program at the entry of `handle`.
#include <linux/bpf.h>
#include "vmlinux.h"
#include <bpf/bpf_tracing.h>
#include "server.h"
#include "btfkit.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 20);
	__type(key, __u32);
	__type(value, __u64);
} out SEC(".maps");

static __always_inline void put(__u32 slot, __u64 value)
{
	bpf_map_update_elem(&out, &slot, &value, 0);
}

/* Writes the length and the first 8 bytes. */
static __always_inline void put_text(__u32 slot, struct btfkit_bytes text)
{
	__u64 start = 0;

	btfkit_copy(&start, sizeof(start), text);
	put(slot, text.len);
	put(slot + 1, start);
}

SEC("uprobe")
int probe(struct pt_regs *ctx)
{
	struct server__Peer *p = (void *)PT_REGS_PARM1(ctx);
	struct btfkit_bytes tags, parts, ports;
	unsigned long long *note, noted = 0;
	unsigned int tag = 0;
	unsigned short port = 0;

	put_text(0, BTFKIT_RUST_STRING(&p->name));
	put_text(2, BTFKIT_BYTES(PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx)));

	tags = BTFKIT_RUST_VEC(&p->tags);
	bpf_probe_read_user(&tag, sizeof(tag), btfkit_item(tags, 2, sizeof(tag)));
	put(4, tags.len);
	put(5, tag);

	parts = BTFKIT_RUST_VEC(&p->parts);
	put(6, parts.len);
	put_text(7, BTFKIT_RUST_STRING(
			    btfkit_item(parts, 1, bpf_core_type_size(struct alloc__string__String))));

	put_text(9, BTFKIT_RUST_STR(&p->alias));
	ports = BTFKIT_RUST_SLICE(&p->ports);
	bpf_probe_read_user(&port, sizeof(port), btfkit_item(ports, 1, sizeof(port)));
	put(11, ports.len);
	put(12, port);

	note = BPF_CORE_READ_USER(p, note.Some.__0);
	bpf_probe_read_user(&noted, sizeof(noted), note);
	put(13, noted);

	/* `Busy` has no value of the tag: it is neither of the others. */
	put(14, !BTFKIT_RUST_IS(&p->state, enum server__State__tag, Idle) &&
			!BTFKIT_RUST_IS(&p->state, enum server__State__tag, Done));
	put(15, BPF_CORE_READ_USER(p, state.Busy.job));
	put_text(16, BTFKIT_RUST_STRING(&p->state.Busy.who));

	put(18, BTFKIT_READ_BITFIELD(p, level) ==
			bpf_core_enum_value(enum server__Level, Low));
	put(19, BTFKIT_READ_BITFIELD(p, level));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
