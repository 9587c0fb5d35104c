/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Every shape of a C type. What BPF's compiler can't have is under HOSTED.
 */
#ifndef KINDS_H
#define KINDS_H

/* The compiler for BPF has no wide floats; in its BTF an atomic type is `void` and an enum
 * that is never defined has size 0, which the kernel refuses (see refused.bpf.c). */
#ifdef __bpf__
#define HOSTED 0
#define ATOMIC
#define ATOMIC_OF(type) type
#define never_defined single
#else
#define HOSTED 1
#define ATOMIC _Atomic
#define ATOMIC_OF(type) _Atomic(type)
#endif

#define PACKED __attribute__((packed))
#define ALIGNED(n) __attribute__((aligned(n)))

/* ---- base types ----------------------------------------------------------- */

struct integers {
	_Bool boolean;
	char plain;
	signed char schar;
	unsigned char uchar;
	short sshort;
	unsigned short ushort;
	int sint;
	unsigned int uint;
	long slong;
	unsigned long ulong;
	long long sllong;
	unsigned long long ullong;
};

struct wide_integers {
	char before;
	__int128 s128;
	unsigned __int128 u128;
};

struct floats {
	float single;
	double twice;
};

#if HOSTED
struct more_floats {
	_Float16 half;
	long double extended;
	__float128 quad;
};

struct complexes {
	float _Complex cfloat;
	double _Complex cdouble;
	long double _Complex cextended;
	int after;
};
#endif

typedef int four_ints __attribute__((vector_size(16)));

struct vectors {
	char before;
	four_ints lanes;
	int after;
};

/* ---- enums ------------------------------------------------------------------ */

enum color { RED = 1, GREEN, BLUE = 40 };
enum balance { DEBIT = -2147483647 - 1, EVEN = 0, CREDIT = 2147483647 };
enum top_bit { TOP_BIT_NONE, TOP_BIT = 0x80000000u, TOP_ALL = 0xffffffffu };
enum wide { WIDE_NONE, WIDE_BIT = 0x100000000ull, WIDE_ALL = 0xffffffffffffffffull };
enum wide_signed { WIDE_LEAST = -0x7fffffffffffffffll - 1, WIDE_MINUS = -1, WIDE_MOST = 0x7fffffffffffffffll };
enum wide_few { WIDE_FEW = 0x100000001ull };
enum tiny { TINY_A, TINY_B = 200 } PACKED;
enum tiny_signed { TINY_MINUS = -128, TINY_PLUS = 127 } PACKED;
enum narrow { NARROW_A, NARROW_B = 60000 } PACKED;
enum twins { TWIN_FIRST = 7, TWIN_SECOND = 7, TWIN_THIRD };
enum single { THE_ONLY_ONE };
#if HOSTED
enum never_defined; /* a forward declaration, by extension of the language */
#endif
typedef enum { ANON_A = 3, ANON_B = 5 } anon_enum_t;

struct enums {
	enum tiny tiny;
	enum tiny_signed tiny_signed;
	enum narrow narrow;
	enum color color;
	enum balance balance;
	enum top_bit top_bit;
	enum wide wide;
	enum wide_signed wide_signed;
	enum wide_few wide_few;
	enum twins twins;
	enum single single;
	enum never_defined *unknown;
	anon_enum_t anon;
	enum { INSIDE_A = -1, INSIDE_B = 11 } inside;
};

/* ---- bitfields --------------------------------------------------------------- */

struct bits {
	unsigned int a : 1;
	unsigned int b : 3;
	int c : 5;
	unsigned int d : 23;
	int e : 32;
	unsigned int f : 31;
	int g : 2;
};

struct bits_of_each {
	_Bool flag : 1;
	signed char sc : 3;
	unsigned char uc : 7;
	short ss : 9;
	unsigned short us : 13;
	long sl : 37;
	unsigned long ul : 63;
	long long sll : 64;
	unsigned long long ull : 1;
	enum color color : 6;
	enum balance balance : 32;
#if HOSTED
	enum wide_few wide_few : 41;
#else
	unsigned long long wide_few : 41; /* the kernel refuses such bits of an ENUM64 */
#endif
};

struct bits_gaps {
	unsigned char first : 2;
	unsigned char : 3; /* unnamed: only room */
	unsigned char second : 2;
	unsigned char : 0; /* on to the next unit */
	unsigned char third : 5;
	int : 0;
	int fourth : 9;
	char plain;
	int fifth : 10; /* shares its unit with `plain` */
	int sixth : 7;
};

/* No unit holds `b` and `d`. */
struct PACKED bits_packed {
	unsigned int a : 5;
	int b : 30;
	unsigned long long c : 3;
	unsigned long long d : 60;
	int e : 17;
	unsigned short f;
	int g : 3;
};

struct bits_nested {
	char lead;
	struct {
		unsigned int inner_a : 4;
		int inner_b : 11;
		union {
			unsigned int inner_c : 9;
			int inner_d : 20;
		};
	};
	struct bits named[2];
	int tail : 6;
};

union bits_union {
	unsigned int a : 3;
	int b : 17;
	unsigned long long c : 50;
};

typedef int signed_word_t;
typedef const volatile unsigned int odd_word_t;

struct bits_typedef {
	signed_word_t a : 12;
	odd_word_t b : 12;
	volatile signed_word_t c : 7;
	const unsigned int d : 1;
};

/* ---- arrays ------------------------------------------------------------------ */

typedef int triple_t[3];
typedef triple_t pair_of_triples_t[2];

struct arrays {
	char bytes[5];
	int line[3];
	int plane[2][3];
	short box[2][3][4];
	long hyper[1][2][1][2];
	int *pointers[4];
	int (*to_line)[3];
	int (*to_plane)[2][3];
	const char *const names[2];
	triple_t triple;
	pair_of_triples_t triples;
	pair_of_triples_t more_triples[2];
	const triple_t const_triple;
	enum color colors[2];
	struct bits records[2];
	union bits_union unions[3];
};

struct zero_middle {
	int before;
	char nothing[0];
	int after;
	struct bits no_records[0];
	short zero_row[0][4];
	char last;
};

struct zero_tail {
	unsigned short count;
	long items[0];
};

struct flexible {
	unsigned char count;
	short items[];
};

struct flexible_records {
	int count;
	struct floats items[];
};

struct flexible_rows {
	int count;
	int rows[][3];
};

struct one_tail {
	int count;
	int items[1];
};

struct holds_flexible {
	int before;
	struct flexible last; /* an extension: the tail of the whole */
};

/* ---- structs and unions -------------------------------------------------------- */

struct empty {};

struct holds_empty {
	int before;
	struct empty nothing;
	int after;
};

union scalars {
	char c;
	int i;
	double d;
	void *p;
	char bytes[11];
};

struct anonymous {
	int first;
	union {
		int as_int;
		float as_float;
		struct {
			short low;
			struct {
				char high_a;
				char high_b;
			};
		};
	};
	struct {
		long inside;
		union {
			char deep;
			long deeper;
		};
	};
	struct {
		int x, y;
	} named;
	union {
		int u_int;
		char u_bytes[4];
	} named_union;
	struct {
		char key;
		int value;
	} table[3];
};

struct PACKED packed {
	char a;
	long b;
	short c;
	int d;
	struct anonymous e;
};

struct packed_member {
	char a;
	int b PACKED;
	char c;
	long d PACKED ALIGNED(2);
};

#pragma pack(push, 2)
struct pragma_packed {
	char a;
	int b;
	char c;
	long d;
};
#pragma pack(pop)

struct ALIGNED(64) aligned {
	char a;
	int b ALIGNED(16);
	char c;
};

struct holds_aligned {
	char before;
	struct aligned inside;
	char after;
	struct packed raw;
	struct packed snug ALIGNED(8);
};

union ALIGNED(32) aligned_union {
	char a;
	short b[3];
};

typedef int aligned_int_t ALIGNED(16);

struct holds_aligned_typedef {
	char before;
	aligned_int_t inside;
	char after;
};

typedef struct {
	int x;
	int y;
} point_t;

typedef union {
	int i;
	float f;
} either_t;

typedef struct tagged {
	point_t at;
	either_t what;
	struct tagged *next;
} tagged, *tagged_ptr, tagged_row[2];

/* The tag, the typedef and a member of one name. */
struct same {
	int same;
};
typedef struct same same;

/* ---- references ------------------------------------------------------------------ */

struct list {
	struct list *next;
	struct list **last;
	int value;
};

struct left;
struct right {
	struct left *left;
	struct right *self[2];
	int in_right;
};
struct left {
	struct right right;
	struct left *(*find)(struct left *from, const struct right *what);
};

struct tree {
	union {
		struct tree *child[2];
		struct {
			struct tree *less, *more;
		};
	};
	struct {
		struct tree *up;
	} links;
};

struct never_here;
union nor_here;
struct only_pointed_at {
	struct never_here *s;
	union nor_here *u;
	const struct never_here *const *deep;
#if HOSTED
	struct never_here (*returns)(void);
#else
	struct list (*returns)(void); /* nor does it take the above */
#endif
};

/* ---- typedefs and qualifiers -------------------------------------------------------- */

typedef unsigned int word_t;
typedef word_t count_t;
typedef count_t total_t;
typedef const total_t fixed_total_t;
typedef volatile fixed_total_t odd_total_t;
typedef void nothing_t;
typedef nothing_t *handle_t;
typedef struct never_here *opaque_t;
typedef struct list list_t;
typedef list_t *const list_end_t;

struct qualified {
	const int c;
	volatile int v;
	const volatile int cv;
	ATOMIC int a;
	ATOMIC unsigned char ab;
	volatile ATOMIC long va;
	ATOMIC_OF(int *) ap;
	int *ATOMIC pa;
	int *restrict r;
	const char *restrict cr;
	const volatile char *const volatile *restrict cvr;
	void *p;
	const void *cp;
	volatile void *vp;
	int ****four;
	const struct list *cs;
	volatile struct list vs;
	total_t total;
	odd_total_t odd;
	handle_t handle;
	opaque_t opaque;
	list_end_t end;
	const volatile list_t cvl;
	const int row[2];
	volatile enum color color;
};

/* ---- functions ------------------------------------------------------------------------ */

typedef int binary_fn(int left, int right);
typedef binary_fn *binary_ptr;
typedef int (*printf_like)(const char *format, ...);
typedef void (*handler_t)(int signal);
typedef handler_t (*set_handler)(int signal, handler_t handler);

struct functions {
	void (*none)(void);
	int (*one)(int);
	int (*unprototyped)();
	binary_fn *by_name;
	binary_ptr by_pointer;
	binary_ptr table[3];
	printf_like variadic;
	int (*(*returns_function)(char))(long);
	int (*(*returns_array)(void))[3];
	void (*takes_function)(int (*compare)(const void *, const void *), unsigned long);
	struct bits (*by_value)(struct floats, union scalars, enum color);
	void (*takes_arrays)(int plain[], int sized[5], int plane[][3], const triple_t named);
	void (*takes_qualified)(const int, volatile int, int *restrict, const char *const);
	set_handler set;
	struct functions *(*self)(struct functions *self, struct never_here *other);
	void (*const *volatile pointers)(void);
};

/* ---- what BTF's fields can't hold -------------------------------------------------------- */

#if HOSTED
/* In a struct with bitfields a member's place has 24 bits: up to 2 MiB. */
struct far_bits {
	char room[(2 << 20) - 4];
	unsigned int near : 5;
	unsigned int room_after : 27;
	unsigned int far : 5;
	int plain;
};

/* A size has 32 bits, a member's place 32 bits counted in bits. */
struct far_member {
	char room[768u << 20];
	int far;
};

struct too_big {
	char room[5ull << 30];
	int far;
};
#endif

#endif
