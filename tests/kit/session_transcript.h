/*
 * The marks in the transcript of an answer. For tests/kit/session_client.c and for who shows
 * transcripts. Any thread.
 */
#ifndef TESTS_KIT_SESSION_TRANSCRIPT_H
#define TESTS_KIT_SESSION_TRANSCRIPT_H

#include "store/base/buf.h"

#define TRANSCRIPT_BODY "[body]\n"
#define TRANSCRIPT_TRAILERS "\n[trailers]\n"

/* how: "whole"; "ended": by an orderly end of the connection; "broken": by another one; "code
 * N": of RST_STREAM. */
static inline void transcript_end(struct buf *out, const char *how)
{
	buf_addf(out, "\n[%s]\n", how);
}

#endif
