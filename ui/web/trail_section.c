/* A trail on its session's page, and the session's own line. */
#include "ui/web/trail_stream.h"

#include <stdio.h>

void trail_section_id(int64_t session, int64_t trail, char out[TRAIL_ID_MAX])
{
	snprintf(out, TRAIL_ID_MAX, "trail-%lld.%lld", (long long)session, (long long)trail);
}

void trail_section(const struct trail_view *v, bool rows, struct buf *out)
{
	char id[TRAIL_ID_MAX];
	int64_t number = (int64_t)v->t->trail->number;
	trail_section_id(v->t->trail->session, number, id);
	/* Newest first. */
	buf_addf(out,
		"<section id=\"%s\" class=\"session-trail\" data-order=\"%lld\">\n<h2><a "
		"href=\"/c/%zu/t/%s\">Trail %s</a></h2>\n",
		id, -(long long)number, v->book, v->t->id, v->t->id);
	trail_block(v, TRAIL_BLOCK_LIVE, out);
	trail_block(v, TRAIL_BLOCK_STORY, out);
	buf_addf(out,
		"<p class=\"session-do\"><a href=\"/c/%zu/t/%s\">Trail %s alone: notes, "
		"replay, "
		"comparison</a> <a href=\"/c/%zu/t/%s/report\">Make a report on it</a></p>\n",
		v->book, v->t->id, v->t->id, v->book, v->t->id);
	trail_block(v, TRAIL_BLOCK_LEGEND, out);
	trail_block(v, TRAIL_BLOCK_SCALE, out);
	if (rows) {
		trail_path(v, out);
	} else {
		trail_block_id(v, "path", id);
		buf_addf(out, "<ol id=\"%s\" class=\"trail-path\"></ol>\n", id);
	}
	trail_block(v, TRAIL_BLOCK_VERDICTS, out);
	trail_block(v, TRAIL_BLOCK_NOTES, out);
	trail_block(v, TRAIL_BLOCK_PICTURE, out);
	buf_add_str(out, "</section>\n");
}

void trail_session_now(int64_t session, const struct book_about *about,
	const struct book_trail *newest, size_t trails, struct buf *out)
{
	bool newest_session = about->newest_session <= session;
	bool runs = about->live && (newest != NULL ? newest->running : newest_session);
	buf_addf(out, "<div id=\"session-now\" class=\"trail-live%s\">", runs ? " on" : "");
	if (runs)
		buf_add_str(out, "<span class=\"dot\"></span><b>Live</b> \u00b7 ");
	if (trails > 0) {
		html_number(out, (int64_t)trails);
		buf_add_str(out, trails == 1 ? " trail" : " trails");
	} else {
		buf_add_str(
			out, runs ? "no page was asked for yet: the browser is being started"
				  : "no link was opened in this session");
	}
	if (runs && newest_session) {
		buf_add_str(out, " \u00b7 ");
		html_number(out, about->exchanges);
		buf_add_str(out, about->exchanges == 1 ? " exchange in the case"
						       : " exchanges in the case");
	}
	if (trails > STREAM_TRAILS_MAX)
		buf_addf(out, " \u00b7 the newest %d are shown", STREAM_TRAILS_MAX);
	buf_add_str(out, "</div>\n");
}
