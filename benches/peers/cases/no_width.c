// refuse
// A load of a field that is 16 bytes there.
#include "core.h"
#ifdef TARGET
struct s { unsigned __int128 a; };
KEEP(struct s);
#else
struct s { u64 a; } CORE;
PROGRAM(struct s *s) { USE(s->a); return 0; }
#endif
