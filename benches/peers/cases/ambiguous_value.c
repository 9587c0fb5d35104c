// refuse
// Two candidates that fit and differ in the answer.
#include "core.h"
#ifdef TARGET
struct s { int a; }; struct s___2 { unsigned a; };
KEEP(struct s); KEEP(struct s___2);
#else
struct s { int a; } CORE;
PROGRAM(struct s *s) { USE(SIGNED(s->a)); return 0; }
#endif
