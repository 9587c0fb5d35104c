/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads the JVM's own structure of a Java class, InstanceKlass, when the class's initializer runs.
 *
 * The structures below hold the fields that are read, in any order. The JVM is written in C++:
 * InstanceKlass derives from Klass, JavaThread from Thread, and Array is a template. The relocations
 * find fields of base classes in the derived class, and templates by the names that C gives them.
 */
#include "../include/bpf_min.h"
#include "initialization.h"

#define BPF_MAP_TYPE_RINGBUF 27
#define PT_REGS_PARM2(regs) ((void *)(regs)->si)

static void *(*const bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *record, u64 flags) = (void *)132;

/* A text of the JVM, without a zero at its end. */
struct Symbol {
	u16 _length;
	u8 _body[2];
} CORE;

struct OSThread {
	s32 _thread_id;
} CORE;

struct JavaThread {
	struct OSThread *_osthread; /* of the base class Thread */
} CORE;

/* The constants follow the structure, 8 bytes each. */
struct ConstantPool {
	u16 _major_version;
	u16 _source_file_name_index;
} CORE;

/* Array<Method*> */
struct Array_Method_ptr_ {
	s32 _length; /* of the base class */
} CORE;

/* Array<InstanceKlass*> */
struct Array_InstanceKlass_ptr_ {
	s32 _length;
} CORE;

struct AccessFlags {
	s32 _flags;
} CORE;

struct InstanceKlass {
	/* of the base class Klass */
	struct InstanceKlass *_super;
	struct Symbol *_name;
	void *_secondary_supers;
	void *_class_loader_data;
	s32 _layout_helper;
	u32 _super_check_offset;
	s32 _modifier_flags;
	struct AccessFlags _access_flags;
	s32 _vtable_len;
	/* its own */
	struct ConstantPool *_constants;
	struct Array_Method_ptr_ *_methods;
	struct Array_InstanceKlass_ptr_ *_local_interfaces;
	void *_fields;
	struct JavaThread *_init_thread;
	u8 _init_state;
	u8 _reference_type;
	u16 _misc_flags;
	u16 _java_fields_count;
	s32 _nonstatic_field_size;
	s32 _static_field_size;
	u16 _static_oop_field_count;
	s32 _nonstatic_oop_map_size;
	s32 _itable_len;
} CORE;

struct {
	MAP_NUMBER(type, BPF_MAP_TYPE_RINGBUF);
	MAP_NUMBER(max_entries, 4 << 20);
} initializations SEC(".maps");

/* The value of a field in the JVM's memory. */
#define READ(from, field)                                                     \
	({                                                                    \
		typeof((from)->field) value = 0;                              \
		bpf_probe_read_user(&value, sizeof(value), &(from)->field);   \
		value;                                                        \
	})

/* Copies a symbol's text, with zeros after it. */
static INLINE void read_symbol(char to[NAME_LENGTH], struct Symbol *symbol)
{
	u32 length = READ(symbol, _length);

	__builtin_memset(to, 0, NAME_LENGTH);
	if (length >= NAME_LENGTH)
		length = NAME_LENGTH - 1;
	bpf_probe_read_user(to, length, &symbol->_body);
}

/* Copies the name of the source file, which is in the constant pool. */
static INLINE void read_source_file(char to[NAME_LENGTH], struct ConstantPool *constants)
{
	const char *first = (const char *)constants + core_type_size(struct ConstantPool);
	u64 index = READ(constants, _source_file_name_index);
	struct Symbol *symbol = 0;

	if (index)
		bpf_probe_read_user(&symbol, sizeof(symbol), first + index * sizeof(symbol));
	read_symbol(to, symbol);
}

/* InstanceKlass::call_class_initializer(JavaThread*) */
SEC("uprobe")
int probe_initializer(struct pt_regs *ctx)
{
	struct InstanceKlass *klass = PT_REGS_PARM1(ctx);
	struct InstanceKlass *super = READ(klass, _super);
	struct ConstantPool *constants = READ(klass, _constants);
	struct Array_InstanceKlass_ptr_ *interfaces = READ(klass, _local_interfaces);
	struct Array_Method_ptr_ *methods = READ(klass, _methods);
	struct JavaThread *thread = READ(klass, _init_thread);
	struct OSThread *os_thread = READ(thread, _osthread);
	struct Symbol *name = READ(klass, _name);
	struct initialization *to;

	to = bpf_ringbuf_reserve(&initializations, sizeof(*to), 0);
	if (!to)
		return 0;
	to->pid = bpf_get_current_pid_tgid() >> 32;
	to->klass = (u64)klass;
	to->thread = (u64)PT_REGS_PARM2(ctx);

	to->_super = (u64)super;
	to->_name = (u64)name;
	to->_secondary_supers = (u64)READ(klass, _secondary_supers);
	to->_class_loader_data = (u64)READ(klass, _class_loader_data);
	to->_layout_helper = READ(klass, _layout_helper);
	to->_super_check_offset = READ(klass, _super_check_offset);
	to->_modifier_flags = READ(klass, _modifier_flags);
	to->_access_flags = READ(klass, _access_flags._flags);
	to->_vtable_len = READ(klass, _vtable_len);

	to->_constants = (u64)constants;
	to->_methods = (u64)methods;
	to->_local_interfaces = (u64)interfaces;
	to->_fields = (u64)READ(klass, _fields);
	to->_init_thread = (u64)thread;
	to->_init_state = READ(klass, _init_state);
	to->_reference_type = READ(klass, _reference_type);
	to->_misc_flags = READ(klass, _misc_flags);
	to->_java_fields_count = READ(klass, _java_fields_count);
	to->_nonstatic_field_size = READ(klass, _nonstatic_field_size);
	to->_static_field_size = READ(klass, _static_field_size);
	to->_static_oop_field_count = READ(klass, _static_oop_field_count);
	to->_nonstatic_oop_map_size = READ(klass, _nonstatic_oop_map_size);
	to->_itable_len = READ(klass, _itable_len);

	to->thread_id = READ(os_thread, _thread_id);
	to->major_version = READ(constants, _major_version);
	to->methods = READ(methods, _length);
	to->interfaces = READ(interfaces, _length);
	to->super_init_state = super ? READ(super, _init_state) : 0;
	read_symbol(to->name, name);
	read_symbol(to->super_name, super ? READ(super, _name) : 0);
	read_source_file(to->source_file, constants);
	bpf_ringbuf_submit(to, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
