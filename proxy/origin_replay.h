/*
 * A recorded case as an origin: a leg whose far end is in this process. No name is looked up
 * and no socket is made. Shared by all tunnels.
 */
#ifndef PROXY_ORIGIN_REPLAY_H
#define PROXY_ORIGIN_REPLAY_H

#include "proxy/replay.h"

/* r: borrowed, must outlive the origin. */
struct origin origin_replay(struct replay *r);

#endif
