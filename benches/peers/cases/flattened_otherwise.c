// accept
// With another number of elements they don't match.
#include "core.h"
#ifdef TARGET
struct s { int m[7]; int n[2][3]; };
KEEP(struct s);
#else
struct s { int m[2][3]; int n[3][2]; } CORE;
PROGRAM(struct s *s)
{
	USE(EXISTS(s->m)); USE(EXISTS(s->m[1][2])); USE(EXISTS(s->n[1][1])); USE(EXISTS(s->n[2][1]));
	return 0;
}
#endif
