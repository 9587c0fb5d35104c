// accept
// An enumeration may become a wide one, and back.
#include "core.h"
#ifdef TARGET
enum narrow { NA = 0x123456789aLL, NB = 5 };
enum wide { WA = 7, WB = 8 };
KEEP(enum narrow); KEEP(enum wide);
#else
enum narrow { NA = 1, NB = 2 };
enum wide { WA = 0x1000000000LL, WB = -1 };
PROGRAM(void *s)
{
	USE(VALUE(enum narrow, NA));
	USE(VALUE(enum narrow, NB));
	USE(VALUE(enum wide, WA));
	USE(VALUE(enum wide, WB));
	USE(VALUE_EXISTS(enum wide, WB));
	USE(TYPE_EXISTS(enum wide));
	USE(TYPE_SIZE(enum narrow));
	USE(TYPE_MATCHES(enum wide));
	USE(TYPE_MATCHES(enum narrow));
	return 0;
}
#endif
