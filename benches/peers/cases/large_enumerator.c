// twin
// An unsigned 32-bit enumerator of 2^31 and more keeps its value. The twin's is of 64 bits.
#include "core.h"
#ifdef TWIN
#define WIDE , WIDE = 0x100000000ULL
#else
#define WIDE
#endif
#ifdef TARGET
enum e { A = 0xfffffff0u, B = 0x80000000u, C = 1 WIDE };
KEEP(enum e);
#else
enum e { A = 0x80000000u, B = 0xffffffffu, C = 2 WIDE };
PROGRAM(void *s)
{
	USE(VALUE(enum e, A)); USE(VALUE(enum e, B)); USE(VALUE(enum e, C));
	return 0;
}
#endif
