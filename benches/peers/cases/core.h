// What a case needs: the compiler's built-ins by name, and a way to use a value.
// A case is compiled as a program, with -DTARGET as the target's types, and, where it says so in its
// first line, both with -DTWIN, too: see ../README.md.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))
#define PACKED __attribute__((packed))
#define NOINLINE __attribute__((noinline))

#define OFFSET(field) __builtin_preserve_field_info(field, 0)
#define SIZE(field) __builtin_preserve_field_info(field, 1)
#define EXISTS(field) __builtin_preserve_field_info(field, 2)
#define SIGNED(field) __builtin_preserve_field_info(field, 3)
#define LSHIFT(field) __builtin_preserve_field_info(field, 4)
#define RSHIFT(field) __builtin_preserve_field_info(field, 5)
#define ID_LOCAL(type) __builtin_btf_type_id(*(type *)0, 0)
#define ID_TARGET(type) __builtin_btf_type_id(*(type *)0, 1)
#define TYPE_EXISTS(type) __builtin_preserve_type_info(*(type *)0, 0)
#define TYPE_SIZE(type) __builtin_preserve_type_info(*(type *)0, 1)
#define TYPE_MATCHES(type) __builtin_preserve_type_info(*(type *)0, 2)
#define VALUE_EXISTS(type, name) __builtin_preserve_enum_value(*(type *)name, 0)
#define VALUE(type, name) __builtin_preserve_enum_value(*(type *)name, 1)

// Uses a value in a way no optimiser sees through.
#define USE(value) asm volatile("" : : "r"((u64)(value)))
// Everything there is to know about a field.
#define ALL(field) \
	do { \
		USE(OFFSET(field)); USE(SIZE(field)); USE(EXISTS(field)); \
		USE(SIGNED(field)); USE(LSHIFT(field)); USE(RSHIFT(field)); \
	} while (0)
// Makes the compiler describe a type.
#define KEEP2(type, number) type keep_##number
#define KEEP1(type, number) KEEP2(type, number)
#define KEEP(type) KEEP1(type, __COUNTER__)
#define PROGRAM(arg) SEC("socket") int program(arg)
