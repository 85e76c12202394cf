#include "ui/report/say_seal.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"
#include "store/base/clock.h"
#include "store/base/codec.h"

#include <stdlib.h>

bool seal_holds(const struct seal_verdict *v)
{
	return v->sealed && v->n_faults == 0;
}

static void say_range(struct buf *out, int64_t from, int64_t to)
{
	if (from == to)
		buf_addf(out, "fact %lld", (long long)from);
	else
		buf_addf(out, "facts %lld to %lld", (long long)from, (long long)to);
}

static void say_fault(const struct seal_fault *f, struct buf *out)
{
	struct buf prose = {0}, first = {0};
	buf_addf(&first, "  %-10s", seal_fault_word(f->kind));
	if (f->from != 0 || f->to != 0) {
		say_range(&prose, f->from, f->to);
		buf_add_str(&prose, ": ");
	}
	buf_add_span(&prose, f->why);
	char *start = buf_take_str(&first);
	say_prose(out, start, "            ", buf_span(&prose));
	free(start);
	buf_fini(&prose);
}

static void say_faults(const struct seal_verdict *v, struct buf *out)
{
	for (size_t i = 0; i < v->n_faults; i++)
		say_fault(&v->faults[i], out);
	if (v->n_more > 0)
		buf_addf(out, "  and %zu more\n", v->n_more);
	buf_add_byte(out, '\n');
}

static void say_hex(struct buf *out, const char *name, const uint8_t *bytes, size_t n)
{
	struct arena a = {0};
	buf_addf(out, "  %-10s%s\n", name, hex_str(&a, span_of(bytes, n)));
	arena_fini(&a);
}

static void say_signed(const struct seal_words *w, struct buf *out)
{
	const struct seal_verdict *v = w->verdict;
	if (v->signed_facts == 0)
		buf_add_str(out, "  signed    nothing: no head with a signature that holds\n");
	else
		buf_addf(out, "  signed    facts 1 to %lld, by %lld of %lld heads\n",
			(long long)v->signed_facts, (long long)v->signed_heads,
			(long long)v->heads);
	if (v->signed_facts < v->facts && v->n_faults == 0)
		buf_addf(out,
			"            facts %lld to %lld are under the running hash alone: "
			"nobody "
			"vouches\n            for them%s\n",
			(long long)v->signed_facts + 1, (long long)v->facts,
			w->being_written ? " yet"
			: v->has_key     ? " (the recorder was cut off)"
					 : "");
	for (size_t i = 0; i < v->n_signers; i++) {
		const struct seal_signer *s = &v->signers[i];
		bool newest = memcmp(s->key, v->key, sizeof s->key) == 0;
		say_hex(out, "key", s->key, sizeof s->key);
		buf_addf(out, "            %s; %lld of the heads, the last over %lld facts\n",
			newest && w->our_key ? "this installation's"
			: newest             ? "not this installation's"
					     : "another",
			(long long)s->heads, (long long)s->facts);
	}
}

static void say_last(const struct seal_verdict *v, struct buf *out)
{
	char at[CLOCK_TEXT_MAX];
	if (v->last.n == 0)
		return;
	clock_text(v->last.at_us, at);
	buf_addf(out, "  head      %lld, over %lld facts, at %s\n", (long long)v->last.n,
		(long long)v->last.facts, at);
	say_hex(out, "running", v->last.running, SHA256_LEN);
	say_hex(out, "root", v->last.root, SHA256_LEN);
}

static void say_log(const struct seal_verdict *v, struct buf *out)
{
	if (!v->log_given)
		buf_add_str(out, "  log       not looked into\n");
	else if (!v->log_knows)
		buf_add_str(
			out, "  log       this installation's log has no head of this case\n");
	else
		buf_addf(out, "  log       this installation's log has %lld of its heads\n",
			(long long)v->log_heads);
	if (v->log_cuts > 0)
		buf_addf(out, "            %lld of its lines were cut off\n",
			(long long)v->log_cuts);
}

/* Who closed the case, or erased something from it, when and why. */
static void say_act(const struct seal_act *act, struct buf *out)
{
	struct buf prose = {0};
	char at[CLOCK_TEXT_MAX];
	clock_text(act->at_us, at);
	if (act->erasure)
		say_count(&prose, act->n > 0 ? (size_t)act->n : 0, "value, ", "values, ");
	buf_add_str(&prose, at);
	if (act->taken) {
		buf_add_str(&prose, ": ");
		buf_add_span(&prose, act->reason);
		buf_add_str(&prose, ": until then anybody who can write the file could have "
				    "changed them");
		say_prose(out, "  unsigned  ", "            ", buf_span(&prose));
		buf_fini(&prose);
		return;
	}
	buf_add_str(&prose, ", by ");
	buf_add_span(&prose, act->operator_name.n > 0 ? act->operator_name
						      : span_str("somebody who is not named"));
	if (act->reason.n > 0) {
		buf_add_str(&prose, ": ");
		buf_add_span(&prose, act->reason);
	}
	say_prose(out, act->erasure ? "  erased    " : "  closed    ", "            ",
		buf_span(&prose));
	buf_fini(&prose);
}

static bool by_same(const struct seal_verdict *a, const struct seal_verdict *b)
{
	return a->has_key == b->has_key && memcmp(a->key, b->key, sizeof a->key) == 0;
}

static void say_companion(const struct seal_words *w, struct buf *out)
{
	const struct seal_words *c = w->companion;
	if (c == NULL)
		return;
	buf_add_str(out, "  companion ");
	say_text(out, span_str(c->path));
	if (c->verdict == NULL)
		buf_add_str(out, ": cannot be read\n");
	else if (w->stranger)
		buf_add_str(out, ": is that of another case\n");
	else if (seal_holds(c->verdict))
		buf_addf(out, ": holds, %lld facts%s\n", (long long)c->verdict->facts,
			by_same(w->verdict, c->verdict) ? "" : ", signed by ANOTHER key");
	else
		buf_add_str(out, ": does NOT hold; see clicktrail verify on it\n");
}

static void add_stamp_end(const struct stamp_verdict *s, struct buf *prose)
{
	if (s->earlier != SIZE_MAX)
		buf_add_str(prose, ", and over the token before it");
	buf_add_str(prose, "; it holds");
	if (s->t.trusted)
		buf_add_str(prose, ", and the authority is trusted");
	else if (!s->asked_trust)
		buf_add_str(prose, ", the authority was not checked (--tsa-ca)");
	else
		buf_add_str(prose, ", the authority is NOT trusted: ");
	if (!s->t.trusted && s->asked_trust)
		buf_add_span(prose, s->why);
}

static void say_stamp(const struct stamp_verdict *s, struct buf *out)
{
	struct buf prose = {0};
	char at[CLOCK_TEXT_MAX];
	clock_text(s->t.at_us, at);
	buf_addf(&prose, "%s by ", at);
	buf_add_span(&prose, s->t.authority.p != NULL ? s->t.authority : span_str("nobody"));
	buf_addf(&prose, ", over head %lld (facts 1 to %lld)", (long long)s->head.n,
		(long long)s->head.facts);
	add_stamp_end(s, &prose);
	if (s->kept.beside)
		buf_addf(&prose, " (beside the case: tsr-%lld.pem)", (long long)s->kept.n);
	say_prose(out, "  stamped   ", "            ", buf_span(&prose));
	buf_fini(&prose);
}

/* One that is over nothing we know, or no token at all, is among the faults alone. */
static void say_stamps(const struct seal_verdict *v, struct buf *out)
{
	for (size_t i = 0; i < v->n_stamps; i++)
		if (v->stamps[i].holds)
			say_stamp(&v->stamps[i], out);
}

static void say_complete(const struct seal_verdict *v, bool being_written, struct buf *out)
{
	if (v->sessions == 0)
		return;
	buf_add_str(out, "  recorded  ");
	say_count(out, (size_t)v->sessions, "session", "sessions");
	if (v->n_faults > 0)
		buf_add_str(out, "\n");
	else if (v->complete == v->sessions)
		buf_add_str(out, ", complete: all that was seen is there\n");
	else if (v->ended < v->sessions)
		buf_addf(out, ", %lld of them without an end: %s\n",
			(long long)(v->sessions - v->ended),
			being_written ? "being recorded" : "the recorder was cut off");
	else
		buf_addf(out, ", %lld of them not complete (clicktrail report says why)\n",
			(long long)(v->sessions - v->complete));
}

/* What somebody can rely on who has the case alone. */
static const char *assurance(const struct seal_verdict *v)
{
	if (v->closed)
		return "Who has this case and knows the key by another way can be sure of "
		       "every "
		       "fact, and that none is missing at its end.";
	if (v->log_knows)
		return "The case was not closed: that nothing is missing at its end shows only "
		       "here, by the log of heads. Who has the case alone can be sure of the "
		       "signed facts, not of where they end.";
	return "The case was not closed: who has it alone can be sure of the signed facts, not "
	       "that none is missing at the end. A head kept elsewhere would show that.";
}

void say_seal(const struct seal_words *w, struct buf *out)
{
	const struct seal_verdict *v = w->verdict;
	say_text(out, span_str(w->path));
	if (!v->sealed) {
		buf_add_str(
			out, ": has no seal: it was made by a version before there was one.\n");
		return;
	}
	bool bad = w->companion != NULL && (w->companion->verdict == NULL || w->stranger ||
						   !seal_holds(w->companion->verdict));
	buf_add_str(out, v->n_faults > 0 ? ": the seal does NOT hold.\n\n"
			 : bad ? ": the seal holds; the companion beside it does NOT.\n\n"
			       : ": the seal holds.\n\n");
	if (v->n_faults > 0)
		say_faults(v, out);
	buf_addf(out, "  facts     %lld\n", (long long)v->facts);
	say_complete(v, w->being_written, out);
	say_signed(w, out);
	say_last(v, out);
	if (!v->closed)
		buf_add_str(out, "  closed    no\n");
	for (size_t i = 0; i < v->n_acts; i++)
		say_act(&v->acts[i], out);
	say_stamps(v, out);
	say_log(v, out);
	say_companion(w, out);
	if (v->n_faults > 0)
		return;
	buf_add_byte(out, '\n');
	say_prose(out, "", "", span_str(assurance(v)));
}

/* ---- JSON ---- */

static json_t *number_or_null(int64_t n)
{
	return n != 0 ? json_integer(n) : json_null();
}

static json_t *fault_json(const struct seal_fault *f)
{
	json_t *j = json_object();
	json_object_set_new(j, "what", json_string(seal_fault_word(f->kind)));
	json_object_set_new(j, "from", number_or_null(f->from));
	json_object_set_new(j, "to", number_or_null(f->to));
	json_object_set_new(j, "why", json_text_of(f->why));
	return j;
}

/* "trusted" is null where it was not asked for. */
static json_t *stamp_json(const struct stamp_verdict *s, const struct seal_verdict *v)
{
	json_t *j = json_object();
	const struct kept_stamp *k = &s->kept;
	bool checked = s->holds && s->asked_trust;
	json_object_set_new(j, "n", json_integer(k->n));
	json_object_set_new(j, "beside", json_boolean(k->beside));
	json_object_set_new(j, "head", number_or_null(k->stamp.head));
	json_object_set_new(
		j, "facts", s->head.n != 0 ? json_integer(s->head.facts) : json_null());
	json_object_set_new(j, "asked_at", json_time_of(k->stamp.asked_us));
	json_object_set_new(j, "url", json_text_of(k->stamp.url));
	json_object_set_new(j, "at", s->holds ? json_time_of(s->t.at_us) : json_null());
	json_object_set_new(
		j, "accuracy_ms", s->holds ? json_ms_of(s->t.accuracy_us) : json_null());
	json_object_set_new(j, "authority", json_text_of(s->t.authority));
	json_object_set_new(j, "holds", json_boolean(s->holds));
	json_object_set_new(j, "trusted", checked ? json_boolean(s->t.trusted) : json_null());
	json_object_set_new(j, "carries",
		s->earlier != SIZE_MAX ? json_integer(v->stamps[s->earlier].kept.n)
				       : json_null());
	json_object_set_new(j, "why", json_text_of(s->why));
	return j;
}

static json_t *json_signers(const struct seal_verdict *v)
{
	json_t *list = json_array();
	for (size_t i = 0; i < v->n_signers; i++) {
		json_t *j = json_object();
		json_object_set_new(
			j, "key", json_hex_of(span_of(v->signers[i].key, SEAL_KEY_LEN)));
		json_object_set_new(j, "heads", json_integer(v->signers[i].heads));
		json_object_set_new(j, "facts", json_integer(v->signers[i].facts));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *json_acts(const struct seal_verdict *v)
{
	json_t *list = json_array();
	for (size_t i = 0; i < v->n_acts; i++) {
		const struct seal_act *act = &v->acts[i];
		json_t *j = json_object();
		json_object_set_new(j, "act",
			json_string(act->erasure ? "erasure"
				    : act->taken ? "taken-over"
						 : "close"));
		json_object_set_new(j, "fact", json_integer(act->seq));
		json_object_set_new(j, "at", json_time_of(act->at_us));
		json_object_set_new(j, "values", json_integer(act->n));
		json_object_set_new(j, "operator", json_text_of(act->operator_name));
		json_object_set_new(j, "reason", json_text_of(act->reason));
		json_array_append_new(list, j);
	}
	return list;
}

json_t *json_seal(const struct seal_words *w)
{
	const struct seal_verdict *v = w->verdict;
	json_t *j = json_object(), *faults = json_array(), *stamps = json_array();
	bool head = v->last.n != 0;
	json_object_set_new(j, "format", json_string("clicktrail-seal/1"));
	json_object_set_new(j, "sealed", json_boolean(v->sealed));
	json_object_set_new(j, "holds", json_boolean(seal_holds(v)));
	json_object_set_new(j, "facts", json_integer(v->facts));
	json_object_set_new(j, "heads", json_integer(v->heads));
	json_object_set_new(j, "signed_facts", json_integer(v->signed_facts));
	json_object_set_new(j, "closed", json_boolean(v->closed));
	json_object_set_new(j, "sessions", json_integer(v->sessions));
	json_object_set_new(j, "sessions_ended", json_integer(v->ended));
	json_object_set_new(j, "sessions_complete", json_integer(v->complete));
	json_object_set_new(j, "erased", json_integer(v->erased));
	json_object_set_new(j, "public_key",
		v->has_key ? json_hex_of(span_of(v->key, sizeof v->key)) : json_null());
	json_object_set_new(j, "our_key", json_boolean(w->our_key));
	json_object_set_new(j, "head", head ? json_integer(v->last.n) : json_null());
	json_object_set_new(j, "running",
		head ? json_hex_of(span_of(v->last.running, SHA256_LEN)) : json_null());
	json_object_set_new(
		j, "root", head ? json_hex_of(span_of(v->last.root, SHA256_LEN)) : json_null());
	json_object_set_new(
		j, "log_heads", v->log_given ? json_integer(v->log_heads) : json_null());
	for (size_t i = 0; i < v->n_stamps; i++)
		json_array_append_new(stamps, stamp_json(&v->stamps[i], v));
	json_object_set_new(j, "timestamps", stamps);
	for (size_t i = 0; i < v->n_faults; i++)
		json_array_append_new(faults, fault_json(&v->faults[i]));
	json_object_set_new(j, "faults", faults);
	json_object_set_new(j, "signed_heads", json_integer(v->signed_heads));
	json_object_set_new(j, "keys", json_signers(v));
	json_object_set_new(j, "acts", json_acts(v));
	if (w->companion != NULL && w->companion->verdict != NULL)
		json_object_set_new(j, "companion", json_seal(w->companion));
	else if (w->companion != NULL)
		json_object_set_new(j, "companion", json_object());
	json_object_set_new(j, "more_faults", json_integer((json_int_t)v->n_more));
	return j;
}
