#include "ui/report/misp.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"
#include "ui/report/uuid.h"
#include "store/base/clock.h"
#include "store/base/hash.h"
#include "store/seal_stamps.h"
#include "ui/report/say_compared.h"

#include <stdio.h>

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static void add_picture(struct misp *m, json_t *object, const struct landing_shot *s, size_t n)
{
	char name[40];
	if (s->withheld || s->png.n == 0 || s->png.n > MISP_DATA_MAX) {
		m->left_out++;
		return;
	}
	snprintf(name, sizeof name, "screenshot-%zu.png", n);
	json_t *a =
		object != NULL
			? misp_add(object, "screenshot", "attachment/External analysis",
				  json_string(name), false)
			: misp_attribute(m, "attachment/External analysis", json_string(name));
	misp_data(a, s->png);
}

/* Everything before it, from the link on. */
static void add_phishing(struct misp *m, json_t *url)
{
	const struct report_hop *h = m->hop;
	bool is_new;
	struct buf uri = {0};
	if (!complaint_uri(h->hop->url, &uri)) {
		buf_fini(&uri);
		return;
	}
	json_t *j = misp_object(m, MISP_PHISHING, span_str("1"), &is_new);
	misp_add(j, "url", "url/Network activity", json_text_of(buf_span(&uri)), false);
	for (size_t i = 0; i < m->trail->n_hops && i < MISP_LIST_MAX; i++) {
		if (&m->trail->hops[i] == h)
			break;
		buf_clear(&uri);
		if (complaint_uri(m->trail->hops[i].hop->url, &uri))
			misp_add(j, "url-redirect", "url/Network activity",
				json_text_of(buf_span(&uri)), false);
	}
	if (m->edition->order->brand != NULL)
		misp_add(j, "target", "text/Other",
			misp_text(span_str(m->edition->order->brand)), false);
	misp_add(j, "verification-time", "datetime/Other", misp_time(h->hop->at_us), false);
	for (size_t i = 0; h->landing != NULL && i < h->landing->n_shots && i < MISP_LIST_MAX;
		i++)
		add_picture(m, j, &h->landing->shots[i], i + 1);
	if (url != NULL)
		misp_refer(j, url, "related-to", "the page");
	buf_fini(&uri);
}

static void add_file(struct misp *m, const struct landing_download *d, json_t *url)
{
	bool is_new;
	/* Without a hash or a name there is nothing to know it by. */
	if (d->sha256.n != 32)
		return;
	json_t *j = misp_object(m, MISP_FILE, d->sha256, &is_new);
	if (is_new) {
		misp_add(j, "sha256", "sha256/Payload delivery", json_hex_of(d->sha256),
			m->edition->order->abuse == ABUSE_MALWARE);
		misp_add(j, "filename", "filename/Payload delivery", misp_text(d->name), false);
		if (d->size >= 0)
			misp_add(j, "size-in-bytes", "size-in-bytes/Other",
				json_sprintf("%lld", (long long)d->size), false);
		misp_add(j, "mimetype", "mime-type/Payload delivery", misp_text(d->media_type),
			false);
	}
	if (url != NULL)
		misp_refer(j, url, "downloaded-from", "");
}

void misp_landing(struct misp *m)
{
	const struct report_landing *l = m->hop->landing;
	json_t *url = misp_hop_object(m, m->hop);
	/* Of what the trail came to; a mailing service's link is none. */
	bool phishing = m->edition->order->abuse == ABUSE_PHISHING &&
			m->hop == &m->trail->hops[m->trail->n_hops - 1];
	if (phishing)
		add_phishing(m, url);
	for (size_t i = 0; l != NULL && i < l->n_downloads && i < MISP_LIST_MAX; i++)
		add_file(m, &l->downloads[i], url);
	for (size_t i = 0; l != NULL && !phishing && i < l->n_shots && i < MISP_LIST_MAX; i++)
		add_picture(m, NULL, &l->shots[i], i + 1);
}

/* statement: of the newest head. What a token over an earlier one is over, is not looked for.
 */
static void add_stamp(struct misp *m, const struct kept_stamps *all, size_t i,
	struct span statement, struct arena *a)
{
	struct buf over = {0};
	struct timestamp t = {.at_us = FACT_NULL};
	struct err err;
	size_t earlier;
	bool is_new;
	uint8_t digest[SHA256_LEN];
	char name[60];
	const struct kept_stamp *k = &all->items[i];
	bool known = seal_stamps_over(all, i, statement, &earlier, &over);
	if ((!known && k->beside) || !timestamp_read(k->stamp.token, buf_span(&over), SPAN_NONE,
					     SPAN_NONE, a, &t, &err)) {
		m->left_out++;
		buf_fini(&over);
		return;
	}
	snprintf(name, sizeof name, "timestamp-%lld%s.p7", (long long)k->n,
		k->beside ? "-beside" : "");
	json_t *j = misp_object(m, MISP_TIMESTAMP, span_str(name), &is_new);
	misp_data(misp_add(j, "trusted-timestamp-response", "attachment/External analysis",
			  json_string(name), false),
		k->stamp.token);
	misp_add(j, "format", "text/Other", json_string("RFC3161"), false);
	if (known) {
		sha256(buf_span(&over), digest);
		misp_add(j, "hash-sha256", "sha256/External analysis",
			json_hex_of(span_of(digest, sizeof digest)), false);
	}
	misp_add(j, "timestamp", "datetime/External analysis", misp_time(t.at_us), false);
	if (t.certs.n > 0)
		misp_data(misp_add(j, "tsa-certificates", "attachment/External analysis",
				  json_string("tsa-certificates.pem"), false),
			t.certs);
	misp_comment(
		j, known ? "A TimeStampToken (RFC 3161) over the statement of the case's "
			   "newest seal head, whose SHA-256 stands here; its signature was "
			   "not checked for this event"
			 : "A TimeStampToken (RFC 3161) over an earlier head of the case's "
			   "seal; not checked for this event");
	json_t *first = misp_hop_object(m, &m->trail->hops[0]);
	if (first != NULL)
		misp_refer(j, first, "annotates", "the record of the trail");
	buf_fini(&over);
}

/* Tokens are over the case's own statements: nothing of a recipient is in them, and redaction
 * has nothing to look for. */
bool misp_stamps(struct misp *m, struct err *err)
{
	struct arena a = {0};
	struct kept_stamps all = {0};
	struct stamp_subject subject = {0};
	struct err none;
	if (m->edition->gather == NULL)
		return true;
	struct case_file *file = m->edition->gather->file;
	bool ok = seal_stamps_list(file, &a, &all, err);
	/* A case without a head has no token either. */
	if (ok && all.n > 0 && seal_stamps_subject(file, &a, &subject, &none)) {
		struct buf statement = {0};
		seal_head_write(&subject.head, &statement);
		for (size_t i = 0; i < all.n && i < MISP_STAMPS_MAX; i++) {
			if (all.items[i].wrong == NULL)
				add_stamp(m, &all, i, buf_span(&statement), &a);
			else
				m->left_out++;
		}
		buf_fini(&statement);
		if (all.n > MISP_STAMPS_MAX)
			m->left_out += all.n - MISP_STAMPS_MAX;
	}
	arena_fini(&a);
	return ok;
}

static json_t *tags_json(enum abuse_class class)
{
	/* The machine tags of the RSIT taxonomy (rsit 1004), where one says the same. */
	static const char *const rsit[] = {[ABUSE_NONE] = NULL,
		[ABUSE_PHISHING] = "rsit:fraud=\"phishing\"",
		[ABUSE_MALWARE] = "rsit:malicious-code=\"malware-distribution\"",
		[ABUSE_FRAUD] = NULL,
		[ABUSE_BRAND] = "rsit:fraud=\"masquerade\"",
		[ABUSE_SPAM] = "rsit:abusive-content=\"spam\""};
	json_t *list = json_array();
	json_array_append_new(list, json_pack("{s:s}", "name", "tlp:amber"));
	if (rsit[class] != NULL)
		json_array_append_new(list, json_pack("{s:s}", "name", rsit[class]));
	return list;
}

static json_t *event_json(struct misp *m)
{
	const struct edition *e = m->edition;
	char uuid[UUID_TEXT], day[CLOCK_TEXT_MAX] = "1970-01-01";
	struct buf words = {0};
	json_t *j = json_object();
	buf_add_str(&words, "misp-event/");
	buf_add_span(&words, e->report->about.id);
	buf_addf(&words, "/%s/%s/%d%d/%s/%zu", m->trail->id, redact_word(e->order->redact.how),
		e->order->coarse_time, e->order->withhold_egress,
		abuse_class_word(e->order->abuse), e->order->party);
	uuid_v5(buf_span(&words), uuid);
	buf_clear(&words);
	if (m->trail->trail->started_us != FACT_NULL)
		clock_text(m->trail->trail->started_us, day);
	buf_addf(&words, "A link that led over %zu hops, reported as %s", m->trail->n_hops,
		complaint_noun(e->order->abuse));
	if (m->party != NULL) {
		buf_add_str(&words, ", at ");
		say_text(&words, m->party->name);
	}
	set(j, "uuid", json_string(uuid));
	set(j, "info", json_text_of(buf_span(&words)));
	set(j, "date", json_stringn(day, 10));
	set(j, "timestamp", json_sprintf("%lld", (long long)(e->made_us / 1000000)));
	set(j, "published", json_false());
	set(j, "analysis", json_string("1"));
	set(j, "threat_level_id", json_string("4"));
	set(j, "distribution", json_string("0"));
	set(j, "Tag", tags_json(e->order->abuse));
	buf_fini(&words);
	return j;
}

/* What a reader should know before using it. */
static void add_notes(struct misp *m)
{
	const struct edition *e = m->edition;
	struct buf words = {0};
	if (e->redaction != NULL && e->redaction->how != REDACT_NONE)
		buf_addf(&words, "What names a recipient was replaced (%s). ",
			redact_word(e->redaction->how));
	if (!m->trail->trail->recording_complete)
		buf_add_str(&words, "The recording is not complete. ");
	struct buf line = {0};
	say_compared_line(e->report->compared, &line);
	for (size_t i = line.start; i < line.end; i++)
		buf_add_byte(&words, line.p[i] == '\n' ? ' ' : line.p[i]);
	buf_fini(&line);
	if (m->left_out > 0)
		buf_addf(&words, "%zu things did not fit and were left out.", m->left_out);
	misp_attribute(m, "comment/Other", json_text_of(span_trim(buf_span(&words), " ")));
	buf_fini(&words);
}

/* With --party it is about that one's hop; without, about the last. */
static bool pick(struct misp *m, struct err *err)
{
	struct complaint c;
	m->trail = complaint_pick_trail(m->edition, err);
	if (m->trail == NULL)
		return false;
	if (m->trail->n_hops == 0)
		return err_set(err, ERR_USAGE, "trail %s has no hop", m->trail->id);
	m->hop = &m->trail->hops[m->trail->n_hops - 1];
	if (m->edition->order->party == 0)
		return true;
	if (!complaint_pick(m->edition, &c, err))
		return false;
	m->party = c.party;
	m->hop = c.hop;
	return true;
}

bool edition_misp(struct edition *e, struct buf *out, struct err *err)
{
	struct misp m = {.edition = e};
	if (!pick(&m, err))
		return false;
	m.objects = json_array();
	m.attributes = json_array();
	misp_hops(&m);
	misp_landing(&m);
	bool ok = misp_stamps(&m, err);
	if (ok) {
		json_t *event = event_json(&m), *top = json_object();
		add_notes(&m);
		set(event, "Attribute", json_incref(m.attributes));
		set(event, "Object", json_incref(m.objects));
		set(top, "Event", event);
		json_write(top, JSON_INDENT(2), out);
		buf_add_byte(out, '\n');
	}
	json_decref(m.objects);
	json_decref(m.attributes);
	return ok;
}
