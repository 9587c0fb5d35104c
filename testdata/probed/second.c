/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "part.h"

struct data {
	int a;
	char room[20];
	int c;
	struct part part;
};

_Static_assert(__builtin_offsetof(struct data, c) == 24, "what the test expects");

__attribute__((noinline)) int use(struct part *part)
{
	return part->number;
}

__attribute__((noinline)) int second_add(struct data *data)
{
	return data->a + data->c + use(&data->part);
}

int main(void)
{
	struct data data = {.a = 1, .c = 2};

	return second_add(&data) + first_add((struct data *)&data.part);
}
