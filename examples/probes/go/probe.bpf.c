// SPDX-License-Identifier: Apache-2.0 OR MIT
// Reads the connection of a Go program at the entry of `main.handle`.
#include <linux/bpf.h>
#include "vmlinux.h"
#include "server.h"
#include "btfkit.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 14);
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
	/* The registers are those that `btfkit function` names. */
	struct main_Conn *c = (void *)ctx->ax;
	struct btfkit_bytes tags, parts;
	struct string *second;
	long long tag = 0;

	put_text(0, BTFKIT_GO_STRING(&c->Name));
	put_text(2, BTFKIT_BYTES(ctx->bx, ctx->cx));
	put_text(4, BTFKIT_BYTES(ctx->di, ctx->si));

	tags = BTFKIT_GO_SLICE(&c->Tags);
	bpf_probe_read_user(&tag, sizeof(tag), btfkit_item(tags, 2, sizeof(tag)));
	put(6, tags.len);
	put(7, tag);

	parts = BTFKIT_GO_SLICE(&c->Parts);
	second = btfkit_item(parts, 1, bpf_core_type_size(struct string));
	put(8, parts.len);
	put_text(9, BTFKIT_GO_STRING(second));

	put_text(11, BTFKIT_GO_STRING(&BPF_CORE_READ_USER(c, Next)->Name));
	put(13, BPF_CORE_READ_USER(c, Port));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
