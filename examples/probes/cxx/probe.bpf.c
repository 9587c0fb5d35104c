// SPDX-License-Identifier: Apache-2.0 OR MIT
// Reads the request of a C++ program at the entry of `handle`.
#include <linux/bpf.h>
#include "vmlinux.h"
#include <bpf/bpf_tracing.h>
#include "server.h"
#include "btfkit.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 15);
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
	struct srv__Request *r = (void *)PT_REGS_PARM1(ctx);
	struct btfkit_bytes headers, codes;
	struct srv__Header *second;
	char agent[8] = {};
	int code = 0;

	put(0, BPF_CORE_READ_USER(r, kind));
	put_text(1, BTFKIT_STD_STRING(&r->path));

	headers = BTFKIT_STD_VECTOR(&r->headers, bpf_core_type_size(struct srv__Header));
	second = btfkit_item(headers, 1, bpf_core_type_size(struct srv__Header));
	put(3, headers.len);
	put_text(4, BTFKIT_STD_STRING(&second->value));

	codes = BTFKIT_STD_VECTOR(&r->codes, sizeof(int));
	bpf_probe_read_user(&code, sizeof(code), btfkit_item(codes, 2, sizeof(int)));
	put(6, codes.len);
	put(7, code);

	/* The length has the zero byte at the end. */
	put(8, BTFKIT_READ_STR(agent, r, agent) - 1);
	put(9, *(__u64 *)agent);

	put(10, BTFKIT_READ_BITFIELD(r, a));
	put(11, BTFKIT_READ_BITFIELD(r, b));
	put(12, BTFKIT_READ_BITFIELD(r, c));
	put(13, BTFKIT_READ_BITFIELD(r, state));
	put(14, BTFKIT_STD_STRING(&BPF_CORE_READ_USER(r, next)->path).len);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
