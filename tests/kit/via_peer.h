/*
 * A scripted proxy for tests of --via: what script_origin says, spoken to as a proxy. One test
 * thread.
 */
#ifndef TESTS_KIT_VIA_PEER_H
#define TESTS_KIT_VIA_PEER_H

#include "proxy/via.h"
#include "tests/kit/script_origin.h"

/* What the client says, and a good reply (bound to 0.0.0.0:0), for host a.test and port 443. */
#define GREETING EXPECT("\x05\x01\x00")
#define GREETING_AUTH EXPECT("\x05\x02\x00\x02")
#define ASK_A                                                                                  \
	EXPECT("\x05\x01\x00\x03\x06"                                                          \
	       "a.test\x01\xbb")
#define BOUND "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
#define CONNECT_A EXPECT("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n")
#define SOCKS "socks5h://"
#define SOCKS_ME "socks5h://me:pw@"
#define HTTP "http://"
#define HTTP_ME "http://me:pw@"

/* A proxy that will hold this one conversation. */
struct script_origin *via_peer_start(const struct script_step *steps);
/* Fails the test if the conversation was another one. */
void via_peer_end(struct script_origin *peer);
/* Where it is: `before` is the URL up to the host. */
struct via via_peer_url(const struct script_origin *peer, const char *before);
/* What the origin says first must still be in the socket, all of it. */
void via_peer_assert_next(int fd, const char *want);

#endif
