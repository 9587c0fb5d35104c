// accept
// An array of no elements that isn't the last member has none to find.
#include "core.h"
#ifdef TARGET
struct s { u64 before; u16 tail[0]; u32 x; };
KEEP(struct s);
#else
struct s { u32 x; u16 tail[4]; } CORE;
PROGRAM(struct s *s)
{
	USE(EXISTS(s->tail[0]));
	USE(EXISTS(s->tail));
	USE(s->tail[1]);
	return 0;
}
#endif
