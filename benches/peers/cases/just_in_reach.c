// accept
// And an addition reaches everything.
#include "core.h"
#ifdef TARGET
struct s { u8 before[32764]; u8 more[3]; u8 a; int far; } PACKED;
KEEP(struct s);
#else
struct s { u8 a; int far; } CORE;
PROGRAM(struct s *s) { USE(s->a); USE(OFFSET(s->far)); return 0; }
#endif
