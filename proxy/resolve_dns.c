#include "proxy/resolve_inner.h"
#include "store/base/clock.h"
#include "store/fact/fact.h"

#include <ares.h>

enum { QUESTIONS = 2 };

/* One round with one server: A first, AAAA second. */
struct round {
	struct resolve_answer answers[QUESTIONS];
	struct resolve_path paths[QUESTIONS];
};

/* The form that dns_name gives a name. */
static const char *wire_text(const char *name, struct arena *a)
{
	struct buf b = {0};
	for (const char *c = name; *c != 0; c++)
		if (*c == '.' || *c == '-' || *c == '_' || *c == '*' ||
			ascii_alpha((uint8_t)*c) || ascii_digit((uint8_t)*c))
			buf_add_byte(&b, (uint8_t)*c);
		else
			buf_addf(&b, "\\%03u", (unsigned)(uint8_t)*c);
	const char *text = arena_str(a, buf_span(&b));
	buf_fini(&b);
	return text;
}

/* What became of one question, in words. */
static const char *outcome_words(
	const struct resolve_answer *answer, const struct resolve_path *path, struct arena *a)
{
	if (buf_len(&answer->raw) == 0)
		return !answer->done || answer->status == ARES_EDESTRUCTION ||
				       answer->status == ARES_ETIMEOUT
			       ? "no answer"
			       : ares_strerror(answer->status);
	if (path->malformed)
		return "malformed answer";
	if (path->rcode != DNS_NOERROR) {
		const char *name = dns_rcode_name(path->rcode);
		return name != NULL ? name : arena_printf(a, "RCODE %u", path->rcode);
	}
	if (path->too_long)
		return arena_printf(a, "more than %d CNAMEs", RESOLVE_CNAMES_MAX);
	if (path->loop)
		return "CNAME loop";
	return path->n_addresses == 0 ? "no addresses" : "ok";
}

static bool unanswered(const struct resolve_answer *answer)
{
	return buf_len(&answer->raw) == 0 &&
	       (!answer->done || answer->status == ARES_EDESTRUCTION ||
		       answer->status == ARES_ETIMEOUT);
}

static bool server_failed(const struct resolve_answer *answer, const struct resolve_path *path)
{
	return buf_len(&answer->raw) > 0 && !path->malformed &&
	       (path->rcode == DNS_SERVFAIL || path->rcode == DNS_REFUSED ||
		       path->rcode == DNS_NOTIMP);
}

/* The server says that there is no such name, or no address of this type. */
static bool denied(const struct resolve_answer *answer, const struct resolve_path *path)
{
	if (buf_len(&answer->raw) == 0 || path->malformed || path->too_long || path->loop)
		return false;
	return path->rcode == DNS_NXDOMAIN || path->rcode == DNS_NOERROR;
}

static const char *both_words(const struct round *round, struct arena *a)
{
	const char *w4 = outcome_words(&round->answers[0], &round->paths[0], a);
	const char *w6 = outcome_words(&round->answers[1], &round->paths[1], a);
	return strcmp(w4, w6) == 0 ? w4 : arena_printf(a, "A: %s, AAAA: %s", w4, w6);
}

static void fail(const struct round *round, const char *name, struct arena *a, struct err *err)
{
	const char *words = both_words(round, a);
	const struct resolve_answer *answers = round->answers;
	enum err_kind kind = ERR_DNS_FAILED;
	if (denied(&answers[0], &round->paths[0]) && denied(&answers[1], &round->paths[1]))
		kind = ERR_DNS_NOT_FOUND;
	else if (unanswered(&answers[0]) || unanswered(&answers[1]))
		kind = ERR_DNS_TIMEOUT;
	err_set(err, kind, "%s: %s", name, words);
}

/* The two paths are one as a rule. Where a server gave two, the second one's names stand behind
 * the first one's. */
static void take_cnames(const struct round *round, struct arena *a, struct resolved *out)
{
	const struct resolve_path *p = round->paths;
	for (int k = 0; k < QUESTIONS; k++) {
		for (size_t i = 0; i < p[k].n_cnames; i++) {
			bool known = false;
			for (size_t j = 0; j < out->n_cnames && !known; j++)
				known = strcmp(out->cnames[j], p[k].cnames[i]) == 0;
			if (!known)
				ARENA_PUSH(a, out->cnames, out->n_cnames, p[k].cnames[i]);
		}
	}
	if (p[0].n_cnames > 0 && p[1].n_cnames > 0 && out->n_cnames > p[0].n_cnames)
		resolve_note(a, out, "A and AAAA took different paths");
}

static void take_notes(const struct resolve_path *path, struct arena *a, struct resolved *out)
{
	if (path->loop)
		resolve_note(a, out, "CNAME loop");
	if (path->n_forks > 0)
		resolve_note(a, out, "a name has several CNAMEs, the first was followed");
	if (path->n_strays > 0)
		resolve_note(a, out,
			arena_printf(
				a, "%zu records of unrelated names ignored", path->n_strays));
	if (path->n_over > 0)
		resolve_note(a, out,
			arena_printf(a, "%zu addresses over the limit of %d left out",
				path->n_over, RESOLVE_ADDRESSES_MAX));
}

/* Everything that the round brought, whether or not it leads to addresses. */
static void take(const struct round *round, struct arena *a, struct resolved *out,
	struct resolved_address **found, size_t *n_found)
{
	out->cnames = NULL;
	out->n_cnames = 0;
	take_cnames(round, a, out);
	for (int k = 0; k < QUESTIONS; k++) {
		const struct resolve_path *path = &round->paths[k];
		take_notes(path, a, out);
		for (size_t i = 0; i < path->n_addresses; i++)
			ARENA_PUSH(a, *found, *n_found, path->addresses[i]);
		if (path->ttl != FACT_NULL && (out->ttl == FACT_NULL || path->ttl < out->ttl))
			out->ttl = path->ttl;
	}
	bool halved = round->paths[0].n_addresses == 0 || round->paths[1].n_addresses == 0;
	for (int k = 0; k<QUESTIONS && * n_found> 0 && halved; k++)
		if (round->paths[k].n_addresses == 0 &&
			!denied(&round->answers[k], &round->paths[k]))
			resolve_note(a, out,
				arena_printf(a, "%s: %s", k == 0 ? "A" : "AAAA",
					outcome_words(
						&round->answers[k], &round->paths[k], a)));
}

const char *resolve_next_server(const char *servers)
{
	const char *comma = strchr(servers, ',');
	return comma != NULL ? comma + 1 : NULL;
}

/* One server after the other is `servers` less its first ones: c-ares goes on by itself where a
 * server is silent, we do where it says that it cannot. False with err: nothing found, *more
 * says whether the next server may know. */
static bool ask_round(const char *servers, const struct tap *tap, const char *name,
	int64_t until_us, int stop_fd, struct arena *a, struct resolved *out,
	struct resolved_address **found, size_t *n_found, bool *more, struct err *err)
{
	struct round round = {.answers = {{.type = DNS_A}, {.type = DNS_AAAA}}};
	const char *wire = wire_text(name, a);
	enum ask_result result =
		resolve_ask(servers, tap, name, until_us, stop_fd, round.answers, QUESTIONS);
	bool failed = false;
	for (int k = 0; k < QUESTIONS; k++) {
		resolve_path(buf_span(&round.answers[k].raw), wire, round.answers[k].type, a,
			&round.paths[k]);
		failed = failed || server_failed(&round.answers[k], &round.paths[k]);
	}
	take(&round, a, out, found, n_found);
	*more = failed && *n_found == 0 && result == ASK_DONE &&
		resolve_next_server(servers) != NULL;
	if (*more)
		resolve_note(a, out,
			arena_printf(a, "%s, asked the next server", both_words(&round, a)));
	if (result == ASK_STOPPED)
		err_set(err, ERR_SHUTDOWN, "while %s was resolved", name);
	else if (result == ASK_SYSTEM)
		err_set(err, ERR_SYSTEM, "%s could not be asked for", name);
	else if (*n_found == 0)
		fail(&round, name, a, err);
	for (int k = 0; k < QUESTIONS; k++)
		buf_fini(&round.answers[k].raw);
	return *n_found > 0 && (result == ASK_DONE || result == ASK_TIMEOUT);
}

bool resolve_dns(const struct resolver *r, const char *name, int64_t until_us, int stop_fd,
	struct arena *a, struct resolved *out, struct resolved_address **found, size_t *n_found,
	struct err *err)
{
	bool more = true, ok = false;
	*found = NULL;
	*n_found = 0;
	for (const char *servers = resolver_csv(r); more;
		servers = resolve_next_server(servers))
		ok = ask_round(servers, resolver_tap(r), name, until_us, stop_fd, a, out, found,
			n_found, &more, err);
	return ok;
}
