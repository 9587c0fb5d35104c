// refuse
// An element that the program's own array doesn't have is a mistake.
#include "core.h"
#ifdef TARGET
struct s { int a[9]; };
KEEP(struct s);
#else
struct s { int a[4]; int b; } CORE;
PROGRAM(struct s *s) { USE(OFFSET(s->a[5])); return 0; }
#endif
