/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every type of kinds.h in the debug info of one unit, and functions of every kind. */
#include "kinds.h"
#include "keep.h"

static __attribute__((noinline, used)) int static_function(int left, int right)
{
	return left - right;
}

__attribute__((noinline)) int variadic_function(const char *format, ...)
{
	return format[0];
}

__attribute__((noinline)) void no_result(void)
{
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) struct floats by_value(struct floats f, enum color c, point_t at)
{
	f.single += c + at.x;
	return f;
}

__attribute__((noinline)) int arrays_of_length(int n, int row[n], int plane[n][n], int (*pointer)[n])
{
	int local[n];

	local[n - 1] = row[0] + plane[1][0] + (*pointer)[0];
	__asm__ volatile("" : : "r"(local) : "memory");
	return local[n - 1];
}

/* A type of the same name as another, and one of this function's own. */
__attribute__((noinline)) long local_types(long seed)
{
	struct list {
		long weight;
		char text[8];
	} list = { seed, "local" };
	struct in_function {
		int here;
		struct list *list;
	} in_function = { 1, &list };

	__asm__ volatile("" : : "r"(&in_function) : "memory");
	return list.weight + in_function.here;
}

int main(void)
{
	int row[2] = { 1, 2 }, plane[2][2] = { { 1, 2 }, { 3, 4 } };
	struct floats f = by_value(floats, RED, point);

	no_result();
	return variadic_function("", row) + arrays_of_length(2, row, plane, &row) + (int)local_types(0) +
	       static_function(1, 2) + file_local + per_thread + (int)f.single;
}

