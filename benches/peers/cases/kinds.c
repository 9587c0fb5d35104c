// accept
// All thirteen kinds, each with another answer than here.
#include "core.h"
#ifdef TARGET
enum color { GREEN = 3, RED = 7 };
struct s { u64 before; s64 a; u32 b : 3; u32 c : 9; };
KEEP(struct s); KEEP(enum color);
#else
enum color { RED = 1, GREEN = 2 };
struct s { u32 a; u32 b : 5; u32 c : 5; } CORE;
PROGRAM(struct s *s)
{
	ALL(s->a);
	ALL(s->b);
	ALL(s->c);
	USE(ID_LOCAL(struct s));
	USE(ID_TARGET(struct s));
	USE(TYPE_EXISTS(struct s));
	USE(TYPE_SIZE(struct s));
	USE(TYPE_MATCHES(struct s));
	USE(VALUE_EXISTS(enum color, RED));
	USE(VALUE(enum color, RED));
	USE(VALUE(enum color, GREEN));
	return 0;
}
#endif
