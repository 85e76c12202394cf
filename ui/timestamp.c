#include "ui/timestamp.h"
#include "store/seal_time.h"
#include "ui/fetch.h"

#define QUERY_TYPE "application/timestamp-query"
#define REPLY_TYPE "application/timestamp-reply"

static bool check_answer(const struct fetch_answer *answer, struct span statement,
	const uint8_t nonce[TIMESTAMP_NONCE_LEN], struct buf *token, struct err *err)
{
	struct err inner = {0};
	if (answer->status != 200)
		return err_set(
			err, ERR_TIMESTAMP, "it answered with status %d", answer->status);
	if (timestamp_reply(buf_span(&answer->body), statement, nonce, token, &inner))
		return true;
	/* Some authorities give a reply another type; a page for people is no reply. */
	if (span_starts_nocase(span_str(answer->content_type), REPLY_TYPE))
		return err_set(err, inner.kind, "%s", inner.detail);
	return err_set(
		err, inner.kind, "%s (its type is \"%s\")", inner.detail, answer->content_type);
}

bool timestamp_ask(const char *url, struct span statement, struct buf *token, struct err *err)
{
	uint8_t nonce[TIMESTAMP_NONCE_LEN];
	struct buf query = {0};
	struct fetch_answer answer = {0};
	bool good = timestamp_request(statement, nonce, &query, err);
	if (good) {
		const struct fetch_request req = {.url = url,
			.body = buf_span(&query),
			.content_type = QUERY_TYPE,
			.accept = REPLY_TYPE,
			.max_bytes = TIMESTAMP_REPLY_MAX};
		good = fetch_url(&req, &answer, err) &&
		       check_answer(&answer, statement, nonce, token, err);
	}
	fetch_answer_fini(&answer);
	buf_fini(&query);
	return good;
}
