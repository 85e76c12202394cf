/*
 * The calls that a recorder needs once it is open, and on which descriptors; any other ends it
 * (in builds with sanitizers: fails). A seccomp filter, for good. Main thread.
 */
#ifndef CAPTURE_RECORDER_FILTER_H
#define CAPTURE_RECORDER_FILTER_H

#include "store/base/err.h"

/* packets: the descriptor that they come from. */
bool recorder_filter(int packets, struct err *err);

#endif
