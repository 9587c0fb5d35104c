/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "queue.h"

struct hidden {
	unsigned long calls;
	enum { QUIET = 1, LOUD = 2 } mode;
};

__attribute__((used)) queue_t queues[3];
static struct hidden secret = { 1, LOUD };

KEPT int put(queue_t *queue, struct entry *entry)
{
	queue->hidden = &secret;
	queue->hidden->calls++;
	entry->link.next = queue->entries.next;
	queue->entries.next = &entry->link;
	return queue->order && entry != last;
}
