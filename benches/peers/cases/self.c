// accept
// Against its own types a program stays as it is.
#include "core.h"
enum e { A = 1, B = 0x123456789LL };
struct s { u8 a; u16 b[2][3]; u32 c : 3; s64 d; struct { void *e; }; float f[2]; } CORE;
#ifdef TARGET
KEEP(struct s); KEEP(enum e);
#else
PROGRAM(struct s *s)
{
	ALL(s->a); USE(OFFSET(s->b)); USE(SIZE(s->b)); ALL(s->c); ALL(s->d); USE(OFFSET(s->e)); USE(OFFSET(s->f)); USE(SIZE(s->f));
	USE(s->b[1][2]); USE(s->d); USE(TYPE_SIZE(struct s)); USE(VALUE(enum e, B)); USE(TYPE_MATCHES(struct s));
	return 0;
}
#endif
