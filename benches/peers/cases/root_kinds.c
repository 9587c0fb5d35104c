// accept
// A structure is never a union, a forward declaration or a typedef.
#include "core.h"
#ifdef TARGET
union a { int x; };
struct b;
typedef struct { int x; } c;
struct keep { struct b *b; };
KEEP(union a); KEEP(struct keep); KEEP(c);
#else
struct a { int x; } CORE;
struct b { int x; } CORE;
struct c { int x; } CORE;
SEC("socket") int program(struct a *a, struct b *b, struct c *c)
{
	USE(EXISTS(a->x));
	USE(EXISTS(b->x));
	USE(EXISTS(c->x));
	USE(TYPE_EXISTS(struct a));
	USE(TYPE_EXISTS(struct b));
	USE(TYPE_EXISTS(struct c));
	return 0;
}
#endif
