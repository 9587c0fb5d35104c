/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * All that the BPF sources in this folder need: no system, libbpf or vmlinux
 * header is included anywhere, so the BTF of the objects holds our types only.
 *
 * x86-64 calling convention; the argument of a probed function is read through
 * the kernel's `struct pt_regs`.
 */
#ifndef BPF_MIN_H
#define BPF_MIN_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

/* ---- how the compiler is asked for things ------------------------------- */

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define INLINE inline __attribute__((always_inline))
#define CORE __attribute__((preserve_access_index))

/* ---- map definitions in BTF ---------------------------------------------- */

#define BPF_MAP_TYPE_ARRAY 2

/* A number is written as the length of an array behind a pointer, a type as a
 * pointer to it: that is how a loader reads them back from the BTF. */
#define MAP_NUMBER(name, value) int (*name)[value]
#define MAP_TYPE(name, type) type *name

/* ---- helpers: the kernel's stable numbers -------------------------------- */

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value,
					 u64 flags) = (void *)2;
static u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static u64 (*const bpf_get_current_task)(void) = (void *)35;
static long (*const bpf_probe_read_user)(void *dst, u32 size, const void *from) = (void *)112;
static long (*const bpf_probe_read_kernel)(void *dst, u32 size, const void *from) = (void *)113;
static long (*const bpf_probe_read_user_str)(void *dst, u32 size, const void *from) = (void *)114;

/* ---- CO-RE builtins, with the meaning of their second argument ----------- */

enum core_field_info {
	CORE_FIELD_BYTE_OFFSET = 0,
	CORE_FIELD_BYTE_SIZE = 1,
	CORE_FIELD_EXISTS = 2,
	CORE_FIELD_SIGNED = 3,
	CORE_FIELD_LSHIFT_U64 = 4,
	CORE_FIELD_RSHIFT_U64 = 5,
};
enum core_type_id { CORE_TYPE_ID_LOCAL = 0, CORE_TYPE_ID_TARGET = 1 };
enum core_type_info { CORE_TYPE_EXISTS = 0, CORE_TYPE_SIZE = 1, CORE_TYPE_MATCHES = 2 };
enum core_enum_value { CORE_ENUMVAL_EXISTS = 0, CORE_ENUMVAL_VALUE = 1 };

#define core_field(place, what) __builtin_preserve_field_info(place, CORE_FIELD_##what)
#define core_field_offset(place) core_field(place, BYTE_OFFSET)
#define core_field_size(place) core_field(place, BYTE_SIZE)
#define core_field_exists(place) core_field(place, EXISTS)
#define core_field_signed(place) core_field(place, SIGNED)

#define core_type(type, what) __builtin_preserve_type_info(*(type *)0, CORE_TYPE_##what)
#define core_type_exists(type) core_type(type, EXISTS)
#define core_type_size(type) core_type(type, SIZE)
#define core_type_matches(type) core_type(type, MATCHES)

#define core_type_id_local(type) __builtin_btf_type_id(*(type *)0, CORE_TYPE_ID_LOCAL)
#define core_type_id_target(type) __builtin_btf_type_id(*(type *)0, CORE_TYPE_ID_TARGET)

/* `type` carries its keyword: core_enum_value(enum color, RED). */
#define core_enum_exists(type, name) \
	__builtin_preserve_enum_value(*(type *)name, CORE_ENUMVAL_EXISTS)
#define core_enum_value(type, name) \
	__builtin_preserve_enum_value(*(type *)name, CORE_ENUMVAL_VALUE)

/* The address of `place`, whose offset is relocated. */
#define core_addr(place) __builtin_preserve_access_index(&(place))

/* ---- the first argument of a probed function ------------------------------ */

/* The kernel's type of this name, in the same order (`di` is at 112). */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
} CORE;

#define PT_REGS_PARM1(regs) ((void *)(regs)->di)

#endif
