// refuse
// Nor by how much to shift it.
#include "core.h"
#ifdef TARGET
struct s { int a[4]; };
KEEP(struct s);
#else
struct s { int a[3]; } CORE;
PROGRAM(struct s *s) { USE(RSHIFT(s->a[1])); return 0; }
#endif
