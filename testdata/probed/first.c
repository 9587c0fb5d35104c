/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Each of the two units has a `struct data` of its own, and a part of it that the other has, too. */
#include "part.h"

struct data {
	int a;
	int c;
	struct part part;
};

_Static_assert(__builtin_offsetof(struct data, c) == 4, "what the test expects");

__attribute__((noinline)) int first_add(struct data *data)
{
	return data->a + data->c + use(&data->part);
}
