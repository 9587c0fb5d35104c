// accept
// TYPE_MATCHES, row by row.
#include "core.h"
#ifdef TARGET
struct fwd; union ufwd; struct full { int z; };
struct more { int b; int a; u64 c; };
struct fewer { int a; };
struct sign { unsigned a; };
struct width { u64 a; };
struct behind { struct fwd *p; struct full *q; union ufwd *u; };
struct array { int a[3]; };
struct longer { int a[4]; };
struct proto { int (*f)(int, struct full *); };
struct proto2 { int (*f)(int); };
struct inside { int x; struct { int a; }; };
struct flat { int a; };
struct floating { float f; };
struct tagged { int a___t; };
struct bits { u32 a : 3; };
enum names { A = 5, B, C }; enum lacks { D }; enum sized { E = 0x100000000LL };
union u { int a; float f; };
KEEP(struct more); KEEP(struct fewer); KEEP(struct sign); KEEP(struct width); KEEP(struct behind);
KEEP(struct array); KEEP(struct longer); KEEP(struct proto); KEEP(struct proto2); KEEP(struct inside);
KEEP(struct flat); KEEP(struct floating); KEEP(struct tagged); KEEP(struct bits); KEEP(union u);
KEEP(enum names); KEEP(enum lacks); KEEP(enum sized);
#else
struct fwd { int y; }; union ufwd { int y; }; struct full;
struct more { int a; int b; };
struct fewer { int a; int b; };
struct sign { int a; };
struct width { int a; };
struct behind { struct fwd *p; struct full *q; union ufwd *u; };
struct array { int a[3]; };
struct longer { int a[3]; };
struct proto { int (*f)(int, struct full *); };
struct proto2 { int (*f)(int, int); };
struct inside { struct { int a; }; };
struct flat { struct { int a; }; };
struct floating { float f; };
struct tagged { int a; };
struct bits { u32 a : 9; };
enum names { A, C }; enum lacks { D, F }; enum sized { E = 1 };
union u { int a; };
PROGRAM(void *s)
{
	USE(TYPE_MATCHES(struct more)); USE(TYPE_MATCHES(struct fewer)); USE(TYPE_MATCHES(struct sign));
	USE(TYPE_MATCHES(struct width)); USE(TYPE_MATCHES(struct behind)); USE(TYPE_MATCHES(struct array));
	USE(TYPE_MATCHES(struct longer)); USE(TYPE_MATCHES(struct proto)); USE(TYPE_MATCHES(struct proto2));
	USE(TYPE_MATCHES(struct inside)); USE(TYPE_MATCHES(struct flat)); USE(TYPE_MATCHES(struct floating));
	USE(TYPE_MATCHES(struct tagged)); USE(TYPE_MATCHES(struct bits)); USE(TYPE_MATCHES(union u));
	USE(TYPE_MATCHES(enum names)); USE(TYPE_MATCHES(enum lacks)); USE(TYPE_MATCHES(enum sized));
	return 0;
}
#endif
