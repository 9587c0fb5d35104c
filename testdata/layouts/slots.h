/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The slots of the map `out`: X(NAME, "key", origin), numbered from 0 in this order.
 *
 * origin says what a slot must be equal to:
 *   server   what the server prints for the same key (signed 64-bit decimal, the same 64 bits)
 *   kernel   a fact about the running kernel or the probed process
 *   object   a fact about the BPF object
 *   probe    the probe's own book-keeping
 */
#ifndef SLOTS_H
#define SLOTS_H

#define SLOTS(X)                                             \
	/* integers of each width; `id` and `quota` change theirs */ \
	X(ID, "id", server)                                  \
	X(QUOTA, "quota", server)                            \
	X(TAG, "tag", server)                                \
	X(TINY, "tiny", server)                              \
	X(SMALL, "small", server)                            \
	X(PORT, "port", server)                              \
	X(BALANCE, "balance", server)                        \
	X(COOKIE, "cookie", server)                          \
	X(DRIFT, "drift", server)                            \
	X(CLOSING, "closing", server)                        \
	X(GENERATION, "generation", server)                  \
	X(REFS, "refs", server)                              \
	/* floats, as their bits */                          \
	X(RATIO, "ratio", server)                            \
	X(SCORE, "score", server)                            \
	/* bitfields */                                      \
	X(PRIO, "prio", server)                              \
	X(DELTA, "delta", server)                            \
	X(PHASE, "phase", server)                            \
	X(SEQ, "seq", server)                                \
	X(CROSS, "flags.cross", server)                      \
	X(SIGNED_PRIO, "signed.prio", server)                \
	X(SIGNED_DELTA, "signed.delta", server)              \
	X(SIGNED_LEVEL, "signed.level", server)              \
	/* nested, arrays, anonymous, flexible */            \
	X(START_NS, "timing.start_ns", server)               \
	X(RTT_US, "timing.rtt_us", server)                   \
	X(SKEW, "timing.skew", server)                       \
	X(HOP0_ADDR, "hops[0].addr", server)                 \
	X(HOP2_PORT, "hops[2].port", server)                 \
	X(IPV4, "ipv4", server)                              \
	X(V4_LOW, "v4_low", server)                          \
	X(RX_BYTES, "rx_bytes", server)                      \
	X(TX_BYTES, "tx_bytes", server)                      \
	X(NAME, "name", server)                              \
	X(GRID_1_2, "grid[1][2]", server)                    \
	X(CUBE_1_2_3, "cube[1][2][3]", server)               \
	X(PAYLOAD_WORD, "payload.word", server)              \
	X(PAYLOAD_BYTE, "payload.bytes[5]", server)          \
	X(NOTE1_LEN, "notes[1].len", server)                 \
	X(NOTE2_TAG, "notes[2].tag", server)                 \
	/* pointers */                                       \
	X(FILE, "file", server)                              \
	X(FILE_INODE_NO, "file->inode_no", server)           \
	X(FILE_PATH, "file->path", server)                   \
	X(NEXT_ID, "next->id", server)                       \
	X(BANNER, "banner", server)                          \
	X(CURSOR, "cursor", server)                          \
	X(VAULT, "vault", server)                            \
	X(ON_CLOSE, "on_close", server)                      \
	/* enums */                                          \
	X(STATE, "state", server)                            \
	X(LEVEL, "level", server)                            \
	X(BIG, "big", server)                                \
	X(MASK, "mask", server)                              \
	X(ENUM_READY, "enum.STATE_READY", server)            \
	X(ENUM_DRAINING, "enum.STATE_DRAINING", server)      \
	X(ENUM_TRACE, "enum.LEVEL_TRACE", server)            \
	X(ENUM_BIG_LIMIT, "enum.BIG_LIMIT", server)          \
	X(HAS_DRAINING, "exists.STATE_DRAINING", server)     \
	X(HAS_BIG_LIMIT, "exists.BIG_LIMIT", server)         \
	/* fields of some layouts only */                    \
	X(HAS_THROTTLE, "exists.throttle", server)           \
	X(THROTTLE, "throttle", server)                      \
	X(HAS_LEGACY, "exists.legacy", server)               \
	X(HAS_TLS, "exists.tls", server)                     \
	X(TLS_VERSION, "tls->version", server)               \
	X(HAS_HOP5, "exists.hops[5]", server)                \
	X(HAS_TRANSPORT, "exists.transport", server)         \
	X(CWND, "cwnd", server)                              \
	/* types */                                          \
	X(TYPE_TLS, "type.tls_info", server)                 \
	X(TYPE_VAULT, "type.vault", server)                  \
	X(TYPE_SESSION, "type.session_t", server)            \
	X(SIZE_SESSION, "sizeof.session", server)            \
	X(SIZE_HOP, "sizeof.hop", server)                    \
	X(SIZE_PAYLOAD, "sizeof.payload", server)            \
	X(SIZE_BIG, "sizeof.big", server)                    \
	X(SIZE_ID_T, "sizeof.session_id_t", server)          \
	X(SIZE_TLS, "sizeof.tls_info", server)               \
	X(MATCH_WINDOW, "matches.window", server)            \
	X(MATCH_HANDLER, "matches.handler", server)          \
	X(MATCH_MODE, "matches.mode", server)                \
	/* offsets and sizes of fields */                    \
	X(OFFSET_HOP2_PORT, "offset.hops[2].port", server)   \
	X(OFFSET_GRID_1_2, "offset.grid[1][2]", server)      \
	X(OFFSET_V4_LOW, "offset.v4_low", server)            \
	X(OFFSET_NOTES, "offset.notes", server)              \
	X(OFFSET_PATH, "offset.file.path", server)           \
	X(BYTES_ID, "bytes.id", server)                      \
	X(BYTES_NAME, "bytes.name", server)                  \
	X(BYTES_HOPS, "bytes.hops", server)                  \
	X(BYTES_GRID_ROW, "bytes.grid[0]", server)           \
	/* plain loads and stores on a copy of the session */ \
	X(COPY_ID, "copy.id", server)                        \
	X(COPY_QUOTA, "copy.quota", server)                  \
	X(COPY_PORT, "copy.port", server)                    \
	X(COPY_BALANCE, "copy.balance", server)              \
	X(COPY_DELTA, "copy.delta", server)                  \
	X(COPY_STORED, "copy.stored", server)                \
	/* `struct file` and `enum state` again, the program's own */ \
	X(FILE_HAS_F_OP, "app.file.f_op", server)            \
	X(FILE_HAS_INODE_NO, "app.file.inode_no", server)    \
	/* the kernel's */                                   \
	X(KERNEL_TGID, "kernel.tgid", kernel)                \
	X(KERNEL_PID, "kernel.pid", kernel)                  \
	X(KERNEL_COMM, "kernel.comm", kernel)                \
	X(KERNEL_FILE_HAS_F_OP, "kernel.file.f_op", kernel)  \
	X(KERNEL_FILE_HAS_INODE_NO, "kernel.file.inode_no", kernel) \
	X(KERNEL_OFFSET_F_INODE, "kernel.offset.file.f_inode", kernel) \
	X(KERNEL_ENUM_COLLECT, "kernel.enum.Collect", kernel) \
	X(KERNEL_SIZE_TASK, "kernel.sizeof.task_struct", kernel) \
	X(KERNEL_ID_TASK, "kernel.id.task_struct", kernel)   \
	/* the object's */                                   \
	X(LOCAL_ID_SESSION, "local.id.session", object)      \
	/* the probe's */                                    \
	X(POISONED, "poisoned", probe)                       \
	X(ERRORS, "errors", probe)                           \
	X(CALLS, "calls", probe)

/* The slots of probe_v4.bpf.o's map, numbered from 0 again. */
#define SLOTS_V4(X)                                          \
	X(V4_ENUM_MASK_HIGH, "enum.MASK_HIGH", server)       \
	X(V4_REFS, "copy.refs", server)                      \
	X(V4_STORED, "copy.stored", server)                  \
	X(V4_CALLS, "calls", probe)

enum slot {
#define SLOT_NUMBER(name, key, origin) SLOT_##name,
	SLOTS(SLOT_NUMBER)
#undef SLOT_NUMBER
	SLOT_COUNT
};

enum slot_v4 {
#define SLOT_NUMBER(name, key, origin) SLOT_##name,
	SLOTS_V4(SLOT_NUMBER)
#undef SLOT_NUMBER
	SLOT_V4_COUNT
};

/* What a probe stores through its copy of the session and loads back (`copy.stored`). */
#define STORED_QUOTA 987654321

#endif
