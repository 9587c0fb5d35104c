// refuse
// What has no name can't be looked for: the enumeration's values are asked of the enumeration itself.
#include "core.h"
#ifdef TARGET
KEEP(int);
#else
enum { A = 3 } value;
PROGRAM(void *s) { USE(__builtin_preserve_enum_value(*(typeof(value) *)A, 1)); return 0; }
#endif
