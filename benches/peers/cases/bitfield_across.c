// refuse
// One that lies across 8 bytes can't be loaded at once.
#include "core.h"
#ifdef TARGET
struct s { u8 skip; u64 a : 60; } PACKED;
KEEP(struct s);
#else
struct s { u64 a : 60; } CORE;
PROGRAM(struct s *s) { USE(OFFSET(s->a)); return 0; }
#endif
