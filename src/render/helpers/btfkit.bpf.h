/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads the memory of a user program from a BPF program. Written by `btfkit header --helpers`.
 *
 * Include it after <linux/bpf.h> (or vmlinux.h), and compile with `clang -target bpf -O2 -g`. The structures come from
 * `btfkit header PROGRAM --type NAME`. Every access is relocated (CO-RE). Pointers point to memory of the program; a
 * field behind one has to be read, never accessed.
 *
 *   struct srv__Request *r = (void *)PT_REGS_PARM1(ctx);
 *   int kind = BPF_CORE_READ_USER(r, kind);                          a field
 *   int port = BPF_CORE_READ_USER(r, conn, peer.port);               a field behind a pointer
 *   BPF_CORE_READ_USER_INTO(&point, r, point);                       a structure
 *   BTFKIT_READ_STR(name, r, conn, name);                            a string behind a char *
 *   __u64 flag = BTFKIT_READ_BITFIELD(r, flag);                      a bitfield
 *   btfkit_copy(path, sizeof(path), BTFKIT_STD_STRING(&r->path));    a std::string
 *
 * A read that fails is 0. A page that the program hasn't touched yet (a literal before its first use) can't be read.
 * The macros for strings and vectors take a pointer to the structure, of its type.
 */
#ifndef __BTFKIT_BPF_H__
#define __BTFKIT_BPF_H__

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* A string, slice or vector: the address of the first item, and the number of items. Those of a string are bytes. */
struct btfkit_bytes {
	__u64 data;
	__u64 len;
};

/* Two registers or other values as one: the `&str` parameter of a Rust function, the string parameter of one of Go. */
#define BTFKIT_BYTES(data_, len_) \
	((struct btfkit_bytes){ .data = (__u64)(data_), .len = (__u64)(len_) })

/* ---- Copies ---- */

/*
 * Copies the bytes, at most `size`, to `dst`. Returns how many, or a negative error. Where `dst` is an array, `size` is
 * sizeof(dst). No zero byte is added.
 */
static __always_inline long btfkit_copy(void *dst, const __u64 size, struct btfkit_bytes from)
{
	__u64 len = from.len;
	long failed;

	/* Otherwise clang may compare one register and pass another one, which the verifier refuses. */
	asm volatile("" : "+r"(len));
	if (len > size)
		len = size;
	failed = bpf_probe_read_user(dst, len, (const void *)from.data);
	return failed ? failed : (long)len;
}

/* The same items as bytes: `btfkit_copy(tags, sizeof(tags), btfkit_sized(BTFKIT_GO_SLICE(&c->Tags), sizeof(tags[0])))`. */
static __always_inline struct btfkit_bytes btfkit_sized(struct btfkit_bytes items, __u64 item_size)
{
	items.len *= item_size;
	return items;
}

/* The address of one item of `item_size` bytes, to be read; null if there are fewer. */
static __always_inline void *btfkit_item(struct btfkit_bytes items, __u64 index, __u64 item_size)
{
	return index < items.len ? (void *)(items.data + index * item_size) : (void *)0;
}

/* ---- C ---- */

/*
 * Copies the string that a `char *` points to into an array, with a zero byte at the end. The field is at the end of a
 * chain, as with BPF_CORE_READ_USER. Returns the string's length with that byte, or a negative error.
 * A field that is an array itself is read by BPF_CORE_READ_USER_STR_INTO(&dst, src, a, b).
 */
#define BTFKIT_READ_STR(dst, src, a, ...) \
	bpf_probe_read_user_str((dst), sizeof(dst), \
				(const void *)BPF_CORE_READ_USER(src, a, ##__VA_ARGS__))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ___btfkit_low(value, size) ((void *)&(value))
#else
#define ___btfkit_low(value, size) ((void *)&(value) + (8 - (size)))
#endif

/*
 * A bitfield, integer or enumeration as 64 bits, whatever its size, place and sign in the program. Its value is
 * extended by its sign: assign it to a __s64 if the field is signed.
 */
#define BTFKIT_READ_BITFIELD(src, field) ({ \
	__u64 ___value = 0; \
	bpf_probe_read_user(___btfkit_low(___value, __CORE_RELO(src, field, BYTE_SIZE)), \
			    __CORE_RELO(src, field, BYTE_SIZE), \
			    (const void *)(src) + __CORE_RELO(src, field, BYTE_OFFSET)); \
	___value <<= __CORE_RELO(src, field, LSHIFT_U64); \
	if (__CORE_RELO(src, field, SIGNED)) \
		___value = (__u64)((__s64)___value >> __CORE_RELO(src, field, RSHIFT_U64)); \
	else \
		___value >>= __CORE_RELO(src, field, RSHIFT_U64); \
	___value; \
})

/* Two fields of one structure as data and length. */
#define ___btfkit_pair(src, data_field, len_field) ({ \
	typeof(src) ___pair = (src); \
	BTFKIT_BYTES(BPF_CORE_READ_USER(___pair, data_field), \
		     BPF_CORE_READ_USER(___pair, len_field)); \
})

/* ---- C++: libstdc++ ---- */

/* A std::string, with the new ABI (std::__cxx11). */
#define BTFKIT_STD_STRING(src) ___btfkit_pair(src, _M_dataplus._M_p, _M_string_length)

/* A std::vector whose items have this size: sizeof(int), or bpf_core_type_size(struct srv__Header). Not vector<bool>. */
#define BTFKIT_STD_VECTOR(src, item_size) ({ \
	typeof(src) ___vector = (src); \
	__u64 ___start = (__u64)BPF_CORE_READ_USER(___vector, _M_impl._M_start); \
	__u64 ___finish = (__u64)BPF_CORE_READ_USER(___vector, _M_impl._M_finish); \
	BTFKIT_BYTES(___start, (___finish - ___start) / (__u64)(item_size)); \
})

/* ---- Rust ---- */

/* A `&str` (struct ref_str) or `&[T]` in memory. A parameter is in two registers: BTFKIT_BYTES(PARM1, PARM2). */
#define BTFKIT_RUST_SLICE(src) ___btfkit_pair(src, data_ptr, length)
#define BTFKIT_RUST_STR(src) BTFKIT_RUST_SLICE(src)

/* A `Vec<T>`, as rustc 1.83 and later lay it out. The header has the layout of the program's rustc. */
#define BTFKIT_RUST_VEC(src) ___btfkit_pair(src, buf.inner.ptr.pointer.pointer, len)

/* A `Vec<T>`, as rustc before 1.83 lays it out. */
#define BTFKIT_RUST_VEC_1_82(src) ___btfkit_pair(src, buf.ptr.pointer.pointer, len)

/* A `String`, of any rustc: both layouts are known, and the program's is taken. */
struct alloc__string__String___btfkit {
	struct {
		struct {
			struct {
				struct { struct { void *pointer; } pointer; } ptr;
			} inner;
		} buf;
		__u64 len;
	} vec;
} __attribute__((preserve_access_index));

struct alloc__string__String___btfkit_1_82 {
	struct {
		struct {
			struct { struct { void *pointer; } pointer; } ptr;
		} buf;
		__u64 len;
	} vec;
} __attribute__((preserve_access_index));

static __always_inline struct btfkit_bytes btfkit_rust_string(const void *src)
{
	const struct alloc__string__String___btfkit *string = src;
	const struct alloc__string__String___btfkit_1_82 *older = src;

	if (bpf_core_field_exists(string->vec.buf.inner))
		return ___btfkit_pair(string, vec.buf.inner.ptr.pointer.pointer, vec.len);
	return ___btfkit_pair(older, vec.buf.ptr.pointer.pointer, vec.len);
}
#define BTFKIT_RUST_STRING(src) btfkit_rust_string(src)

/*
 * The tag of an enumeration with variants, which says which of them it is. If one variant has the values that no other
 * has ("niche"), the enumeration `__tag` doesn't list it: it is there if BTFKIT_RUST_IS is false for all that are listed.
 */
#define BTFKIT_RUST_TAG(src) BTFKIT_READ_BITFIELD(src, __tag)

/* Whether it is a listed variant: BTFKIT_RUST_IS(&p->state, enum rs__State__tag, Idle). */
#define BTFKIT_RUST_IS(src, tag_type, variant) \
	(BTFKIT_RUST_TAG(src) == (__u64)bpf_core_enum_value(tag_type, variant))

/* ---- Go ---- */

/* A string in memory. A parameter is in two registers: BTFKIT_BYTES(ctx->bx, ctx->cx). */
#define BTFKIT_GO_STRING(src) ___btfkit_pair(src, str, len)

/* A slice in memory. */
#define BTFKIT_GO_SLICE(src) ___btfkit_pair(src, array, len)

#endif
