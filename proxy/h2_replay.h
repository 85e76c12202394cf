/*
 * A recorded case speaking HTTP/2 at the far end of a leg: as replay_http1.h, for all streams
 * of a connection. One tunnel thread.
 */
#ifndef PROXY_H2_REPLAY_H
#define PROXY_H2_REPLAY_H

#include "proxy/replay.h"
#include "proxy/target.h"

/* r: borrowed. target: which origin this connection is to; copied. */
struct leg_peer *h2_replay_new(struct replay *r, const struct target *target);

#endif
