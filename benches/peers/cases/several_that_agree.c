// accept
// Several candidates are fine where they agree; a load's width is the first one's.
#include "core.h"
#ifdef TARGET
struct s { u64 before; u32 a; }; struct s___2 { u64 before; u16 a; u8 b; }; struct s___3 { float a; };
KEEP(struct s); KEEP(struct s___2); KEEP(struct s___3);
#else
struct s { u16 a; u8 b; } CORE;
PROGRAM(struct s *s) { USE(s->a); USE(EXISTS(s->a)); return 0; }
#endif
