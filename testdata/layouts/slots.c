/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints slots.txt, or slots_v4.txt if given any argument: number, key, origin. */
#include "../include/host_min.h"
#include "slots.h"

int main(int argc, char **argv)
{
	(void)argv;
#define PRINT(name, key, origin) printf("%d %s " #origin "\n", SLOT_##name, key);
	if (argc > 1) {
		SLOTS_V4(PRINT)
	} else {
		SLOTS(PRINT)
	}
	return 0;
}
