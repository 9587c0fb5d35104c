// twin
// An array with its dimensions flattened matches one that has them. The twin has them.
#include "core.h"
#ifdef TARGET
#ifdef TWIN
struct s { u64 before; int m[2][3]; u16 c[2][3][4]; };
#else
struct s { u64 before; int m[6]; u16 c[24]; };
#endif
KEEP(struct s);
#else
struct s { int m[2][3]; u16 c[2][3][4]; } CORE;
PROGRAM(struct s *s)
{
	USE(OFFSET(s->m)); USE(SIZE(s->m)); USE(EXISTS(s->m));
	USE(s->m[1][2]); USE(OFFSET(s->m[1])); USE(SIZE(s->m[1]));
	USE(s->c[1][2][3]); USE(SIZE(s->c[1])); USE(OFFSET(s->c[1][1]));
	return 0;
}
#endif
