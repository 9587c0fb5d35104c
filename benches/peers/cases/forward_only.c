// accept
// A forward declaration is no candidate, and hides none.
#include "core.h"
#ifdef TARGET
struct keep { struct a *a; struct b *b; };
struct b { u64 before; int x; };
KEEP(struct keep); KEEP(struct b);
#else
struct a { int x; } CORE;
struct b { int x; } CORE;
SEC("socket") int program(struct a *a, struct b *b)
{
	USE(EXISTS(a->x)); USE(b->x); USE(TYPE_EXISTS(struct a)); USE(TYPE_EXISTS(struct b));
	return 0;
}
#endif
