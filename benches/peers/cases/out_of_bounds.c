// accept
// An element that the target's array doesn't have is none.
#include "core.h"
#ifdef TARGET
struct s { int a[2]; int b[2][2]; };
KEEP(struct s);
#else
struct s { int a[4]; int b[2][4]; } CORE;
PROGRAM(struct s *s)
{
	USE(EXISTS(s->a[1]));
	USE(EXISTS(s->a[2]));
	USE(EXISTS(s->b[1][1]));
	USE(EXISTS(s->b[1][3]));
	USE(OFFSET(s->a[3]));
	return 0;
}
#endif
