// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "names.h"

// Only here.
namespace ns {
struct One {
	Foo::E e;
	deep::Bar *bar;
};
} // namespace ns

ns::Foo foo;
ns::deep::Bar bar;
Outer outer;
ns::One one;

int look();

extern "C" void _start() {
	bar.b = look();
	for (;;)
		;
}
