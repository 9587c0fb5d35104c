/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The few C library functions the programs here call, declared by hand: with no
 * system header, the debug info holds our types only and names no system folder.
 */
#ifndef HOST_MIN_H
#define HOST_MIN_H

struct _IO_FILE;
int printf(const char *format, ...);
int snprintf(char *to, unsigned long size, const char *format, ...);
int fflush(struct _IO_FILE *stream);
int getchar(void);
void *calloc(unsigned long count, unsigned long size);
void *memset(void *to, int byte, unsigned long size);

/* Up to the end of a line, or of the input. */
static inline void wait_for_line(void)
{
	int c;

	do
		c = getchar();
	while (c != '\n' && c >= 0);
}

#endif
