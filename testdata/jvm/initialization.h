/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The values that the probe reads when the JVM runs a class's initializer. */
#ifndef INITIALIZATION_H
#define INITIALIZATION_H

#define NAME_LENGTH 128

/* A field that starts with an underscore has the name of the JVM's own field. */
struct initialization {
	unsigned long long pid;
	unsigned long long klass; /* the first argument: the class's InstanceKlass */
	unsigned long long thread; /* the second argument: the JavaThread that runs the initializer */

	/* fields of Klass, the base class of InstanceKlass */
	unsigned long long _super;
	unsigned long long _name;
	unsigned long long _secondary_supers;
	unsigned long long _class_loader_data;
	unsigned long long _layout_helper;
	unsigned long long _super_check_offset;
	unsigned long long _modifier_flags;
	unsigned long long _access_flags;
	unsigned long long _vtable_len;

	/* fields of InstanceKlass */
	unsigned long long _constants;
	unsigned long long _methods;
	unsigned long long _local_interfaces;
	unsigned long long _fields;
	unsigned long long _init_thread;
	unsigned long long _init_state;
	unsigned long long _reference_type;
	unsigned long long _misc_flags;
	unsigned long long _java_fields_count;
	unsigned long long _nonstatic_field_size;
	unsigned long long _static_field_size;
	unsigned long long _static_oop_field_count;
	unsigned long long _nonstatic_oop_map_size;
	unsigned long long _itable_len;

	/* values behind pointers */
	unsigned long long thread_id; /* _init_thread->_osthread->_thread_id */
	unsigned long long major_version; /* _constants->_major_version */
	unsigned long long methods; /* _methods->_length */
	unsigned long long interfaces; /* _local_interfaces->_length */
	unsigned long long super_init_state; /* _super->_init_state */
	char name[NAME_LENGTH]; /* _name->_body */
	char super_name[NAME_LENGTH]; /* _super->_name->_body */
	char source_file[NAME_LENGTH]; /* the constant at _constants->_source_file_name_index */
};

#endif
