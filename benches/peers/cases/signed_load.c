// accept
// Of what is signed, floating or enumerated they don't: these are poison.
#include "core.h"
#ifdef TARGET
enum e { A = 0x100000000ULL };
struct s { u64 before; s64 a; u64 b; s64 c; double f; enum e e; s16 text[4]; char letter; struct { u64 z; } same; };
KEEP(struct s);
#else
enum e { A };
struct s { s32 a; s32 b; u32 c; float f; enum e e; s32 text[2]; u16 letter; struct { u64 z; } same; } CORE;
PROGRAM(struct s *s)
{
	USE(s->a); USE(s->b); USE(s->c); USE(*(u32 *)&s->f); USE(s->e); USE(s->text[1]); USE(s->letter);
	s->a = 1;
	USE(OFFSET(s->a)); USE(SIZE(s->f));
	return 0;
}
#endif
