/*
 * TCP urgent data (RFC 6093): a byte that a sender marked, and that a socket takes out of its
 * stream unless told otherwise. Ours leave it where it is, for what is recorded, passed on and
 * seen in packets has to be one stream. Any thread.
 */
#ifndef PROXY_URGENT_H
#define PROXY_URGENT_H

#include <stdbool.h>

/* Before connect() or listen's first connection: such a byte may come at once. What is accepted
 * takes after its listener. */
void urgent_inline(int fd);
/* The next byte to be read is the marked one. */
bool urgent_next(int fd);

#endif
