/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The first build of the program: what probe.bpf.c was compiled against. */
#include "../include/host_min.h"

struct data {
	int a;
	int c;
	int d;
};

__attribute__((noinline)) int add_test(struct data *d)
{
	__asm__ volatile("" ::: "memory");
	return d->a + d->c;
}

int main(void)
{
	struct data d = { .a = 17, .c = -4242, .d = 1000003 };

	printf("a=%d c=%d\n", d.a, d.c);
	fflush(0);
	wait_for_line();
	printf("sum=%d\n", add_test(&d));
	return 0;
}
