/*
 * The head of a request, as the library took it apart, looked at once more before anything is
 * believed: how it is written, where it ends, what it asks for. Nothing here knows who asks
 * (gate.h), or what for (web.h). Pure; bytes are hostile, and borrowed. Any thread.
 */
#ifndef UI_WEB_HEAD_H
#define UI_WEB_HEAD_H

#include "ui/web/form.h"
#include "ui/web/gate.h"

enum {
	HEAD_FIELDS_MAX = 100,
	HEAD_BYTES_MAX = 32 * 1024,    /* of all fields */
	HEAD_DOOR_BODY_MAX = 4 * 1024, /* of a POST by somebody without a session */
};

struct head {
	struct span method, target, version;
	struct gate_fields gate;
	struct span content_type, content_length, last_event_id, if_none_match;
	size_t fields, bytes;
	bool encoded;      /* a Transfer-Encoding field */
	bool expects;      /* an Expect field: it waits to be told to go on */
	const char *twice; /* the name of a field that came again, and must not; NULL */
	/* By head_judge. */
	bool head;               /* HEAD: the answer has no body */
	struct span path, query; /* query: absent where there is no '?' */
	uint64_t body;           /* how many bytes of a body are to come */
};

/* A field, in order. */
void head_add(struct head *h, struct span name, struct span value);
/* When all are there. 200, or the status to refuse it by, and err says why: 400, 405, 413, 414,
 * 431, 505. Only what the path alone says is looked at here. */
int head_judge(struct head *h, struct err *err);
/* Does one of If-None-Match's tags match this one (RFC 9110 13.1.2)? */
bool head_has_tag(struct span if_none_match, const char *etag);

#endif
