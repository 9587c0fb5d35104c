// accept
// A long path, each step elsewhere.
#include "core.h"
#ifdef TARGET
struct c { u64 x; u16 y[5]; };
struct b { u8 z; struct { struct c c[6]; }; };
struct a { u64 before; union { u32 w; struct b b; }; };
KEEP(struct a);
#else
struct c { u16 y[4]; };
struct b { struct c c[3]; };
struct a { struct b b; } CORE;
PROGRAM(struct a *a)
{
	USE(a->b.c[2].y[3]); USE(OFFSET(a->b.c[1])); USE(SIZE(a->b.c)); USE(EXISTS(a->b.c[2].y[3]));
	return 0;
}
#endif
