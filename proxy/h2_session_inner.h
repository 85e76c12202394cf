/*
 * Inside an HTTP/2 session: h2_session.c (what its owner calls) and h2_session_calls.c (what
 * nghttp2 calls) share it. One tunnel thread; what h2_session_callbacks gives is shared by all.
 */
#ifndef PROXY_H2_SESSION_INNER_H
#define PROXY_H2_SESSION_INNER_H

#include "proxy/h2_session.h"

#include <nghttp2/nghttp2.h>

struct nghttp2_session_callbacks *h2_session_callbacks(void);
/* Data source of every message with a body. */
ssize_t h2_session_read(nghttp2_session *ng, int32_t id, uint8_t *p, size_t max,
	uint32_t *flags, nghttp2_data_source *source, void *self);
/* A frame as the watch saw it. */
void h2_session_watched(void *self, const struct h2_seen *frame);
/* A head's lines as the library wants them; valid until the next call. Names and values are not
 * copied. */
nghttp2_nv *h2_session_nvs(struct h2_session *s, const struct h2_head *head);

#endif
