// SPDX-License-Identifier: Apache-2.0 OR MIT
// Types whose names are qualified in every way: both units of the program have them.

namespace ns {

struct Foo {
	int a;
	struct In {
		int z;
		struct Deeper {
			long value;
			In *around;
		} deeper;
	} in;
	enum class E { A, B } e;
	union U {
		int q;
		float f;
	} u;
};

namespace deep {

class Bar {
public:
	int b;
	Foo f;
	Foo::In *in;
};

} // namespace deep

} // namespace ns

template <class T> struct Al {
	using type = T;
	typedef T *ptr;
	T t;
};

struct Outer {
	Al<int> a;
	Al<int>::type x;
	Al<int>::ptr p;
	Al<ns::Foo::In> of_in;
	Al<ns::Foo::In>::type *y;
	Al<ns::Foo::In>::ptr q;
};
