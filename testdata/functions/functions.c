// Functions of every kind, for tests of `btfkit function`: the compiler of the test's machine builds them.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct small { int a; float b; };
struct two { long a; double b; };
struct floats { float x, y, z; };
struct large { long a[5]; };

#define NOINLINE __attribute__((noinline, noclone))

static inline __attribute__((always_inline)) int twice(int x)
{
	return x * 2 + rand();
}

static inline __attribute__((always_inline)) int four_times(int x)
{
	return twice(twice(x));
}

NOINLINE long integers(int a, long b, char *c, short d, unsigned char e, void *f, int g, long h)
{
	return a + b + c[0] + d + e + !f + g + h + twice(a);
}

NOINLINE double numbers(double a, float b, int c, float d, double e, float f, double g, float h, double i, float j, double k)
{
	return a + b + c + d + e + f + g + h + i + j + k;
}

NOINLINE double structures(struct small a, struct two b, struct floats c, struct large d, struct small e, int f)
{
	return a.a + a.b + b.a + b.b + c.x + c.z + d.a[3] + e.a + f;
}

NOINLINE double extended(int a, long double b, struct large c, _Bool d, __int128 e)
{
	return a + b + c.a[0] + d + e;
}

NOINLINE struct large large_result(int a, struct two *b)
{
	struct large r = {{a, b->a, four_times(a)}};
	return r;
}

NOINLINE struct two small_result(int a, struct two *b)
{
	struct two r = {a, b->b};
	return r;
}

NOINLINE int variadic(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int first = va_arg(args, int);
	va_end(args);
	return first + format[0];
}

int plain(int x)
{
	return x + 1;
}

int alias_of_plain(int x) __attribute__((alias("plain")));

static int (*resolve(void))(int)
{
	return plain;
}

int chosen(int x) __attribute__((ifunc("resolve")));

static __attribute__((noinline)) int local(int x)
{
	return x + rand();
}

int main(int argc, char **argv)
{
	struct small s = {1, 2};
	struct two t = {1, 2};
	struct floats f = {1, 2, 3};
	struct large l = {{1}};
	long sum = integers(argc, 2, argv[0], 4, 5, argv, 7, 8) + numbers(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
		+ structures(s, t, f, l, s, 6) + extended(1, 2, l, 1, 5) + large_result(argc, &t).a[0] + small_result(argc, &t).a
		+ variadic("%d", 1) + alias_of_plain(1) + chosen(1) + local(argc);
	printf("%ld\n", sum);
	return 0;
}
