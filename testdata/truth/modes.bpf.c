// SPDX-License-Identifier: Apache-2.0 OR MIT
// A field whose type is an enumeration of C++, and the same under an alias.
#define CORE __attribute__((preserve_access_index))
#define SEC(name) __attribute__((section(name), used))

enum ns__Mode { Idle, Busy };
enum app_Mode { AppIdle, AppBusy };
struct ns__Spelled {
	enum ns__Mode mode;
} CORE;
struct ns__Aliased {
	enum app_Mode mode;
} CORE;

SEC("uprobe/spelled") long spelled(struct ns__Spelled *object)
{
	return (long)&object->mode;
}

SEC("uprobe/aliased") long aliased(struct ns__Aliased *object)
{
	return (long)&object->mode;
}
