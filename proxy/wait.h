/*
 * Waiting on one descriptor with a deadline and the proxy's stop signal. For the steps of a
 * tunnel that have one thing to wait for (peek, dial, handshakes); while exchanges run,
 * proxy/pump waits for both legs and the recorder. Tunnel threads.
 */
#ifndef PROXY_WAIT_H
#define PROXY_WAIT_H

#include <stdint.h>

enum wait_result { WAIT_READY, WAIT_TIMEOUT, WAIT_STOPPED };

/* events: POLLIN and/or POLLOUT. until_us: in the time of clock_real(). stop_fd becomes
 * readable when the proxy stops (-1: none). POLLHUP and POLLERR count as ready: the next read
 * or write tells why. */
enum wait_result wait_fd(int fd, short events, int64_t until_us, int stop_fd);

#endif
