// Values of every shape, which the compiler stores in .data and gdb prints. Nothing of it depends on the byte order, save
// what is inside of #ifndef PORTABLE.

#include <stdbool.h>
#include <stdint.h>

enum plain { ZERO, ONE, TWO, THREE, FIVE = 5 };
enum flags { READ = 1, WRITE = 2, EXEC = 4, APPEND = 0x80 };
enum negative { BELOW = -3, LEVEL = 0, ABOVE = 3 };
enum wide { SMALL = 1, LARGE = 0x100000000ull };
enum high { LOW = 0, HIGH = 0xffffffffu };
enum __attribute__((packed)) tiny { LITTLE = 1, MUCH = 200 };

struct ints {
	int8_t i8; int16_t i16; int32_t i32; int64_t i64;
	uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64;
	char c; signed char sc; unsigned char uc; long l; unsigned long ul;
	bool yes, no;
};
struct ints least = {INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN, 0, 0, 0, 0, 0, -1, 1, -1, 1, true, false};
struct ints most = {INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX,
		    'z', 127, 255, 1l << 20, 0xffffffff, false, true};
struct ints some = {-1, -2, -3, -4, 1, 2, 3, 4, '\n', 'a', 'b', 5, 6, true, true};

struct quotes { char single, quote, back, tab, bell, escape, del, null, high; };
struct quotes quotes = {'\'', '"', '\\', '\t', '\a', 27, 127, 0, '\x80'};

struct bits {
	unsigned a : 1, b : 3, c : 7, d : 32;
	int e : 2, f : 5, g : 31;
	uint64_t h : 33, i : 5; int64_t j : 11;
	bool k : 1;
	enum plain l : 3; enum flags m : 8; enum negative n : 4;
	unsigned char o : 3; signed char p : 3;
	uint64_t : 0; uint64_t q : 64; int64_t r : 63;
};
struct bits set = {1, 5, 100, 0xdeadbeef, -2, -16, -0x40000000, 0x1ffffffff, 31, -1024, 1, TWO, READ | APPEND, BELOW, 7, -4,
		   0x123456789abcdef0, -1};
struct bits unset;
struct bits mixed = {0, 2, 3, 1, 1, 15, 0x3fffffff, 1, 16, 1023, 0, FIVE, 0x41, ABOVE, 1, 3, 1, 0x3fffffffffffffff};

struct __attribute__((packed)) packed_bits { uint8_t before; uint64_t a : 37; int32_t b : 23; uint16_t c : 9, d : 11; uint32_t after; };
struct packed_bits packed_bits = {0xab, 0x1234567890, -4194304, 0x155, 0x7ff, 0xfeedface};

struct enums { enum plain plain; enum flags flags; enum negative negative; enum wide wide; enum high high; enum tiny tiny; };
struct enums named = {THREE, EXEC, BELOW, LARGE, HIGH, MUCH};
struct enums unnamed = {7, READ | EXEC, -2, 2, 5, 3};
struct enums odd = {4, WRITE | 0x40, 2, SMALL, LOW, LITTLE};
struct enums none;
enum flags all_flags = READ | WRITE | EXEC | APPEND, unknown_flag = 0x10;

struct floats { float a, b, c, d; double e, f, g, h; };
struct floats floats = {3.14f, -0.0f, 1e30f, 1.17549435e-38f, 3.14, -0.0, 1e300, 4.9406564584124654e-324};
struct floats specials = {1.0f / 3, 16777216.0f, 1e-10f, 123456.789f, 1.0 / 3, 9007199254740993.0, 1e-300, 0.1};

struct text { char whole[5]; char part[8]; char none[4]; char lines[3][6]; signed char numbers[3]; uint8_t bytes[6]; };
struct text text = {"whole", "part", "", {"one", "two", "three"}, {-1, 0, 1}, {0xde, 0xad, 0xbe, 0xef, 0, 1}};
struct text escapes = {"a\"b\\c", "\a\b\f\n\r\t\v", "\x1b[m", {"\x01" "2", "\377\376", "\xc3\xa9t\xc3\xa9"}, {0}, {0}};

struct point { int x, y; };
struct line { struct point from, to; struct point *next; };
struct nested {
	struct line lines[2];
	struct { int a; struct { int b; }; union { int c; unsigned char d[4]; }; };
	struct { short e; } inner;
	union { uint32_t word; struct { uint32_t low : 4, high : 28; } parts; } either;
	const volatile struct point fixed;
};
struct nested nested = {
	.lines = {{{1, 2}, {3, 4}, 0}, {{-1, -2}, {-3, -4}, 0}}, .a = 5, .b = 6, .c = 0, .inner = {7}, .either = {0}, .fixed = {8, 9},
};

union number { int32_t i; uint32_t u; float f; };
union number number = {.f = 1.5f};

int matrix[2][3][2] = {{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}};
struct point points[3] = {{1, -1}, {2, -2}, {3, -3}};
char message[] = "hello, world\n";
typedef struct point point_t;
typedef point_t pair_t[2];
const pair_t pairs[2] = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
int zeros[4];
_Bool truth = 1;
double alone = 2.5;
char letter = 'x';

struct empty {};
struct with_empty { int a; struct empty nothing; int b; };
struct with_empty with_empty = {1, {}, 2};

struct comm { char name[16]; uint32_t pid; };
struct event { uint64_t time; struct comm from; uint8_t state : 2, kind : 6; union { struct { uint16_t port; uint8_t address[4]; } v4; uint8_t raw[16]; } peer; };
struct event events[2] = {
	{1700000000000000000, {"nginx: worker", 4242}, 2, 33, {.v4 = {0x5050, {10, 0, 0, 1}}}},
	{1, {"sixteen letters!", 1}, 3, 0, {.raw = {1, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}},
};

#ifdef __SIZEOF_INT128__
__int128 negative_128 = -5;
unsigned __int128 small_128 = 0xffffffffffffffffull;
#endif

#ifndef PORTABLE
int function(void) { return 0; }
struct pointers { void *null; int *to_int; const char *text; int (*call)(void); struct point *points[2]; };
struct pointers pointers = {0, zeros, "text", function, {points, points + 1}};
struct pointers *to_pointers = &pointers;
struct long_doubles { long double a, b, c, d; };
struct long_doubles long_doubles = {3.14L, 1.5L, -1e4000L, 0};
_Float16 half = 1.5f16;
int main(void) { return 0; }
#endif
