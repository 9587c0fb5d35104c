/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What both units of the program include. */

/* Only declared here: the second unit defines it. */
struct hidden;

struct common {
	int first;
	struct hidden *hidden;
	struct common *next;
	union {
		long number;
		void *pointer;
	} either;
};

/* A kernel-like flavor of a type that stands in the program under its own name. */
struct common___old {
	long first;
};

int in_second(const struct common *common);
