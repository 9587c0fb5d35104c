// accept
// Bitfields: the storage is aligned, and widened until the field fits.
#include "core.h"
#ifdef TARGET
struct s { u64 before; u8 a : 3; u8 b : 5; u32 c : 20; s64 d : 40; u32 whole; s16 e : 9; int : 4; u32 f : 1; };
struct p { u8 skip; u32 a : 30; u32 b : 10; u32 c : 16; u64 d : 33; } PACKED;
KEEP(struct s); KEEP(struct p);
#else
struct s { u32 a : 8; s32 b : 8; u32 c : 8; u32 d : 8; u32 whole : 16; s32 e; u32 f : 2; } CORE;
struct p { u32 a : 8; u32 b : 8; u32 c : 8; u64 d : 8; } CORE;
SEC("socket") int program(struct s *s, struct p *p)
{
	ALL(s->a); ALL(s->b); ALL(s->c); ALL(s->d); ALL(s->whole); ALL(s->e); ALL(s->f);
	ALL(p->a); ALL(p->b); ALL(p->c); ALL(p->d);
	return 0;
}
#endif
