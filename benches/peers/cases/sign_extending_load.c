// accept -mcpu=v4
// A load that extends the sign, and a store of an immediate.
#include "core.h"
#ifdef TARGET
struct s { u64 before; s32 a; s16 b; s64 c; };
KEEP(struct s);
#else
struct s { s32 a; s16 b; s32 c; } CORE;
SEC("socket") long program(struct s *s)
{
	USE((long)s->a); USE((long)s->b); USE((long)s->c);
	s->a = 5;
	return 0;
}
#endif
