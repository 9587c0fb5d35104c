// SPDX-License-Identifier: Apache-2.0 OR MIT
// A structure and a field whose names are misspelled.
#define CORE __attribute__((preserve_access_index))
#define SEC(name) __attribute__((section(name), used))

struct sesion {
	int id;
} CORE;
struct session {
	int conter;
} CORE;

SEC("uprobe/structure") long structure(struct sesion *session)
{
	return session->id;
}

SEC("uprobe/field") long field(struct session *session)
{
	return session->conter;
}
