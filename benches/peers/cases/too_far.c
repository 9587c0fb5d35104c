// refuse
// A load reaches 32,767 bytes.
#include "core.h"
#ifdef TARGET
struct s { u8 before[32768]; int a; };
KEEP(struct s);
#else
struct s { int a; } CORE;
PROGRAM(struct s *s) { USE(s->a); return 0; }
#endif
