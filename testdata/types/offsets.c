/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Prints the layout of each type of kinds.h as the compiler laid it out (offsets.txt), between tabs:
 *
 *   type NAME SIZE ALIGN
 *   field NAME PATH OFFSET SIZE           bytes; PATH as in offsetof
 *   bits NAME PATH BIT_OFFSET WIDTH SIGN  found by setting them; bit 0 is the lowest of byte 0
 *   value NAME ENUMERATOR VALUE
 *
 * NAME is `struct x`, `union x`, `enum x` or a typedef. `beyond` before any of these: BTF's
 * fields are too narrow for it.
 */
#include "../include/host_min.h"
#include "kinds.h"

#define SIZE(type) ((unsigned long)sizeof(type))
#define MEMBER(type, path) (((type *)0)->path)

#define T(type) printf("type\t" #type "\t%lu\t%lu\n", SIZE(type), (unsigned long)__alignof__(type))
#define FIELD(type, path, size)                                  \
	printf("field\t" #type "\t" #path "\t%lu\t%lu\n",            \
	       (unsigned long)__builtin_offsetof(type, path), size)
#define F(type, path) FIELD(type, path, SIZE(MEMBER(type, path)))
#define FLEXIBLE(type, path) FIELD(type, path, 0ul)
#define V(type, name) print_value(#type, #name, name, (type)-1 < (type)1)

/* Through a union, so that a member declared const can be set too. */
#define B(type, path) BITS(type, type, path, path)
#define BITS(type, writable, path, writable_path)                              \
	do {                                                                   \
		static union {                                                 \
			type as_is;                                            \
			writable to_write;                                     \
			unsigned char bytes[sizeof(type)];                     \
		} all;                                                         \
		all.to_write.writable_path = minus_one;                        \
		print_bits(#type, #path, all.bytes, sizeof(all.bytes), all.as_is.path < 0); \
	} while (0)

static volatile int minus_one = -1;

static void print_value(const char *type, const char *name, unsigned long long value, int is_signed)
{
	if (is_signed)
		printf("value\t%s\t%s\t%lld\n", type, name, (long long)value);
	else
		printf("value\t%s\t%s\t%llu\n", type, name, value);
}

static void print_bits(const char *type, const char *path, const unsigned char *bytes,
		       unsigned long size, int is_signed)
{
	unsigned long bit, first = 0, width = 0;

	for (bit = 0; bit < size * 8; bit++) {
		if (!(bytes[bit / 8] >> bit % 8 & 1))
			continue;
		if (width == 0)
			first = bit;
		width++;
	}
	printf("bits\t%s\t%s\t%lu\t%lu\t%s\n", type, path, first, width,
	       is_signed ? "signed" : "unsigned");
}

/* ---- the layouts ------------------------------------------------------------------ */

static void base_types(void)
{
	T(_Bool);
	T(char);
	T(signed char);
	T(unsigned char);
	T(short);
	T(unsigned short);
	T(int);
	T(unsigned int);
	T(long);
	T(unsigned long);
	T(long long);
	T(unsigned long long);
	T(float);
	T(double);
	T(struct integers);
	F(struct integers, boolean);
	F(struct integers, plain);
	F(struct integers, schar);
	F(struct integers, uchar);
	F(struct integers, sshort);
	F(struct integers, ushort);
	F(struct integers, sint);
	F(struct integers, uint);
	F(struct integers, slong);
	F(struct integers, ulong);
	F(struct integers, sllong);
	F(struct integers, ullong);
	T(struct wide_integers);
	F(struct wide_integers, s128);
	F(struct wide_integers, u128);
	T(struct floats);
	F(struct floats, single);
	F(struct floats, twice);
	T(struct more_floats);
	F(struct more_floats, half);
	F(struct more_floats, extended);
	F(struct more_floats, quad);
	T(struct complexes);
	F(struct complexes, cfloat);
	F(struct complexes, cdouble);
	F(struct complexes, cextended);
	F(struct complexes, after);
	T(struct vectors);
	F(struct vectors, lanes);
	F(struct vectors, after);
}

static void enum_types(void)
{
	T(enum color);
	V(enum color, RED);
	V(enum color, GREEN);
	V(enum color, BLUE);
	T(enum balance);
	V(enum balance, DEBIT);
	V(enum balance, EVEN);
	V(enum balance, CREDIT);
	T(enum top_bit);
	V(enum top_bit, TOP_BIT_NONE);
	V(enum top_bit, TOP_BIT);
	V(enum top_bit, TOP_ALL);
	T(enum wide);
	V(enum wide, WIDE_NONE);
	V(enum wide, WIDE_BIT);
	V(enum wide, WIDE_ALL);
	T(enum wide_few);
	V(enum wide_few, WIDE_FEW);
	T(enum wide_signed);
	V(enum wide_signed, WIDE_LEAST);
	V(enum wide_signed, WIDE_MINUS);
	V(enum wide_signed, WIDE_MOST);
	T(enum tiny);
	V(enum tiny, TINY_A);
	V(enum tiny, TINY_B);
	T(enum tiny_signed);
	V(enum tiny_signed, TINY_MINUS);
	V(enum tiny_signed, TINY_PLUS);
	T(enum narrow);
	V(enum narrow, NARROW_A);
	V(enum narrow, NARROW_B);
	T(enum twins);
	V(enum twins, TWIN_FIRST);
	V(enum twins, TWIN_SECOND);
	V(enum twins, TWIN_THIRD);
	T(enum single);
	V(enum single, THE_ONLY_ONE);
	T(anon_enum_t);
	V(anon_enum_t, ANON_A);
	V(anon_enum_t, ANON_B);
	T(struct enums);
	F(struct enums, tiny);
	F(struct enums, tiny_signed);
	F(struct enums, narrow);
	F(struct enums, color);
	F(struct enums, balance);
	F(struct enums, top_bit);
	F(struct enums, wide);
	F(struct enums, wide_signed);
	F(struct enums, wide_few);
	F(struct enums, twins);
	F(struct enums, single);
	F(struct enums, unknown);
	F(struct enums, anon);
	F(struct enums, inside);
}

static void bitfield_types(void)
{
	T(struct bits);
	B(struct bits, a);
	B(struct bits, b);
	B(struct bits, c);
	B(struct bits, d);
	B(struct bits, e);
	B(struct bits, f);
	B(struct bits, g);
	T(struct bits_of_each);
	B(struct bits_of_each, flag);
	B(struct bits_of_each, sc);
	B(struct bits_of_each, uc);
	B(struct bits_of_each, ss);
	B(struct bits_of_each, us);
	B(struct bits_of_each, sl);
	B(struct bits_of_each, ul);
	B(struct bits_of_each, sll);
	B(struct bits_of_each, ull);
	B(struct bits_of_each, color);
	B(struct bits_of_each, balance);
	B(struct bits_of_each, wide_few);
	T(struct bits_gaps);
	B(struct bits_gaps, first);
	B(struct bits_gaps, second);
	B(struct bits_gaps, third);
	B(struct bits_gaps, fourth);
	F(struct bits_gaps, plain);
	B(struct bits_gaps, fifth);
	B(struct bits_gaps, sixth);
	T(struct bits_packed);
	B(struct bits_packed, a);
	B(struct bits_packed, b);
	B(struct bits_packed, c);
	B(struct bits_packed, d);
	B(struct bits_packed, e);
	F(struct bits_packed, f);
	B(struct bits_packed, g);
	T(struct bits_nested);
	F(struct bits_nested, lead);
	B(struct bits_nested, inner_a);
	B(struct bits_nested, inner_b);
	B(struct bits_nested, inner_c);
	B(struct bits_nested, inner_d);
	F(struct bits_nested, named[1]);
	B(struct bits_nested, named[0].c);
	B(struct bits_nested, named[1].d);
	B(struct bits_nested, tail);
	T(union bits_union);
	B(union bits_union, a);
	B(union bits_union, b);
	B(union bits_union, c);
}

/* struct bits_typedef less its qualifiers. */
struct bits_to_write {
	int a : 12;
	unsigned int b : 12;
	int c : 7;
	unsigned int d : 1;
};

static void qualified_bitfields(void)
{
	T(struct bits_typedef);
	BITS(struct bits_typedef, struct bits_to_write, a, a);
	BITS(struct bits_typedef, struct bits_to_write, b, b);
	BITS(struct bits_typedef, struct bits_to_write, c, c);
	BITS(struct bits_typedef, struct bits_to_write, d, d);
}

static void array_types(void)
{
	T(triple_t);
	T(pair_of_triples_t);
	T(struct arrays);
	F(struct arrays, bytes);
	F(struct arrays, bytes[4]);
	F(struct arrays, line);
	F(struct arrays, line[2]);
	F(struct arrays, plane);
	F(struct arrays, plane[1]);
	F(struct arrays, plane[1][2]);
	F(struct arrays, box);
	F(struct arrays, box[1]);
	F(struct arrays, box[1][2]);
	F(struct arrays, box[1][2][3]);
	F(struct arrays, hyper);
	F(struct arrays, hyper[0][1][0][1]);
	F(struct arrays, pointers);
	F(struct arrays, pointers[3]);
	F(struct arrays, to_line);
	F(struct arrays, to_plane);
	F(struct arrays, names);
	F(struct arrays, names[1]);
	F(struct arrays, triple);
	F(struct arrays, triple[2]);
	F(struct arrays, triples);
	F(struct arrays, triples[1][2]);
	F(struct arrays, more_triples);
	F(struct arrays, more_triples[1][1][2]);
	F(struct arrays, const_triple);
	F(struct arrays, const_triple[1]);
	F(struct arrays, colors[1]);
	F(struct arrays, records);
	F(struct arrays, records[1]);
	B(struct arrays, records[1].c);
	F(struct arrays, unions);
	F(struct arrays, unions[2]);
	B(struct arrays, unions[2].b);
	T(struct zero_middle);
	F(struct zero_middle, before);
	F(struct zero_middle, nothing);
	F(struct zero_middle, after);
	F(struct zero_middle, no_records);
	F(struct zero_middle, zero_row);
	F(struct zero_middle, last);
	T(struct zero_tail);
	F(struct zero_tail, count);
	F(struct zero_tail, items);
	F(struct zero_tail, items[3]);
	T(struct flexible);
	F(struct flexible, count);
	FLEXIBLE(struct flexible, items);
	F(struct flexible, items[3]);
	T(struct flexible_records);
	FLEXIBLE(struct flexible_records, items);
	F(struct flexible_records, items[2].twice);
	T(struct flexible_rows);
	FLEXIBLE(struct flexible_rows, rows);
	F(struct flexible_rows, rows[2]);
	F(struct flexible_rows, rows[2][1]);
	T(struct one_tail);
	F(struct one_tail, items);
	T(struct holds_flexible);
	F(struct holds_flexible, last);
	F(struct holds_flexible, last.items[1]);
}

static void record_types(void)
{
	T(struct empty);
	T(struct holds_empty);
	F(struct holds_empty, before);
	F(struct holds_empty, nothing);
	F(struct holds_empty, after);
	T(union scalars);
	F(union scalars, c);
	F(union scalars, i);
	F(union scalars, d);
	F(union scalars, p);
	F(union scalars, bytes);
	T(struct anonymous);
	F(struct anonymous, first);
	F(struct anonymous, as_int);
	F(struct anonymous, as_float);
	F(struct anonymous, low);
	F(struct anonymous, high_a);
	F(struct anonymous, high_b);
	F(struct anonymous, inside);
	F(struct anonymous, deep);
	F(struct anonymous, deeper);
	F(struct anonymous, named);
	F(struct anonymous, named.x);
	F(struct anonymous, named.y);
	F(struct anonymous, named_union);
	F(struct anonymous, named_union.u_int);
	F(struct anonymous, named_union.u_bytes[3]);
	F(struct anonymous, table);
	F(struct anonymous, table[2].key);
	F(struct anonymous, table[2].value);
	T(struct packed);
	F(struct packed, a);
	F(struct packed, b);
	F(struct packed, c);
	F(struct packed, d);
	F(struct packed, e);
	F(struct packed, e.high_b);
	F(struct packed, e.table[1].value);
	T(struct packed_member);
	F(struct packed_member, a);
	F(struct packed_member, b);
	F(struct packed_member, c);
	F(struct packed_member, d);
	T(struct pragma_packed);
	F(struct pragma_packed, a);
	F(struct pragma_packed, b);
	F(struct pragma_packed, c);
	F(struct pragma_packed, d);
	T(struct aligned);
	F(struct aligned, a);
	F(struct aligned, b);
	F(struct aligned, c);
	T(struct holds_aligned);
	F(struct holds_aligned, before);
	F(struct holds_aligned, inside);
	F(struct holds_aligned, inside.b);
	F(struct holds_aligned, after);
	F(struct holds_aligned, raw);
	F(struct holds_aligned, raw.b);
	F(struct holds_aligned, snug);
	F(struct holds_aligned, snug.e.inside);
	T(union aligned_union);
	F(union aligned_union, a);
	F(union aligned_union, b);
	T(struct holds_aligned_typedef);
	F(struct holds_aligned_typedef, inside);
	F(struct holds_aligned_typedef, after);
	T(point_t);
	F(point_t, x);
	F(point_t, y);
	T(either_t);
	F(either_t, i);
	F(either_t, f);
	T(struct tagged);
	F(struct tagged, at.y);
	F(struct tagged, what.f);
	F(struct tagged, next);
	T(tagged);
	T(tagged_ptr);
	T(tagged_row);
	T(struct same);
	F(struct same, same);
}

static void referring_types(void)
{
	T(struct list);
	F(struct list, next);
	F(struct list, last);
	F(struct list, value);
	T(struct right);
	F(struct right, left);
	F(struct right, self);
	F(struct right, self[1]);
	F(struct right, in_right);
	T(struct left);
	F(struct left, right);
	F(struct left, right.in_right);
	F(struct left, find);
	T(struct tree);
	F(struct tree, child);
	F(struct tree, child[1]);
	F(struct tree, less);
	F(struct tree, more);
	F(struct tree, links);
	F(struct tree, links.up);
	T(struct only_pointed_at);
	F(struct only_pointed_at, s);
	F(struct only_pointed_at, u);
	F(struct only_pointed_at, deep);
	F(struct only_pointed_at, returns);
}

static void qualified_types(void)
{
	T(word_t);
	T(count_t);
	T(total_t);
	T(fixed_total_t);
	T(odd_total_t);
	T(handle_t);
	T(opaque_t);
	T(list_t);
	T(list_end_t);
	T(struct qualified);
	F(struct qualified, c);
	F(struct qualified, v);
	F(struct qualified, cv);
	F(struct qualified, a);
	F(struct qualified, ab);
	F(struct qualified, va);
	F(struct qualified, ap);
	F(struct qualified, pa);
	F(struct qualified, r);
	F(struct qualified, cr);
	F(struct qualified, cvr);
	F(struct qualified, p);
	F(struct qualified, cp);
	F(struct qualified, vp);
	F(struct qualified, four);
	F(struct qualified, cs);
	F(struct qualified, vs);
	F(struct qualified, vs.value);
	F(struct qualified, total);
	F(struct qualified, odd);
	F(struct qualified, handle);
	F(struct qualified, opaque);
	F(struct qualified, end);
	F(struct qualified, cvl);
	F(struct qualified, cvl.last);
	F(struct qualified, row);
	F(struct qualified, row[1]);
	F(struct qualified, color);
}

static void function_types(void)
{
	T(binary_ptr);
	T(printf_like);
	T(set_handler);
	T(struct functions);
	F(struct functions, none);
	F(struct functions, one);
	F(struct functions, unprototyped);
	F(struct functions, by_name);
	F(struct functions, by_pointer);
	F(struct functions, table);
	F(struct functions, table[2]);
	F(struct functions, variadic);
	F(struct functions, returns_function);
	F(struct functions, returns_array);
	F(struct functions, takes_function);
	F(struct functions, by_value);
	F(struct functions, takes_arrays);
	F(struct functions, takes_qualified);
	F(struct functions, set);
	F(struct functions, self);
	F(struct functions, pointers);
}

static void types_beyond(void)
{
	T(struct far_bits);
	B(struct far_bits, near);
	B(struct far_bits, room_after);
	printf("beyond\t");
	B(struct far_bits, far);
	printf("beyond\t");
	F(struct far_bits, plain);
	T(struct far_member);
	F(struct far_member, room);
	printf("beyond\t");
	F(struct far_member, far);
	printf("beyond\t");
	T(struct too_big);
	printf("beyond\t");
	F(struct too_big, room);
	printf("beyond\t");
	F(struct too_big, far);
}

int main(void)
{
	base_types();
	enum_types();
	bitfield_types();
	qualified_bitfields();
	array_types();
	record_types();
	referring_types();
	qualified_types();
	function_types();
	types_beyond();
	return 0;
}
