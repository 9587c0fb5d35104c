// accept
// A flexible array has no bound, as the last member; nor has one of no elements.
#include "core.h"
#ifdef TARGET
struct a { u64 before; u16 tail[]; };
struct b { u64 before; u16 tail[0]; };
struct c { u64 before; u16 tail[9]; };
KEEP(struct a); KEEP(struct b); KEEP(struct c);
#else
struct a { u16 tail[0]; } CORE;
struct b { u32 x; u16 tail[]; } CORE;
struct c { u32 x; u16 tail[]; } CORE;
SEC("socket") int program(struct a *a, struct b *b, struct c *c)
{
	USE(a->tail[5]);
	USE(b->tail[5]);
	USE(c->tail[5]);
	USE(EXISTS(c->tail[8]));
	USE(EXISTS(c->tail[9]));
	return 0;
}
#endif
