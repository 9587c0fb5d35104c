/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a TLS handshake came to, read from OpenSSL's own structures when it is finished. They are in no header
 * that programs include, and every release has them otherwise:
 *
 *   1.1.1   struct ssl_st has everything; s3 is behind a pointer
 *   3.0     s3 is in struct ssl_st
 *   3.2 on  what belongs to a connection has moved to struct ssl_connection_st, of which the ssl_st that
 *           programs hold is the first member
 *
 * The structures below hold what is read and nothing else. Where a field stands, and which of the three it
 * is, the relocations say.
 */
#include "../include/bpf_min.h"
#include "handshake.h"

struct ssl_cipher_st {
	const char *name;
} CORE;

struct ssl_session_st {
	int ssl_version;
	u64 master_key_length;
	u8 master_key[48];
	u64 session_id_length;
	u8 session_id[32];
	const struct ssl_cipher_st *cipher;
} CORE;

struct ssl3_state_st {
	u8 client_random[32];
} CORE;

/* 1.1.1 */
struct ssl_st___behind {
	struct ssl3_state_st *s3;
} CORE;

/* 3.0; the other fields are here in 1.1.1, too. */
struct ssl_st {
	int version;
	int server;
	struct ssl_session_st *session;
	struct {
		u8 client_random[32];
	} s3;
	struct {
		char *hostname; /* the server's, as the client asked for it */
	} ext;
} CORE;

/* 3.2 and later */
struct ssl_connection_st {
	int version;
	int server;
	struct ssl_session_st *session;
	struct {
		u8 client_random[32];
	} s3;
	struct {
		char *hostname; /* the server's, as the client asked for it */
	} ext;
} CORE;

struct {
	MAP_NUMBER(type, BPF_MAP_TYPE_ARRAY);
	MAP_NUMBER(max_entries, 2); /* the client's, and the server's */
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct handshake);
} last SEC(".maps");

static INLINE u64 read_pointer(const void *from)
{
	u64 pointer = 0;

	bpf_probe_read_user(&pointer, sizeof(pointer), from);
	return pointer;
}

static INLINE void read_session(struct handshake *to, const struct ssl_session_st *session)
{
	const struct ssl_cipher_st *cipher;

	bpf_probe_read_user(&to->session_version, sizeof(int), &session->ssl_version);
	/* Two lengths of type size_t, of which the lower half says it all. */
	bpf_probe_read_user(&to->master_key_length, sizeof(int), &session->master_key_length);
	bpf_probe_read_user(to->master_key, sizeof(to->master_key), &session->master_key);
	bpf_probe_read_user(&to->session_id_length, sizeof(int), &session->session_id_length);
	bpf_probe_read_user(to->session_id, sizeof(to->session_id), &session->session_id);
	cipher = (void *)read_pointer(&session->cipher);
	bpf_probe_read_user_str(to->cipher, sizeof(to->cipher), (void *)read_pointer(&cipher->name));
}

/* A connection of 3.2 or later. */
static INLINE void read_moved(struct handshake *to, const struct ssl_connection_st *moved)
{
	to->layout = 3;
	bpf_probe_read_user(&to->version, sizeof(int), &moved->version);
	bpf_probe_read_user(to->client_random, sizeof(to->client_random), &moved->s3.client_random);
	bpf_probe_read_user_str(to->server_name, sizeof(to->server_name),
				(void *)read_pointer(&moved->ext.hostname));
	read_session(to, (void *)read_pointer(&moved->session));
}

/* A connection of earlier releases. */
static INLINE void read_ssl(struct handshake *to, const struct ssl_st *ssl)
{
	const struct ssl_st___behind *behind = (const void *)ssl;
	const struct ssl3_state_st *s3;

	bpf_probe_read_user(&to->version, sizeof(int), &ssl->version);
	if (core_field_exists(behind->s3)) {
		to->layout = 1;
		s3 = (void *)read_pointer(&behind->s3);
		bpf_probe_read_user(to->client_random, sizeof(to->client_random), &s3->client_random);
	} else {
		to->layout = 2;
		bpf_probe_read_user(to->client_random, sizeof(to->client_random),
				    &ssl->s3.client_random);
	}
	bpf_probe_read_user_str(to->server_name, sizeof(to->server_name),
				(void *)read_pointer(&ssl->ext.hostname));
	read_session(to, (void *)read_pointer(&ssl->session));
}

/* Its first argument is the connection, in all releases. */
SEC("uprobe/tls_finish_handshake")
int probe_finish(struct pt_regs *ctx)
{
	const struct ssl_connection_st *moved = PT_REGS_PARM1(ctx);
	const struct ssl_st *ssl = (const void *)moved;
	struct handshake *to;
	u32 server = 0;

	if (core_type_exists(struct ssl_connection_st))
		bpf_probe_read_user(&server, sizeof(server), &moved->server);
	else
		bpf_probe_read_user(&server, sizeof(server), &ssl->server);
	to = bpf_map_lookup_elem(&last, &server);
	if (!to)
		return 0;
	to->server = server;
	to->pid = (u32)(bpf_get_current_pid_tgid() >> 32);
	if (core_type_exists(struct ssl_connection_st))
		read_moved(to, moved);
	else
		read_ssl(to, ssl);
	__sync_fetch_and_add(&to->count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
