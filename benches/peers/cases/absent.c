// accept
// No candidate at all: existence, size and id are 0, the rest is poison, in both slots of a 64-bit load.
#include "core.h"
#ifdef TARGET
KEEP(int);
#else
enum color { RED = 1 };
struct s { u32 a; u32 b : 5; } CORE;
PROGRAM(struct s *s)
{
	ALL(s->a);
	ALL(s->b);
	USE(s->a);
	USE(ID_LOCAL(struct s));
	USE(ID_TARGET(struct s));
	USE(TYPE_EXISTS(struct s));
	USE(TYPE_SIZE(struct s));
	USE(TYPE_MATCHES(struct s));
	USE(VALUE_EXISTS(enum color, RED));
	USE(VALUE(enum color, RED));
	return 0;
}
#endif
