// SPDX-License-Identifier: Apache-2.0 OR MIT
// A program's `struct file`, which the kernel has, too, and a program may lack.
#define CORE __attribute__((preserve_access_index))
#define SEC(name) __attribute__((section(name), used))

struct file {
	void *private_data;
	unsigned int f_flags;
} CORE;
struct file___kernel {
	unsigned int f_mode;
} CORE;
struct pt_regs {
	unsigned long di;
} CORE;

SEC("uprobe") long handle(struct pt_regs *ctx)
{
	return ((struct file *)ctx->di)->f_flags;
}

SEC("uprobe/asked") long asked(struct file___kernel *file)
{
	return file->f_mode;
}
