// refuse
// A load of half a field that has another width there.
#include "core.h"
#ifdef TARGET
struct s { u64 a; };
KEEP(struct s);
#else
struct s { u32 a; } CORE;
PROGRAM(struct s *s)
{
	u16 value;
	asm volatile("" : "=r"(value) : "0"(*(volatile u16 *)__builtin_preserve_access_index(&s->a)));
	return 0;
}
#endif
