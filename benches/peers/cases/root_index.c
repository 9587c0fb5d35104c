// accept
// The first number counts whole structures.
#include "core.h"
#ifdef TARGET
struct s { u64 before; int x; u64 after; };
KEEP(struct s);
#else
struct s { int x; } CORE;
PROGRAM(struct s *s)
{
	USE(OFFSET(s[3].x));
	USE(s[2].x);
	return 0;
}
#endif
