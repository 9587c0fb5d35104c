// accept
// Which types may stand for which in a field.
#include "core.h"
#ifdef TARGET
enum e1 { A1 }; enum e2 { A2 }; enum e3___x { A3 };
struct inner { int x; };
struct s {
	u64 before;
	u8 int_int; u64 *ptr_ptr; float int_float; double float_float; int ptr_int; void *int_ptr;
	enum e1 enum_same; enum e2 enum_other; enum e3___x enum_flavor; enum { N } enum_anonymous; int enum_int;
	union { int x; } struct_union; int struct_int; struct inner int_struct;
	s8 array_array[3]; void *array_ptr[2]; int array_int; int int_array[2];
	const volatile int qualified; int (*function)(void);
};
KEEP(struct s);
#else
enum e1 { A1 }; enum e9 { A2 }; enum e3 { A3 };
typedef int t1; typedef t1 t2;
struct s {
	int int_int; void *ptr_ptr; int int_float; float float_float; void *ptr_int; int int_ptr;
	enum e1 enum_same; enum e9 enum_other; enum e3 enum_flavor; enum e9 enum_anonymous; enum e1 enum_int;
	struct { int y; } struct_union; struct { int z; } struct_int; int int_struct;
	u64 array_array[2]; int array_ptr[2]; int array_int[2]; int int_array;
	t2 qualified; void (*function)(int);
} CORE;
PROGRAM(struct s *s)
{
	USE(OFFSET(s->int_int)); USE(OFFSET(s->ptr_ptr)); USE(OFFSET(s->int_float));
	USE(OFFSET(s->float_float)); USE(OFFSET(s->ptr_int)); USE(OFFSET(s->int_ptr));
	USE(OFFSET(s->enum_same)); USE(OFFSET(s->enum_other)); USE(OFFSET(s->enum_flavor));
	USE(OFFSET(s->enum_anonymous)); USE(OFFSET(s->enum_int)); USE(OFFSET(s->struct_union));
	USE(OFFSET(s->struct_int)); USE(OFFSET(s->int_struct)); USE(OFFSET(s->array_array));
	USE(OFFSET(s->array_ptr)); USE(OFFSET(s->array_int)); USE(OFFSET(s->int_array));
	USE(OFFSET(s->qualified)); USE(OFFSET(s->function));
	return 0;
}
#endif
