/* Recorded before released: bytes for the browser wait until the facts that they depend on are
 * committed. */
#include "proxy/exchange.h"

/* What is in held, and all that is added to it, waits until everything put so far is committed.
 */
void exchange_gate_shut(struct exchange *x)
{
	if (x->gate == 0)
		x->gate_since_us = clock_now_us(clock_real());
	x->gate = x->t->record.last_ticket;
}

static enum exchange_gate failed(struct exchange *x)
{
	x->cut = x->down_done = x->up_done = true;
	buf_clear(&x->held);
	x->gate = 0;
	return EXCHANGE_GATE_FAILED;
}

static enum writer_state committed(struct exchange *x, bool patient)
{
	struct tunnel *t = x->t;
	struct writer *w = t->record.writer;
	/* Alone, it is committed here and now: no other thread has to wake up. */
	writer_commit_here(w, x->gate);
	if (patient) {
		enum writer_state state =
			writer_wait_ms(w, x->gate, EXCHANGE_PATIENCE_MS, &t->record.err);
		if (state != WRITER_PENDING)
			return state;
	}
	/* Without a descriptor to poll it waits right here: later, but never less. */
	if (!tunnel_take_signal(t))
		writer_wait(w, x->gate, &t->record.err);
	return writer_poll(w, x->gate, &t->waiter, &t->record.err);
}

enum exchange_gate exchange_gate_try(struct exchange *x, bool patient)
{
	struct tunnel *t = x->t;
	if (t->record.failed)
		return failed(x);
	/* What waits where nothing is recorded waits for nothing. */
	if (x->gate == 0)
		return buf_len(&x->held) > 0 ? EXCHANGE_GATE_OPENED : EXCHANGE_GATE_OPEN;
	switch (committed(x, patient)) {
	case WRITER_PENDING: return EXCHANGE_GATE_SHUT;
	case WRITER_FAILED: t->record.failed = true; return failed(x);
	case WRITER_COMMITTED: break;
	}
	int64_t waited_us = clock_now_us(clock_real()) - x->gate_since_us;
	x->gate_waited_us += waited_us;
	x->gate = 0;
	if (waited_us > (int64_t)EXCHANGE_WAIT_NOTED_MS * 1000)
		record_note(&t->record, NOTE_RECORDER_WAIT, x->id,
			"the answer waited %lld ms for its commit",
			(long long)waited_us / 1000);
	return EXCHANGE_GATE_OPENED;
}
