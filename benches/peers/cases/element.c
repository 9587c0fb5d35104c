// accept
// An element of an array has an offset and a size, and may be asked for.
#include "core.h"
#ifdef TARGET
struct e { u64 more; u32 x; };
struct s { u64 before; struct e m[4]; u16 a[2][5]; };
KEEP(struct s);
#else
struct e { u32 x; };
struct s { u16 a[2][3]; struct e m[3]; } CORE;
PROGRAM(struct s *s)
{
	USE(OFFSET(s->a[1][2]));
	USE(SIZE(s->a[1][2]));
	USE(EXISTS(s->a[1][2]));
	USE(OFFSET(s->a[1]));
	USE(SIZE(s->a[1]));
	USE(OFFSET(s->m[2]));
	USE(SIZE(s->m[2]));
	USE(s->m[2].x);
	USE(s->a[1][2]);
	return 0;
}
#endif
