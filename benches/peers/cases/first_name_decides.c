// accept
// The first member of the name decides, even where it is of the wrong type and a later one isn't.
#include "core.h"
#ifdef TARGET
struct s { struct { float x; } named; union { struct { float y; }; struct { int z; }; }; int later; };
KEEP(struct s);
#else
struct s { int y; int z; int later; } CORE;
PROGRAM(struct s *s)
{
	USE(EXISTS(s->y));
	USE(EXISTS(s->z));
	USE(EXISTS(s->later));
	return 0;
}
#endif
