#include "capture/stream_inner.h"

/* The ends of connections: what is told last, and which one goes when there are too many. */

static enum flow_ended how_ended(const struct tcp *t)
{
	const struct way *up = &t->ways[FLOW_UP], *down = &t->ways[FLOW_DOWN];
	bool fin_up = up->closed && !up->end_reset, fin_down = down->closed && !down->end_reset;
	if (fin_up && fin_down)
		return FLOW_ENDED_FIN;
	if (t->refused)
		return FLOW_ENDED_REFUSED;
	if (t->reset)
		return FLOW_ENDED_RESET;
	if (fin_up || fin_down)
		return FLOW_ENDED_HALF;
	if (up->syn && !down->seen && up->next == 0)
		return FLOW_ENDED_NO_ANSWER;
	return FLOW_ENDED_OPEN;
}

/* What was acknowledged or lies before a FIN was there. When the FIN was not seen, the last
 * number that was acknowledged may be its own. */
static void settle(struct flows *fs, struct tcp *t, enum flow_way way)
{
	struct way *w = &t->ways[way];
	while (w->ahead != NULL)
		ahead_give_up(fs, t, way);
	if (w->closed)
		return;
	int64_t to = w->end >= 0 && !w->end_reset ? w->end : w->acked;
	if (w->end < 0 && to == w->next + 1)
		to = w->next;
	if (to > w->next)
		ahead_lost(fs, t, way, to - w->next, &t->flow.last);
	if (w->end >= 0 && !w->closed) {
		w->end = w->next;
		stream_close_reached(fs, t, way);
	}
}

void stream_end_flow(struct flows *fs, struct tcp *t)
{
	settle(fs, t, FLOW_UP);
	settle(fs, t, FLOW_DOWN);
	t->flow.ended = how_ended(t);
	if (fs->calls->ended != NULL)
		fs->calls->ended(fs->ctx, &t->flow);
	table_remove(fs, t);
}

void stream_make_room(struct flows *fs)
{
	struct tcp *t = fs->oldest[LIST_OVER];
	if (t == NULL) {
		t = fs->oldest[LIST_OPEN];
		fs->counts.limits++;
	}
	stream_end_flow(fs, t);
}
