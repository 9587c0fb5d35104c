// refuse
// An element can't be asked whether it is signed.
#include "core.h"
#ifdef TARGET
struct s { int a[4]; };
KEEP(struct s);
#else
struct s { int a[3]; } CORE;
PROGRAM(struct s *s) { USE(SIGNED(s->a[1])); return 0; }
#endif
