// accept
// Relocations in functions that programs share, and in two programs of one section.
#include "core.h"
#ifdef TARGET
struct s { u64 before; int a; int b; };
KEEP(struct s);
#else
struct s { int b; int a; } CORE;
NOINLINE static int first(struct s *s) { USE(s->a); return s->b; }
NOINLINE int second(struct s *s) { USE(s->b); return first(s) + s->a; }
SEC("socket") int program(struct s *s) { return second(s) + s->a; }
SEC("socket") int another(struct s *s) { USE(OFFSET(s->b)); return first(s); }
SEC("xdp") int other(struct s *s) { return second(s) + s->b; }
#endif
