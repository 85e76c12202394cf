/*
 * A timestamp authority on loopback: the kit's authority behind a socket, one request at a time
 * in the test's own thread. Failures fail the running cmocka test.
 */
#ifndef KIT_STAMP_SERVER_H
#define KIT_STAMP_SERVER_H

#include "tests/kit/stamp_authority.h"

struct stamp_server {
	struct stamp_authority authority;
	int listener;
	char url[64];
};

void stamp_server_start(struct stamp_server *s);
/* Waits for a request, answers it. */
void stamp_server_answer(struct stamp_server *s);
void stamp_server_end(struct stamp_server *s);

#endif
