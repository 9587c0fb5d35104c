// accept
// A field that only one candidate has decides for the fields after it.
#include "core.h"
#ifdef TARGET
struct s { int c; int b; }; struct s___2 { u64 before; int b; };
KEEP(struct s); KEEP(struct s___2);
#else
struct s { int b; int c; } CORE;
PROGRAM(struct s *s) { USE(s->c); USE(s->b); return 0; }
#endif
