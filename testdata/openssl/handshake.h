/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the probe tells of the last handshake that was finished. */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

struct handshake {
	unsigned int count; /* how often the probe has run */
	unsigned int pid;
	unsigned int layout; /* 1: all in ssl_st, s3 behind a pointer. 2: s3 in ssl_st. 3: ssl_connection_st */
	unsigned int version; /* 0x0303 is TLS 1.2, 0x0304 is TLS 1.3 */
	unsigned int server; /* 1 in the server, 0 in the client */
	unsigned int session_version;
	unsigned int session_id_length;
	unsigned int master_key_length;
	unsigned char client_random[32];
	unsigned char session_id[32];
	unsigned char master_key[48];
	char cipher[40];
	char server_name[40];
};

#endif
