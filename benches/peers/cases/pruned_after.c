// twin
// A field that only one candidate has decides for the fields before it, too, though libbpf finds these
// ambiguous. The twin has that candidate only.
#include "core.h"
#ifdef TARGET
struct s { int c; int b; };
KEEP(struct s);
#ifndef TWIN
struct s___2 { u64 before; int b; };
KEEP(struct s___2);
#endif
#else
struct s { int b; int c; } CORE;
PROGRAM(struct s *s) { USE(s->b); USE(s->c); return 0; }
#endif
