// accept
// A typedef is found by its own name, and only among typedefs.
#include "core.h"
#ifdef TARGET
typedef struct { u64 before; int a; } s_t;
struct u_t { int a; };
typedef int i_t;
KEEP(s_t); KEEP(struct u_t); KEEP(i_t);
#else
typedef struct { int a; } s_t;
typedef struct { int a; } u_t;
typedef u64 i_t;
PROGRAM(void *s)
{
	USE(TYPE_SIZE(s_t));
	USE(TYPE_EXISTS(s_t));
	USE(ID_TARGET(s_t));
	USE(TYPE_MATCHES(s_t));
	USE(TYPE_EXISTS(u_t));
	USE(TYPE_SIZE(i_t));
	USE(TYPE_MATCHES(i_t));
	return 0;
}
#endif
