/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A variable of each type of kinds.h, so that a compiler describes the type. */

struct integers integers;
struct wide_integers wide_integers;
struct floats floats;
#if HOSTED
struct more_floats more_floats;
struct complexes complexes;
#endif
struct vectors vectors;
struct enums enums;
struct bits bits;
struct bits_of_each bits_of_each;
struct bits_gaps bits_gaps;
struct bits_packed bits_packed;
struct bits_nested bits_nested;
union bits_union bits_union;
struct bits_typedef bits_typedef;
struct arrays arrays;
struct zero_middle zero_middle;
struct zero_tail zero_tail;
struct flexible flexible;
struct flexible_records flexible_records;
struct flexible_rows flexible_rows;
struct one_tail one_tail;
struct holds_flexible holds_flexible;
#if HOSTED
struct empty empty; /* of no size: the kernel refuses such a variable */
#endif
struct holds_empty holds_empty;
union scalars scalars;
struct anonymous anonymous;
struct packed packed;
struct packed_member packed_member;
struct pragma_packed pragma_packed;
struct aligned aligned;
struct holds_aligned holds_aligned;
union aligned_union aligned_union;
struct holds_aligned_typedef holds_aligned_typedef;
point_t point;
either_t either;
tagged a_tagged;
tagged_ptr a_tagged_ptr;
tagged_row a_tagged_row;
same a_same;
struct list list;
struct left left;
struct tree tree;
struct only_pointed_at only_pointed_at;
struct qualified qualified;
struct functions functions;
#if HOSTED
struct far_bits far_bits;
struct far_member *far_member;
struct too_big *too_big;
#endif

/* Variables whose own type is the point. */
const int const_int = 1;
volatile const char *const volatile odd_pointer;
int flat[2][3][4];
binary_ptr function_pointer;
void *restrict *restrict_pointer;
extern struct never_here declared_only;
static int file_local = 3;
#if HOSTED
_Thread_local int per_thread;
#endif
