// accept
// 64-bit values in 64-bit loads; negative ones keep their sign.
#include "core.h"
#ifdef TARGET
enum e { A = 0x7fffffff12345678LL, B = -5, C = 3 };
enum n { N = -77 };
KEEP(enum e); KEEP(enum n);
#else
enum e { A = 0x1000000000LL, B = -1, C = 1 };
enum n { N = -1 };
PROGRAM(void *s)
{
	USE(VALUE(enum e, A)); USE(VALUE(enum e, B)); USE(VALUE(enum e, C)); USE(VALUE(enum n, N));
	return 0;
}
#endif
