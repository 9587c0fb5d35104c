// twin
// Candidates that differ in nothing but a field's size agree; libbpf loads what the first one has, btfkit
// what the one has that is left in the end. The twin has that candidate only.
#include "core.h"
#ifdef TARGET
#ifndef TWIN
struct s { u64 before; u16 a; };
KEEP(struct s);
#endif
struct s___2 { u64 before; u64 a; u32 b; };
KEEP(struct s___2);
#else
struct s { u32 a; u32 b; } CORE;
PROGRAM(struct s *s) { USE(s->a); USE(s->b); return 0; }
#endif
