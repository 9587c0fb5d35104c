/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What clang writes into .BTF and the kernel refuses, one thing an object. The words
 * are the kernel's (6.18).
 */

struct refused {
	int before;
#if defined(FORWARD_ENUM)
	/* An ENUM of size 0: "Unexpected size". */
	enum never_defined *unknown;
#elif defined(ATOMIC)
	/* A member of type void: "Invalid type_id". */
	_Atomic int atomic;
#elif defined(WIDE_ENUM_BITS)
	/* A bitfield of ENUM64: "Invalid member bitfield_size", if it has more than 32 bits. */
	enum wide { WIDE = 0x100000001ull } wide : 41;
#elif defined(FORWARD_RESULT)
	/* A FUNC_PROTO that returns a FWD: "Invalid return type". */
	struct never_here (*returns)(void);
#elif defined(EMPTY_VARIABLE)
	/* A variable of size 0 in a DATASEC: "Invalid offset", or "Invalid size" if it isn't the last. */
	struct empty {} nothing;
#endif
	int after;
} refused;

#ifdef EMPTY_VARIABLE
struct empty nothing;
#endif

int touch(struct refused *r)
{
	return r->after;
}
