/*
 * A recorded case speaking HTTP/1 at the far end of a leg: reads the request that the tunnel
 * sends, asks replay for its answer, and says that as it was recorded: head, interim responses,
 * body and trailers byte for byte, chunk sizes alone are new; or fails where it failed. One
 * tunnel thread.
 */
#ifndef PROXY_REPLAY_HTTP1_H
#define PROXY_REPLAY_HTTP1_H

#include "proxy/replay.h"
#include "proxy/target.h"

/* r: borrowed. target: which origin this connection is to; copied. */
struct leg_peer *replay_http1_new(struct replay *r, const struct target *target);

#endif
