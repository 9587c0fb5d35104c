/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include "shared.h"

/* Only pointed to where this is included; one.c alone knows it. */
struct hidden;

typedef struct queue {
	struct list entries;
	compare order;
	double load;
	float rates[4];
	struct hidden *hidden;
	void *user[2];
	_Bool open;
} queue_t;

extern queue_t queues[3];
extern struct entry *volatile last;
int put(queue_t *queue, struct entry *entry);
const struct entry *take(queue_t *queue);
