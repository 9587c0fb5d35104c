// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "names.h"

ns::Foo other_foo;
ns::deep::Bar other_bar;
Outer other_outer;
ns::Foo::In::Deeper deeper;

int look() { return other_foo.a + other_bar.b + other_outer.x; }
