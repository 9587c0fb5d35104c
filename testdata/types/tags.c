// SPDX-License-Identifier: Apache-2.0 OR MIT
// What can be tagged. The same source makes a program and a BPF object, whose `.BTF` is clang's own.

#define TYPE(text) __attribute__((btf_type_tag(text)))
#define DECL(text) __attribute__((btf_decl_tag(text)))

struct plain {
	int value;
};

struct tagged {
	int first;
	int second DECL("second member");
	unsigned int bits : 3 DECL("bits");
	struct plain TYPE("user") *user;
	const struct plain TYPE("rcu") *constant;
	int TYPE("one") TYPE("two") *both;
	int TYPE("inner") *TYPE("outer") *levels;
	void TYPE("nothing") *nothing DECL("last") DECL("twice");
} DECL("whole") DECL("whole again");

union choice {
	int number DECL("number");
	float other;
} DECL("choice");

typedef struct tagged tagged_t DECL("typedef");
typedef int TYPE("in typedef") *pointer_t;

tagged_t variable DECL("variable") = {.first = 1};
union choice chosen;
pointer_t pointer;

__attribute__((used, noinline)) int look(struct tagged *one, int two, char TYPE("user") *three) DECL("function");
int look(struct tagged *one, int two DECL("parameter"), char TYPE("user") *three)
{
	return one->first + two + *three;
}

#ifndef __bpf__
int main(void)
{
	return look(&variable, chosen.number, (char *)pointer);
}
#endif
