// accept
// What is a flavor and what only looks like one.
#include "core.h"
#ifdef TARGET
struct a { u64 before; int x; };
struct b { u64 before; int x; };
struct c { u64 before; int x; };
struct d___e { u64 before; int x; };
struct f { u64 before; int x; };
struct g___target { u64 before; int x; };
enum e { ONE___now = 11, TWO = 12 };
KEEP(struct a); KEEP(struct b); KEEP(struct c); KEEP(struct d___e); KEEP(struct f); KEEP(struct g___target);
KEEP(enum e);
#else
struct a___one { int x; } CORE;
struct b____two { int x; } CORE;
struct c___ { int x; } CORE;
struct d___e___three { int x; } CORE;
struct f___g____h { int x; } CORE;
struct g { int x; } CORE;
struct ___g { int x; } CORE;
enum e { ONE = 1, TWO___then = 2 };
SEC("socket") int program(struct a___one *a, struct b____two *b, struct c___ *c, struct d___e___three *d,
			  struct f___g____h *f)
{
	USE(a->x);
	USE(b->x);
	USE(c->x);
	USE(d->x);
	USE(f->x);
	USE(VALUE(enum e, ONE));
	USE(VALUE(enum e, TWO___then));
	return 0;
}
SEC("socket") int second(struct g *g, struct ___g *h)
{
	USE(g->x);
	USE(h->x);
	return 0;
}
#endif
