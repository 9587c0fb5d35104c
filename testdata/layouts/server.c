/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A server with one session in it. Prints a line `key=value` for each slot that the
 * probe must find equal (signed 64-bit decimal), waits for a line on its standard
 * input, calls handle() once and ends.
 */
#include "../include/host_min.h"
#include "session.h"
#include "slots.h"

static const char *const keys[] = {
#define SLOT_KEY(name, key, origin) key,
	SLOTS(SLOT_KEY)
};

typedef struct session session_t;

__attribute__((noinline)) int handle(session_t *s)
{
	__asm__ volatile("" : : "r"(s) : "memory");
	return (int)s->port;
}

static int on_close(struct session *s, int why)
{
	return s->refs + why;
}

static __attribute__((noinline)) void print(const char *key, s64 value)
{
	printf("%s=%lld\n", key, value);
}

static __attribute__((noinline)) void say(enum slot slot, s64 value)
{
	print(keys[slot], value);
}

static s64 bits(const void *from, u64 size)
{
	u64 value = 0;

	__builtin_memcpy(&value, from, size < 8 ? size : 8);
	return (s64)value;
}

/* Room for three notes, and rubbish wherever nothing is set: a wrong offset shows. */
static struct session *new_session(void)
{
	u64 size = sizeof(struct session) + 3 * sizeof(struct note) + 16;

	return memset(calloc(1, size), 0xa5, size);
}

/* `l` is LAYOUT; the compiler can't know, so a value too wide for a field is cut silently. */
static void fill_numbers(struct session *s, s64 l)
{
	u32 generation = 0x9e3779b9u + (u32)l;

	s->id = (session_id_t)(0xabcd0000f0000000ull + l);
	s->quota = 0xffff0000u + l;
	s->tag = -5 - l;
	s->tiny = -100 - l;
	s->small = -30000 - l;
	s->port = 50000 + l;
	s->balance = -2000000000 - l;
	s->cookie = 0xc0ffee0092345678ull + l;
	s->drift = -0x123456789aLL - l;
	s->closing = 1;
	__builtin_memcpy((void *)&s->generation, &generation, sizeof(generation));
	s->refs = -7 * l;
	s->ratio = 1.625f + l;
	s->score = -2.0625 * l;
	s->prio = 0x550 + l;
	s->delta = -50 - l;
	s->phase = STATE_READY;
	s->seq = 0xaa55aa5500ull + l;
	s->flags.cross = -60000 - l;
	s->state = STATE_READY;
	s->level = LEVEL_TRACE;
	s->mask = MASK_HIGH;
#if HAS_BIG_LIMIT
	s->big = BIG_LIMIT;
#else
	s->big = BIG_CEILING;
#endif
#if HAS_THROTTLE
	s->throttle = 64000 + l;
#endif
#if HAS_LEGACY
	s->legacy = 404;
#endif
#if HAS_TRANSPORT
	s->transport.cwnd = 1460 + l;
#else
	s->cwnd = 1460 + l;
#endif
}

static void fill_aggregates(struct session *s, s64 l)
{
	s->timing.start_ns = 0x1234567890abcdefull + l;
	s->timing.rtt_us = 3500 + l;
	s->timing.skew = -333 - l;
	s->hops[0].addr = 0xc0000200u + l;
	s->hops[2].port = 8080 + l;
	s->ipv4 = 0xc0a8fe00u + l;
	s->rx_bytes = 0xe0000000u + l;
	s->tx_bytes = 0xe000000000000000ull + l;
	snprintf(s->name, sizeof(s->name), "client-%d", (int)l);
	s->grid[1][2] = -1200 - l;
	s->cube[1][2][3] = 61230 + l;
	s->payload.word = 0xfeed0000u + l;
	s->payload.bytes[5] = 0xe0 + l;
	s->notes[1].len = 110 + l;
	s->notes[2].tag = 210 + l;
}

static void fill_pointers(struct session *s, s64 l)
{
	static const char greeting[] = { 'h', 'e', 'l', 'l', 'o', ',', ' ', '0' + LAYOUT, 0 };
	const char *banner = greeting;
	struct vault *vault = (struct vault *)(0x1122334455667700ull + l);

	__builtin_memcpy((void *)&s->banner, &banner, sizeof(banner));
	__builtin_memcpy((void *)&s->vault, &vault, sizeof(vault));
	s->cursor = s->name + l;
	s->on_close = on_close;
	s->file = memset(calloc(1, sizeof(struct file)), 0xa5, sizeof(struct file));
	s->file->inode_no = 0xc0de0000f00d0000ull + 60000 + l;
	snprintf(s->file->path, sizeof(s->file->path), "/srv%d/log", (int)l);
	s->next = new_session();
	s->next->id = 77000 + l;
#if HAS_TLS
	s->tls = memset(calloc(1, sizeof(struct tls_info)), 0xa5, sizeof(struct tls_info));
	s->tls->version = 0x0304;
#endif
}

static void say_numbers(const struct session *s)
{
	say(SLOT_ID, (s64)s->id);
	say(SLOT_QUOTA, (s64)s->quota);
	say(SLOT_TAG, s->tag);
	say(SLOT_TINY, s->tiny);
	say(SLOT_SMALL, s->small);
	say(SLOT_PORT, (s64)s->port);
	say(SLOT_BALANCE, s->balance);
	say(SLOT_COOKIE, (s64)s->cookie);
	say(SLOT_DRIFT, s->drift);
	say(SLOT_CLOSING, s->closing);
	say(SLOT_GENERATION, s->generation);
	say(SLOT_REFS, s->refs);
	say(SLOT_RATIO, bits(&s->ratio, sizeof(s->ratio)));
	say(SLOT_SCORE, bits(&s->score, sizeof(s->score)));
	say(SLOT_PRIO, s->prio);
	say(SLOT_DELTA, s->delta);
	say(SLOT_PHASE, s->phase);
	say(SLOT_SEQ, (s64)s->seq);
	say(SLOT_CROSS, s->flags.cross);
	say(SLOT_SIGNED_PRIO, 0);
	say(SLOT_SIGNED_DELTA, LAYOUT != 4);
	say(SLOT_SIGNED_LEVEL, (enum level)-1 < (enum level)1);
}

static void say_aggregates(const struct session *s)
{
	say(SLOT_START_NS, (s64)s->timing.start_ns);
	say(SLOT_RTT_US, (s64)s->timing.rtt_us);
	say(SLOT_SKEW, s->timing.skew);
	say(SLOT_HOP0_ADDR, s->hops[0].addr);
	say(SLOT_HOP2_PORT, s->hops[2].port);
	say(SLOT_IPV4, s->ipv4);
	say(SLOT_V4_LOW, s->v4_low);
	say(SLOT_RX_BYTES, (s64)s->rx_bytes);
	say(SLOT_TX_BYTES, (s64)s->tx_bytes);
	say(SLOT_NAME, bits(s->name, 8));
	say(SLOT_GRID_1_2, s->grid[1][2]);
	say(SLOT_CUBE_1_2_3, s->cube[1][2][3]);
	say(SLOT_PAYLOAD_WORD, s->payload.word);
	say(SLOT_PAYLOAD_BYTE, s->payload.bytes[5]);
	say(SLOT_NOTE1_LEN, s->notes[1].len);
	say(SLOT_NOTE2_TAG, s->notes[2].tag);
	say(SLOT_FILE, (s64)s->file);
	say(SLOT_FILE_INODE_NO, (s64)s->file->inode_no);
	say(SLOT_FILE_PATH, bits(s->file->path, 8));
	say(SLOT_NEXT_ID, (s64)s->next->id);
	say(SLOT_BANNER, bits(s->banner, 8));
	say(SLOT_CURSOR, (s64)s->cursor);
	say(SLOT_VAULT, (s64)s->vault);
	say(SLOT_ON_CLOSE, (s64)s->on_close);
	say(SLOT_COPY_ID, (s64)s->id);
	say(SLOT_COPY_QUOTA, (s64)s->quota);
	say(SLOT_COPY_PORT, (s64)s->port);
	say(SLOT_COPY_BALANCE, s->balance);
	say(SLOT_COPY_DELTA, s->delta);
	say(SLOT_COPY_STORED, STORED_QUOTA);
}

static void say_enums(const struct session *s)
{
	say(SLOT_STATE, s->state);
	say(SLOT_LEVEL, s->level);
	say(SLOT_BIG, (s64)s->big);
	say(SLOT_ENUM_READY, STATE_READY);
	say(SLOT_HAS_DRAINING, HAS_DRAINING);
#if HAS_DRAINING
	say(SLOT_ENUM_DRAINING, STATE_DRAINING);
#else
	say(SLOT_ENUM_DRAINING, 0);
#endif
	say(SLOT_ENUM_TRACE, LEVEL_TRACE);
	say(SLOT_HAS_BIG_LIMIT, HAS_BIG_LIMIT);
#if HAS_BIG_LIMIT
	say(SLOT_ENUM_BIG_LIMIT, (s64)BIG_LIMIT);
#else
	say(SLOT_ENUM_BIG_LIMIT, 0);
#endif
	say(SLOT_MASK, s->mask);
	print("enum.MASK_HIGH", MASK_HIGH);
	print("copy.refs", s->refs);
}

static void say_what_exists(const struct session *s)
{
	say(SLOT_HAS_THROTTLE, HAS_THROTTLE);
#if HAS_THROTTLE
	say(SLOT_THROTTLE, s->throttle);
#else
	say(SLOT_THROTTLE, 0);
#endif
	say(SLOT_HAS_LEGACY, HAS_LEGACY);
	say(SLOT_HAS_TLS, HAS_TLS);
	say(SLOT_TYPE_TLS, HAS_TLS);
#if HAS_TLS
	say(SLOT_TLS_VERSION, s->tls->version);
	say(SLOT_SIZE_TLS, sizeof(struct tls_info));
#else
	say(SLOT_TLS_VERSION, 0);
	say(SLOT_SIZE_TLS, 0);
#endif
	say(SLOT_HAS_HOP5, sizeof(s->hops) / sizeof(s->hops[0]) > 5);
	say(SLOT_HAS_TRANSPORT, HAS_TRANSPORT);
#if HAS_TRANSPORT
	say(SLOT_CWND, s->transport.cwnd);
#else
	say(SLOT_CWND, s->cwnd);
#endif
	say(SLOT_TYPE_VAULT, 0);
	say(SLOT_TYPE_SESSION, 1);
	say(SLOT_MATCH_WINDOW, MATCHES_WINDOW);
	say(SLOT_MATCH_HANDLER, MATCHES_HANDLER);
	say(SLOT_MATCH_MODE, MATCHES_MODE);
	say(SLOT_FILE_HAS_F_OP, 0);
	say(SLOT_FILE_HAS_INODE_NO, 1);
}

static void say_layout(const struct session *s)
{
	say(SLOT_SIZE_SESSION, sizeof(struct session));
	say(SLOT_SIZE_HOP, sizeof(struct hop));
	say(SLOT_SIZE_PAYLOAD, sizeof(union payload));
	say(SLOT_SIZE_BIG, sizeof(enum big));
	say(SLOT_SIZE_ID_T, sizeof(session_id_t));
	say(SLOT_OFFSET_HOP2_PORT, __builtin_offsetof(struct session, hops[2].port));
	say(SLOT_OFFSET_GRID_1_2, __builtin_offsetof(struct session, grid[1][2]));
	say(SLOT_OFFSET_V4_LOW, __builtin_offsetof(struct session, v4_low));
	say(SLOT_OFFSET_NOTES, __builtin_offsetof(struct session, notes));
	say(SLOT_OFFSET_PATH, __builtin_offsetof(struct file, path));
	say(SLOT_BYTES_ID, sizeof(s->id));
	say(SLOT_BYTES_NAME, sizeof(s->name));
	say(SLOT_BYTES_HOPS, sizeof(s->hops));
	say(SLOT_BYTES_GRID_ROW, sizeof(s->grid[0]));
}

int main(void)
{
	static volatile s64 layout = LAYOUT;
	struct session *s = new_session();

	fill_numbers(s, layout);
	fill_aggregates(s, layout);
	fill_pointers(s, layout);
	say_numbers(s);
	say_aggregates(s);
	say_enums(s);
	say_what_exists(s);
	say_layout(s);
	fflush(0);
	wait_for_line();
	return handle(s) < 0;
}
