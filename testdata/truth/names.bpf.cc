// SPDX-License-Identifier: Apache-2.0 OR MIT
// A BPF program in C++, whose BTF has names without their namespace.
#define SEC(name) __attribute__((section(name), used))

namespace ns {
template <typename T> struct Foo {
	int a;
	T v;
};
struct Bar {
	long x;
	Foo<long> f;
};
}

extern "C" {
SEC("uprobe/x") long x(ns::Bar *bar)
{
	return *(long *)__builtin_preserve_access_index(&bar->x);
}

SEC("uprobe/v") long v(ns::Foo<long> *foo)
{
	return *(long *)__builtin_preserve_access_index(&foo->v);
}
}
