// accept
// TYPE_EXISTS, by what is behind a typedef.
#include "core.h"
#ifdef TARGET
typedef u64 ints; typedef float floats; typedef double *float_pointers; typedef int pointers; typedef u8 arrays[9];
typedef int (*same)(int, void *); typedef int (*fewer)(int); typedef int (*other)(float); typedef void (*result)(int);
typedef struct x { int a; } structs; typedef enum { E } enums; typedef int *nested;
typedef int (*deep)(int (*)(int (*)(u64)));
KEEP(ints); KEEP(floats); KEEP(float_pointers); KEEP(pointers); KEEP(arrays);
KEEP(same); KEEP(fewer); KEEP(other); KEEP(result); KEEP(structs); KEEP(enums); KEEP(nested); KEEP(deep);
#else
typedef int ints; typedef float floats; typedef int *float_pointers; typedef int *pointers; typedef u8 arrays[2];
typedef int (*same)(u64, char *); typedef int (*fewer)(int, int); typedef int (*other)(int); typedef int (*result)(int);
typedef struct y { u64 b; } structs; typedef enum { E = 1 } enums; typedef int **nested;
typedef int (*deep)(int (*)(int (*)(int)));
PROGRAM(void *s)
{
	USE(TYPE_EXISTS(ints)); USE(TYPE_EXISTS(floats)); USE(TYPE_EXISTS(float_pointers));
	USE(TYPE_EXISTS(pointers)); USE(TYPE_EXISTS(arrays)); USE(TYPE_EXISTS(same)); USE(TYPE_EXISTS(fewer));
	USE(TYPE_EXISTS(other)); USE(TYPE_EXISTS(result)); USE(TYPE_EXISTS(structs)); USE(TYPE_EXISTS(enums));
	USE(TYPE_EXISTS(nested)); USE(TYPE_EXISTS(deep));
	USE(TYPE_SIZE(ints)); USE(TYPE_SIZE(arrays)); USE(TYPE_SIZE(structs)); USE(TYPE_SIZE(pointers));
	return 0;
}
#endif
