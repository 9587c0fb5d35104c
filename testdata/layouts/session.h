/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a server keeps for a session, in four releases of the server: -DLAYOUT=1..4.
 * The same things are there under the same names (but where a macro HAS_... says no);
 * their order, width, nesting, array lengths and enum values differ.
 *
 * `struct file` and `enum state` are also names of the kernel's, for other things.
 */
#ifndef SESSION_H
#define SESSION_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

struct session;
struct vault; /* never defined in this program: a pointer to it is all there is */
typedef int close_fn(struct session *s, int why);
typedef const volatile u32 generation_t;
typedef generation_t shared_generation_t;

/* Enough 32-bit bits that the value is negative when it is taken for a signed one. */
enum mask { MASK_NONE = 0, MASK_LOW = 1, MASK_HIGH = 0x80000000u + LAYOUT };

#if LAYOUT == 1

#define HAS_THROTTLE 0
#define HAS_LEGACY 1
#define HAS_TLS 0
#define HAS_TRANSPORT 0
#define HAS_DRAINING 0
#define HAS_BIG_LIMIT 1
#define MATCHES_WINDOW 1
#define MATCHES_HANDLER 1
#define MATCHES_MODE 1

typedef u32 session_id_t;

enum state { STATE_IDLE, STATE_GREETING, STATE_READY, STATE_CLOSED };
enum level { LEVEL_TRACE = -1, LEVEL_INFO, LEVEL_WARN };
enum big { BIG_NONE, BIG_LIMIT = 5 }; /* fits in 32 bits here */
enum mode { MODE_PLAIN, MODE_FRAMED };

struct window {
	u32 rows;
	u32 cols;
};

struct handler {
	int kind;
	struct session *owner;
	int (*run)(struct session *s, int why);
	enum mode mode;
};

struct hop {
	u32 addr;
	u16 port;
	u8 ttl;
};

struct note {
	u16 tag;
	u16 len;
};

struct timing {
	u64 start_ns;
	u32 rtt_us;
	s32 skew;
};

struct file {
	u32 inode_no;
	u16 mode;
	char path[24];
};

/* `cross` is bits 24..43: in no 4-byte unit. */
struct flagset {
	u8 tag;
	u32 low : 16;
	s32 cross : 20;
	u32 rest : 20;
} __attribute__((packed));

union payload {
	u32 word;
	u8 bytes[8];
};

struct session {
	session_id_t id;
	u32 quota;
	char tag;
	s8 tiny;
	s16 small;
	u16 port;
	s32 balance;
	u64 cookie;
	s64 drift;
	_Bool closing;
	u32 prio : 3;
	s32 delta : 7;
	enum state phase : 4;
	u64 seq : 40;
	struct flagset flags __attribute__((aligned(8)));
	struct timing timing;
	struct hop hops[3];
	union {
		u32 ipv4;
		struct {
			u16 v4_low;
			u16 v4_high;
		};
		u8 ip_raw[16];
	};
	struct {
		u64 rx_bytes;
		u64 tx_bytes;
	};
	char name[16];
	int grid[2][3];
	u16 cube[2][3][4];
	union payload payload;
	struct file *file;
	struct session *next;
	const char *const banner;
	char *restrict cursor;
	struct vault *vault;
	close_fn *on_close;
	enum state state;
	enum level level;
	enum big big;
	enum mask mask;
	shared_generation_t generation;
	_Atomic int refs;
	float ratio;
	double score;
	u32 cwnd;
	u16 legacy;
	struct window window;
	struct handler *handler;
	struct note notes[];
};

#elif LAYOUT == 2

#define HAS_THROTTLE 0
#define HAS_LEGACY 0
#define HAS_TLS 1
#define HAS_TRANSPORT 0
#define HAS_DRAINING 0
#define HAS_BIG_LIMIT 1
#define MATCHES_WINDOW 1
#define MATCHES_HANDLER 1
#define MATCHES_MODE 1

typedef u64 session_id_t;

enum state { STATE_IDLE = 10, STATE_GREETING, STATE_AUTH, STATE_READY, STATE_CLOSED };
enum level { LEVEL_TRACE = -3, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN };
enum big { BIG_NONE, BIG_LIMIT = 0x200000002ULL };
enum mode { MODE_PLAIN, MODE_ZIPPED, MODE_FRAMED };

/* One member more than what the probe knows: still a match. */
struct window {
	u32 cols;
	u32 rows;
	u32 depth;
};

struct handler {
	enum mode mode;
	int (*run)(struct session *s, int why);
	struct session *owner;
	int kind;
	int uses;
};

struct hop {
	u64 since_ns;
	u32 addr;
	u16 port;
	u8 ttl;
};

struct note {
	u32 at;
	u16 len;
	u16 tag;
};

struct timing {
	s32 skew;
	u32 rtt_us;
	u64 start_ns;
	u64 end_ns;
};

struct file {
	char path[32];
	u64 inode_no;
	u16 mode;
};

/* `cross` is bits 25..54. */
struct flagset {
	u16 tag;
	u32 low : 9;
	s32 cross : 30;
	u32 rest : 9;
} __attribute__((packed));

union payload {
	double real;
	u8 bytes[12];
	u32 word;
};

struct tls_info {
	u16 cipher;
	u16 version;
};

struct session {
	struct session *next;
	struct file *file;
	close_fn *on_close;
	struct vault *vault;
	session_id_t id;
	u64 quota;
	s64 drift;
	u64 cookie;
	/* another unit and another width than in layout 1 */
	u64 seq : 33;
	u64 prio : 5;
	s64 delta : 11;
	enum state phase : 6;
	const char *const banner;
	char *restrict cursor;
	u64 rx_bytes;
	u64 tx_bytes;
	double score;
	float ratio;
	_Atomic int refs;
	shared_generation_t generation;
	s32 balance;
	s32 small;
	u16 port;
	s8 tiny;
	char tag;
	_Bool closing;
	char name[12];
	struct timing timing;
	struct hop hops[4];
	struct {
		union {
			u8 ip_raw[16];
			u32 ipv4;
			struct {
				u16 v4_low;
				u16 v4_high;
			};
		};
	};
	int grid[3][4];
	u16 cube[2][4][5];
	union payload payload;
	enum big big;
	enum level level;
	enum state state;
	enum mask mask;
	u32 cwnd;
	struct tls_info *tls;
	struct flagset flags __attribute__((aligned(8)));
	struct window window;
	struct handler *handler;
	struct note notes[];
};

#elif LAYOUT == 3

#define HAS_THROTTLE 1
#define HAS_LEGACY 0
#define HAS_TLS 0
#define HAS_TRANSPORT 1
#define HAS_DRAINING 1
#define HAS_BIG_LIMIT 0
#define MATCHES_WINDOW 0
#define MATCHES_HANDLER 0
#define MATCHES_MODE 0

typedef u32 session_id_t;

enum state { STATE_READY = 1, STATE_DRAINING, STATE_CLOSED, STATE_IDLE = 100, STATE_GREETING };
enum level { LEVEL_WARN = -20, LEVEL_INFO = -10, LEVEL_TRACE = -5 };
enum big { BIG_NONE = 1, BIG_CEILING = 0x7000000000000003ULL };
enum mode { MODE_PLAIN, MODE_STREAMED }; /* MODE_FRAMED has another name: no match */

/* `rows` is wider: no match. */
struct window {
	u64 rows;
	u32 cols;
};

/* By its mode: no match. */
struct handler {
	int kind;
	struct session *owner;
	int (*run)(struct session *s, int why);
	enum mode mode;
};

struct hop {
	u16 port;
	u8 ttl;
	u32 addr;
} __attribute__((packed));

struct note {
	u8 len;
	u8 tag;
};

struct timing {
	u32 rtt_us;
	s16 skew;
	u64 start_ns;
} __attribute__((packed, aligned(2)));

struct file {
	struct file *parent;
	u16 mode;
	u16 inode_no;
	char path[16];
};

/* `cross` is bits 31..47: one bit in the first 4-byte unit. */
struct flagset {
	u8 tag;
	u32 low : 23;
	s32 cross : 17;
	u32 rest : 3;
} __attribute__((packed));

union payload {
	struct {
		u32 head;
		u32 word;
	};
	u8 bytes[6];
};

struct transport {
	u64 pacing;
	u32 ssthresh;
	u32 cwnd;
};

struct session {
	u8 version;
	_Bool closing : 1;
	u8 prio : 4;
	s16 delta : 9;
	u32 throttle;
	shared_generation_t generation;
	struct hop hops[8];
	struct timing timing;
	int grid[2][5];
	u16 cube[3][3][4];
	char name[24];
	union {
		struct {
			u32 rx_bytes;
			u64 tx_bytes;
		};
		struct {
			u8 counters[64];
		};
	};
	union {
		struct {
			u16 v4_low;
			u16 v4_high;
		};
		u32 ipv4;
	};
	s32 tiny;
	char tag;
	s8 small;
	u32 port;
	s64 balance;
	s32 drift;
	u32 cookie;
	u32 quota;
	session_id_t id;
	enum level level : 7;
	enum state phase : 9;
	u32 seq : 31;
	enum state state;
	enum mask mask;
	enum big big;
	float ratio;
	double score;
	struct transport transport;
	struct flagset flags __attribute__((aligned(8)));
	union payload payload;
	char *restrict cursor;
	const char *const banner;
	struct vault *const vault;
	close_fn *volatile on_close;
	struct file *file;
	struct session *next;
	_Atomic int refs;
	struct window window;
	struct handler *handler;
	struct note notes[0]; /* the older way to write it */
};

#elif LAYOUT == 4

#define HAS_THROTTLE 1
#define HAS_LEGACY 0
#define HAS_TLS 1
#define HAS_TRANSPORT 1
#define HAS_DRAINING 1
#define HAS_BIG_LIMIT 1
#define MATCHES_WINDOW 0
#define MATCHES_HANDLER 0
#define MATCHES_MODE 1

typedef u64 session_id_t;

enum state { STATE_DRAINING = 7, STATE_READY = 5, STATE_CLOSED = 3, STATE_IDLE = 1, STATE_GREETING = 0 };
enum level { LEVEL_INFO, LEVEL_WARN, LEVEL_TRACE }; /* no longer signed */
enum big { BIG_NONE = -1, BIG_LIMIT = 0x123456789abcdefLL }; /* signed, 64 bits */
enum mode { MODE_FRAMED = 4, MODE_PLAIN = 9 };

/* `rows` is signed: no match. */
struct window {
	s32 rows;
	u32 cols;
};

/* `run` takes one more: no match. */
struct handler {
	int kind;
	struct session *owner;
	int (*run)(struct session *s, int why, int how);
	enum mode mode;
};

struct hop {
	struct {
		u8 ttl;
		union {
			u32 addr;
			u8 addr_raw[16];
		};
	};
	u16 reserved[3];
	u16 port;
};

struct note {
	char text[5];
	u32 tag;
	u32 len;
};

struct timing {
	struct {
		u64 start_ns;
	} __attribute__((aligned(32)));
	u64 rtt_us;
	s64 skew;
};

struct file {
	const struct file *parent;
	u64 size;
	struct {
		u64 inode_no : 48;
		u64 device : 16;
	};
	char path[64];
};

/* `cross` is bits 16..45, and unsigned bits follow. */
struct flagset {
	u16 tag;
	s64 cross : 30;
	u64 low : 10;
	u64 rest : 8;
} __attribute__((packed));

union payload {
	u8 bytes[32];
	u32 word;
	struct timing timing;
};

struct transport {
	u16 cwnd;
	u16 ssthresh;
};

struct tls_info {
	struct session *owner;
	u32 version;
	u8 random[32];
};

struct session {
	struct {
		session_id_t id;
		struct {
			u64 quota;
			union {
				u64 rx_bytes;
				u64 received;
			};
		};
	};
	struct timing timing;
	u64 tx_bytes;
	u8 ballast[200];
	struct hop hops[6];
	u64 port;
	s64 small : 20;
	u64 closing : 1;
	/* unsigned here */
	u64 delta : 21;
	s16 tiny;
	char tag;
	s64 balance;
	u64 cookie;
	s16 drift;
	u16 : 3;
	u16 prio : 11;
	u8 : 0;
	enum state phase : 3;
	u8 seq;
	struct flagset flags __attribute__((aligned(16)));
	char name[9];
	u32 throttle;
	struct tls_info *tls;
	struct file *file;
	struct session *next;
	const char *const banner;
	char *restrict cursor;
	struct vault *vault;
	close_fn *on_close;
	union {
		u64 ip_wide[2];
		union {
			u32 ipv4;
			struct {
				u16 v4_low, v4_high;
			};
		};
	};
	struct transport transport;
	int grid[4][3];
	u16 cube[2][3][6];
	union payload payload;
	enum level level;
	enum state state;
	enum mask mask;
	enum big big;
	shared_generation_t generation;
	_Atomic int refs;
	double ratio;
	float score;
	struct window window;
	struct handler *handler;
	struct note notes[];
};

#else
#error "-DLAYOUT=1..4"
#endif

#endif
