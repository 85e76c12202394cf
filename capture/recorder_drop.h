/*
 * The recorder's rights: taken up to open, given up for good afterwards. Linux. Main thread, of
 * a process that has no other.
 */
#ifndef CAPTURE_RECORDER_DROP_H
#define CAPTURE_RECORDER_DROP_H

#include "store/base/err.h"

#include <stddef.h>

/* How many descriptors may be open at once, besides those of the program itself. */
size_t recorder_drop_descriptors(void);

/* No file of ours grows beyond that, whatever becomes of us; a lower limit stays. */
void recorder_drop_file_size(uint64_t bytes);
/* First of all: signals that are meant for the parent are not ours, no dumps, descriptors below
 * 3 are taken and above `last` closed. */
bool recorder_drop_prepare(int last, struct err *err);
/* Who is root becomes a user that nobody is, but keeps root's capabilities for now. Where a
 * user namespace knows no such user nothing is done: its root is somebody ordinary outside. */
bool recorder_drop_root(struct err *err);
/* What is permitted becomes effective: what a file's capability (`setcap cap_net_raw=p`) gives,
 * say. */
bool recorder_drop_raise(struct err *err);
/* The descriptor of a network namespace: we are in it afterwards, and in the user namespace
 * that owns it, with all capabilities there. Closes it. */
bool recorder_drop_join(int network, struct err *err);
/* For good: no capability, no new ones, no dump, no core, bounded memory and a filter that
 * knows only the calls that a recorder needs. packets: the descriptor that they come from.
 * Afterwards this process ends by _exit. */
bool recorder_drop_all(int packets, struct err *err);

#endif
