// accept
// Behind a pointer the path starts anew.
#include "core.h"
#ifdef TARGET
struct inner { u64 before; int x; };
struct s { u64 before; struct inner *p; struct inner v; };
KEEP(struct s); KEEP(struct inner);
#else
struct inner { int x; } CORE;
struct s { struct inner *p; struct inner v; } CORE;
PROGRAM(struct s *s)
{
	USE(s->p->x);
	USE(s->v.x);
	return 0;
}
#endif
