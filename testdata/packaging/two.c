/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "queue.h"

struct entry *volatile last;
static stamp taken;

/* Another layout than a unit of the same program could have; only this one has it. */
struct cursor {
	queue_t *queue;
	struct entry *at;
	stamp when;
};

struct cursor cursor;

KEPT const struct entry *take(queue_t *queue)
{
	struct list *first = queue->entries.next;

	cursor.queue = queue;
	cursor.at = (struct entry *)first;
	cursor.when = ++taken;
	if (first)
		queue->entries.next = first->next;
	return cursor.at;
}
