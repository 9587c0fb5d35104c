// accept
// Anonymous members are looked through, on both sides, however deep; a field may move into one or out.
#include "core.h"
#ifdef TARGET
struct s {
	u64 before;
	union { struct { u32 skip; int out; }; u64 whole; };
	int in;
	struct { struct { struct { int deep; }; }; const struct { int qualified; }; };
};
KEEP(struct s);
#else
struct s { int out; struct { union { int in; int other; }; }; int deep; int qualified; } CORE;
PROGRAM(struct s *s)
{
	ALL(s->out);
	ALL(s->in);
	ALL(s->deep);
	ALL(s->qualified);
	USE(EXISTS(s->other));
	USE(s->in);
	return 0;
}
#endif
