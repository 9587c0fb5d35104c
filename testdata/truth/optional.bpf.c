// SPDX-License-Identifier: Apache-2.0 OR MIT
// Two programs that a loader leaves out by default, one with an ambiguous type and one with a type that isn't there.
#define CORE __attribute__((preserve_access_index))
#define SEC(name) __attribute__((section(name), used))

struct fine {
	int x;
	long y;
} CORE;
struct twice {
	int a;
	long b;
} CORE;
struct gone {
	int q;
} CORE;

SEC("uprobe/on") long on(struct fine *fine)
{
	return fine->y;
}

SEC("?uprobe/twice") long of_twice(struct twice *twice)
{
	return twice->b;
}

SEC("?uprobe/gone") long of_gone(struct gone *gone)
{
	return gone->q;
}
