/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads a session of the server at the entry of `handle`, whichever of its layouts it was
 * built with. The structs below are a fifth idea of them: what is here is what is read,
 * and nothing stands where any release has it. Every kind of CO-RE relocation occurs.
 *
 * Names without a label are meant for the program (target `app`, first in order);
 * `struct pt_regs` and `struct task_struct` are the kernel's, and so is what ends in
 * `___kernel`. The slots of map `out` are in slots.h.
 */
#include "../include/bpf_min.h"
#include "slots.h"

/* ---- the program's types, as this probe has them -------------------------- */

typedef u64 session_id_t;

enum level { LEVEL_TRACE = -9, LEVEL_INFO = 0 };
enum big { BIG_NONE = 0, BIG_LIMIT = 0x300000000ULL };
enum mask { MASK_NONE = 0, MASK_HIGH = 3 };
enum mode { MODE_PLAIN, MODE_FRAMED };

/* `enum state` is also the kernel's: the label says which is meant. */
enum state___app {
	STATE_READY___app = 1000,
	STATE_DRAINING___app = 2000,
};

struct hop {
	u16 port;
	u32 addr;
} CORE;

struct note {
	u32 tag;
	u32 len;
} CORE;

struct timing {
	u32 rtt_us;
	u64 start_ns;
	s32 skew;
} CORE;

/* The program's, because `app` comes before `kernel`. */
struct file {
	char path[8];
	u64 inode_no;
	void *f_op; /* the kernel's has one; the program's must be asked */
} CORE;

/* The program's, whatever the order. */
struct file___app {
	u64 inode_no;
	char path[8];
	void *f_op;
} CORE;

struct flagset {
	s32 cross : 9;
} CORE;

union payload {
	u32 word;
	u8 bytes[16];
} CORE;

struct tls_info {
	u32 version;
} CORE;

/* A pointer to one is all the program has of it. */
struct vault {
	int key;
} CORE;

struct session {
	u8 tag_before[40];
	u32 ipv4;
	u16 v4_low;
	union {
		u64 rx_bytes;
		u32 unused;
	};
	u64 tx_bytes;
	s32 delta : 20;
	u32 prio : 12;
	u32 seq : 30;
	enum state___app phase;
	struct hop hops[8];
	char name[32];
	short grid_before;
	int grid[2][3];
	u16 cube[2][3][4];
	struct timing timing;
	struct flagset flags;
	union payload payload;
	const char *banner;
	char *cursor;
	struct file *file;
	struct session *next;
	struct vault *vault;
	struct tls_info *tls;
	void (*on_close)(void);
	double score;
	float ratio;
	session_id_t id;
	u32 quota;
	s64 drift;
	u32 cookie;
	s32 balance;
	u16 port;
	s16 small;
	s8 tiny;
	char tag;
	_Bool closing;
	int refs;
	u32 generation;
	u32 throttle;
	u32 legacy;
	enum state___app state;
	enum level level;
	enum big big;
	enum mask mask;
	struct note notes[];
} CORE;

typedef struct session session_t;

/* The congestion window moved into `transport`: one flavor for each place. */
struct session___flat {
	u32 cwnd;
} CORE;

struct transport {
	u32 cwnd;
} CORE;

struct session___moved {
	struct transport transport;
} CORE;

/* For "does the target's type match": every name, with its type. */
struct window___known {
	u32 rows;
	u32 cols;
} CORE;

struct handler {
	int kind;
	struct session *owner;
	int (*run)(struct session *s, int why);
	enum mode mode;
} CORE;

/* In no program and no kernel. */
struct nowhere_at_all {
	int nothing;
} CORE;

/* ---- the kernel's ----------------------------------------------------------- */

struct task_struct {
	int tgid;
	int pid;
	char comm[16];
} CORE;

struct file___kernel {
	void *f_inode;
	void *f_op;
	u32 inode_no; /* the program's has one; the kernel's must be asked */
} CORE;

enum state___kernel { Collect___kernel = 77 };

/* ---- maps --------------------------------------------------------------------- */

struct {
	MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
	MAP_NUMBER(max_entries, SLOT_COUNT);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} out SEC(".maps");

struct room {
	u8 bytes[2048];
};

/* Where a session is copied to, for plain loads and stores. */
struct {
	MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct room);
} copy SEC(".maps");

/* ---- reading, through calls (section .text) -------------------------------------- */

static NOINLINE void put(u32 slot, u64 value)
{
	bpf_map_update_elem(&out, &slot, &value, 0);
}

static NOINLINE void count(u32 slot)
{
	u64 *value = bpf_map_lookup_elem(&out, &slot);

	if (value)
		__sync_fetch_and_add(value, 1);
}

/* `size` bytes of the program, at most 8, at the low end of the result. */
static NOINLINE u64 fetch(const void *from, u32 size)
{
	u64 value = 0;
	void *to = &value;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	to += 8 - size;
#endif
	if (bpf_probe_read_user(to, size, from))
		count(SLOT_ERRORS);
	return value;
}

#define AT(base, place) ((const void *)(base) + core_field_offset((base)->place))

/* A pointer member, or one whose value is its own bytes. */
#define user_pointer(base, place) ((void *)fetch(AT(base, place), 8))
/* An array's element: it has a size, but neither sign nor shifts of its own. */
#define user_element(base, place) fetch(AT(base, place), core_field_size((base)->place))
/* Its first 8 bytes. */
#define user_bytes(base, place) fetch(AT(base, place), 8)

/* From the storage unit of a field, bitfield or not, to its value. */
#define field_value(unit, lvalue)                                      \
	({                                                             \
		u64 up_ = (unit) << core_field(lvalue, LSHIFT_U64);    \
		core_field_signed(lvalue) ?                            \
			(u64)((s64)up_ >> core_field(lvalue, RSHIFT_U64)) : \
			up_ >> core_field(lvalue, RSHIFT_U64);         \
	})

#define user_value(base, place) field_value(user_element(base, place), (base)->place)

/* The same from the copy, with a load for each width. The compiler must not see through
 * `at_`: it would put the offset's relocation on all four loads, of which three don't have
 * the field's width. */
#define copy_value(base, place)                                        \
	({                                                             \
		const void *at_ = AT(base, place);                     \
		u64 unit_ = 0;                                         \
		__asm__ volatile("" : "+r"(at_));                      \
		switch (core_field_size((base)->place)) {              \
		case 1:                                                \
			unit_ = *(const u8 *)at_;             \
			break;                                         \
		case 2:                                                \
			unit_ = *(const u16 *)at_;            \
			break;                                         \
		case 4:                                                \
			unit_ = *(const u32 *)at_;            \
			break;                                         \
		case 8:                                                \
			unit_ = *(const u64 *)at_;            \
			break;                                         \
		}                                                      \
		field_value(unit_, (base)->place);                     \
	})

/* A global function: the kernel verifies it by itself, so its argument is a number. */
NOINLINE int read_arrays(u64 session)
{
	struct session *s = (void *)session;

	put(SLOT_GRID_1_2, (s64)(s32)user_element(s, grid[1][2]));
	put(SLOT_CUBE_1_2_3, user_element(s, cube[1][2][3]));
	put(SLOT_HOP0_ADDR, user_value(s, hops[0].addr));
	put(SLOT_HOP2_PORT, user_value(s, hops[2].port));
	put(SLOT_NOTE1_LEN, user_value(s, notes[1].len));
	put(SLOT_NOTE2_TAG, user_value(s, notes[2].tag));
	put(SLOT_NAME, user_bytes(s, name));
	put(SLOT_PAYLOAD_BYTE, user_element(s, payload.bytes[5]));
	return 0;
}

static NOINLINE void read_file(struct file *f)
{
	struct file___app *labelled = (void *)f;

	put(SLOT_FILE, (u64)f);
	put(SLOT_FILE_INODE_NO, user_value(f, inode_no));
	put(SLOT_FILE_PATH, user_bytes(labelled, path));
	put(SLOT_OFFSET_PATH, core_field_offset(f->path));
	put(SLOT_FILE_HAS_F_OP, core_field_exists(f->f_op) || core_field_exists(labelled->f_op));
	put(SLOT_FILE_HAS_INODE_NO,
	    core_field_exists(f->inode_no) && core_field_exists(labelled->inode_no));
}

static NOINLINE void read_numbers(struct session *s)
{
	put(SLOT_ID, user_value(s, id));
	put(SLOT_QUOTA, user_value(s, quota));
	put(SLOT_TAG, user_value(s, tag));
	put(SLOT_TINY, user_value(s, tiny));
	put(SLOT_SMALL, user_value(s, small));
	put(SLOT_PORT, user_value(s, port));
	put(SLOT_BALANCE, user_value(s, balance));
	put(SLOT_COOKIE, user_value(s, cookie));
	put(SLOT_DRIFT, user_value(s, drift));
	put(SLOT_CLOSING, user_value(s, closing));
	put(SLOT_GENERATION, user_value(s, generation));
	put(SLOT_REFS, user_value(s, refs));
	put(SLOT_RATIO, user_value(s, ratio));
	put(SLOT_SCORE, user_value(s, score));
	put(SLOT_PRIO, user_value(s, prio));
	put(SLOT_DELTA, user_value(s, delta));
	put(SLOT_PHASE, user_value(s, phase));
	put(SLOT_SEQ, user_value(s, seq));
	put(SLOT_CROSS, user_value(s, flags.cross));
	put(SLOT_SIGNED_PRIO, core_field_signed(s->prio));
	put(SLOT_SIGNED_DELTA, core_field_signed(s->delta));
	put(SLOT_SIGNED_LEVEL, core_field_signed(s->level));
}

static NOINLINE void read_members(struct session *s)
{
	struct session *next = user_pointer(s, next);

	put(SLOT_START_NS, user_value(s, timing.start_ns));
	put(SLOT_RTT_US, user_value(s, timing.rtt_us));
	put(SLOT_SKEW, user_value(s, timing.skew));
	put(SLOT_IPV4, user_value(s, ipv4));
	put(SLOT_V4_LOW, user_value(s, v4_low));
	put(SLOT_RX_BYTES, user_value(s, rx_bytes));
	put(SLOT_TX_BYTES, user_value(s, tx_bytes));
	put(SLOT_PAYLOAD_WORD, user_value(s, payload.word));
	put(SLOT_NEXT_ID, user_value(next, id));
	put(SLOT_BANNER, fetch(user_pointer(s, banner), 8));
	put(SLOT_CURSOR, (u64)user_pointer(s, cursor));
	put(SLOT_VAULT, (u64)user_pointer(s, vault));
	put(SLOT_ON_CLOSE, (u64)user_pointer(s, on_close));
}

static NOINLINE void read_enums(struct session *s)
{
	put(SLOT_STATE, user_value(s, state));
	put(SLOT_LEVEL, user_value(s, level));
	put(SLOT_BIG, user_value(s, big));
	put(SLOT_MASK, user_value(s, mask));
	put(SLOT_ENUM_READY, core_enum_value(enum state___app, STATE_READY___app));
	put(SLOT_ENUM_TRACE, (s64)(s32)core_enum_value(enum level, LEVEL_TRACE));
	if (core_enum_exists(enum state___app, STATE_DRAINING___app)) {
		put(SLOT_HAS_DRAINING, 1);
		put(SLOT_ENUM_DRAINING, core_enum_value(enum state___app, STATE_DRAINING___app));
	} else {
		put(SLOT_HAS_DRAINING, 0);
		put(SLOT_ENUM_DRAINING, 0);
	}
	if (core_enum_exists(enum big, BIG_LIMIT)) {
		put(SLOT_HAS_BIG_LIMIT, 1);
		put(SLOT_ENUM_BIG_LIMIT, core_enum_value(enum big, BIG_LIMIT));
	} else {
		put(SLOT_HAS_BIG_LIMIT, 0);
		put(SLOT_ENUM_BIG_LIMIT, 0);
	}
}

/* What only some layouts have. What is behind an `if` that turns out false is never
 * verified, so the poison of what isn't there does no harm. */
static NOINLINE void read_what_exists(struct session *s)
{
	struct session___flat *flat = (void *)s;
	struct session___moved *moved = (void *)s;

	put(SLOT_HAS_LEGACY, core_field_exists(s->legacy));
	put(SLOT_HAS_THROTTLE, core_field_exists(s->throttle));
	put(SLOT_THROTTLE, core_field_exists(s->throttle) ? user_value(s, throttle) : 0);
	put(SLOT_HAS_TLS, core_field_exists(s->tls));
	if (core_field_exists(s->tls)) {
		struct tls_info *tls = user_pointer(s, tls);

		put(SLOT_TLS_VERSION, user_value(tls, version));
	} else {
		put(SLOT_TLS_VERSION, 0);
	}
	put(SLOT_HAS_HOP5, core_field_exists(s->hops[5]));
	put(SLOT_HAS_TRANSPORT, core_field_exists(moved->transport));
	if (core_field_exists(moved->transport))
		put(SLOT_CWND, user_value(moved, transport.cwnd));
	else
		put(SLOT_CWND, user_value(flat, cwnd));
	if (core_type_exists(struct nowhere_at_all))
		put(SLOT_POISONED, core_type_id_target(struct session));
}

static NOINLINE void read_types(struct session *s)
{
	put(SLOT_TYPE_TLS, core_type_exists(struct tls_info));
	put(SLOT_TYPE_VAULT, core_type_exists(struct vault));
	put(SLOT_TYPE_SESSION, core_type_exists(session_t));
	put(SLOT_SIZE_SESSION, core_type_size(struct session));
	put(SLOT_SIZE_HOP, core_type_size(struct hop));
	put(SLOT_SIZE_PAYLOAD, core_type_size(union payload));
	put(SLOT_SIZE_BIG, core_type_size(enum big));
	put(SLOT_SIZE_ID_T, core_type_size(session_id_t));
	put(SLOT_SIZE_TLS, core_type_size(struct tls_info));
	put(SLOT_MATCH_WINDOW, core_type_matches(struct window___known));
	put(SLOT_MATCH_HANDLER, core_type_matches(struct handler));
	put(SLOT_MATCH_MODE, core_type_matches(enum mode));
	put(SLOT_OFFSET_HOP2_PORT, core_field_offset(s->hops[2].port));
	put(SLOT_OFFSET_GRID_1_2, core_field_offset(s->grid[1][2]));
	put(SLOT_OFFSET_V4_LOW, core_field_offset(s->v4_low));
	put(SLOT_OFFSET_NOTES, core_field_offset(s->notes));
	put(SLOT_BYTES_ID, core_field_size(s->id));
	put(SLOT_BYTES_NAME, core_field_size(s->name));
	put(SLOT_BYTES_HOPS, core_field_size(s->hops));
	put(SLOT_BYTES_GRID_ROW, core_field_size(s->grid[0]));
	put(SLOT_LOCAL_ID_SESSION, core_type_id_local(struct session));
}

/* Plain loads and stores, whose width follows the field's: `id` is taken for 64 bits here
 * and may have 32, `quota` and `port` are taken for less than they may have. */
static NOINLINE void read_copy(struct session *s)
{
	u32 first = 0;
	struct session *c = bpf_map_lookup_elem(&copy, &first);

	if (!c)
		return;
	if (bpf_probe_read_user(c, core_type_size(struct session), s))
		count(SLOT_ERRORS);
	put(SLOT_COPY_ID, c->id);
	put(SLOT_COPY_QUOTA, c->quota);
	put(SLOT_COPY_PORT, c->port);
	put(SLOT_COPY_BALANCE, copy_value(c, balance));
	put(SLOT_COPY_DELTA, copy_value(c, delta));
	c->quota = STORED_QUOTA;
	put(SLOT_COPY_STORED, copy_value(c, quota));
}

static NOINLINE void read_kernel(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file___kernel *f = 0;
	u64 comm = 0;
	int id = 0;

	if (bpf_probe_read_kernel(&id, sizeof(id), &task->tgid))
		count(SLOT_ERRORS);
	put(SLOT_KERNEL_TGID, id);
	if (bpf_probe_read_kernel(&id, sizeof(id), &task->pid))
		count(SLOT_ERRORS);
	put(SLOT_KERNEL_PID, id);
	if (bpf_probe_read_kernel(&comm, sizeof(comm), &task->comm))
		count(SLOT_ERRORS);
	put(SLOT_KERNEL_COMM, comm);
	put(SLOT_KERNEL_FILE_HAS_F_OP, core_field_exists(f->f_op));
	put(SLOT_KERNEL_FILE_HAS_INODE_NO, core_field_exists(f->inode_no));
	put(SLOT_KERNEL_OFFSET_F_INODE, core_field_offset(f->f_inode));
	put(SLOT_KERNEL_SIZE_TASK, core_type_size(struct task_struct));
	put(SLOT_KERNEL_ID_TASK, core_type_id_target(struct task_struct));
	if (core_enum_exists(enum state___kernel, Collect___kernel))
		put(SLOT_KERNEL_ENUM_COLLECT,
		    core_enum_value(enum state___kernel, Collect___kernel));
	else
		put(SLOT_KERNEL_ENUM_COLLECT, -1);
}

SEC("uprobe/handle")
int probe_handle(struct pt_regs *ctx)
{
	struct session *s = PT_REGS_PARM1(ctx);

	read_numbers(s);
	read_members(s);
	read_arrays((u64)s);
	read_file(user_pointer(s, file));
	read_enums(s);
	read_what_exists(s);
	read_types(s);
	read_copy(s);
	read_kernel();
	count(SLOT_CALLS);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
