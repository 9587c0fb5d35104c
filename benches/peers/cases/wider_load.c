// accept
// Loads and stores of pointers and unsigned integers follow the target's width.
#include "core.h"
#ifdef TARGET
struct s { u64 before; u8 a; u16 b; u64 c; u32 d; _Bool flag; u8 text[8]; u16 grid[2][2]; };
KEEP(struct s);
#else
struct s { u32 a; u64 b; u16 c; u8 d; u32 flag; u32 text[4]; u8 grid[2][2]; } CORE;
PROGRAM(struct s *s)
{
	USE(s->a); USE(s->b); USE(s->c); USE(s->d); USE(s->flag); USE(s->text[1]); USE(s->grid[1][1]);
	s->a = 7; s->b = (u64)s; s->c = 3; s->d = (u8)(u64)s;
	return 0;
}
#endif
