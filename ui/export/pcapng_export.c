#include "ui/export/pcapng_export.h"
#include "capture/pcapng.h"

#include <inttypes.h>
#include <stdio.h>

#define CUT_SAYS                                                                               \
	"What went in clear was left out: a packet that is shorter than it was on the wire "   \
	"is cut behind its TCP, UDP or IP header. Of a direction with TLS, records are whole " \
	"from its hello up to the first bytes that are no record, are missing, or hold what "  \
	"is hidden; so are questions to name servers and their answers. What records of "      \
	"encrypted data hold was not decrypted. Options of IP were overwritten, and those of " \
	"TCP but for segment size, window scale, SACK and timestamps; checksums were not "     \
	"made anew. Addresses, ports and times are as recorded."

enum { BLOCK_REST = 1024 }; /* of a packet's block, but for the packet */

static bool redacted(const struct pcapng_order *o)
{
	return o->edition->order->redact.how != REDACT_NONE;
}

static bool holds(void *ctx, struct span bytes)
{
	return redaction_holds(ctx, bytes);
}

static bool is_changed(const struct pcapng_file *f)
{
	return f->has_sha256 && f->survey.ended != PACKET_BROKEN &&
	       memcmp(f->sha256, f->survey.sha256, SHA256_LEN) != 0;
}

/* What a reader must know before he believes it. */
static void say(const struct pcapng_order *o, struct buf *out)
{
	const struct edition_order *e = o->edition->order;
	buf_addf(out, "clicktrail case %.*s", (int)o->edition->report->about.id.n,
		(const char *)o->edition->report->about.id.p);
	if (e->trail != 0)
		buf_addf(out,
			", trail %" PRId64 ".%" PRId64
			": the connections that its exchanges went by",
			e->session, e->trail);
	buf_add_str(out, ".");
	if (redacted(o))
		buf_add_str(out, " " CUT_SAYS);
	for (size_t i = 0; i < o->n; i++) {
		const struct pcapng_file *f = &o->files[i];
		if (is_changed(f))
			buf_addf(out,
				" %s is not the file that was recorded: its SHA-256 "
				"differs from the case's.",
				f->name);
		if (f->survey.ended != PACKET_END)
			buf_addf(out, " %s cannot be read to its end.", f->name);
	}
	for (size_t i = 0; i < o->n_missing; i++)
		buf_addf(out, " %s is missing.", o->missing[i]);
	if (o->keys_cut)
		buf_add_str(out, " The key log is too large: of it only the beginning was "
				 "looked through.");
	for (size_t i = 0; i < o->n_strange; i++)
		buf_addf(out,
			" %s is not the file that was recorded, nor named after the case: it "
			"was left out.",
			o->strange[i]);
	buf_add_byte(out, 0);
}

static void put_heads(struct pcapng_order *o, struct buf *out)
{
	struct buf text = {0}, keys = {0};
	uint32_t n = 0;
	pcapng_keys(o, &keys);
	say(o, &text);
	pcapng_section(out, NULL, NULL, "clicktrail " CLICKTRAIL_VERSION,
		(const char *)buf_span(&text).p);
	if (buf_len(&keys) > 0)
		pcapng_secrets(out, buf_span(&keys));
	for (size_t i = 0; i < o->n; i++) {
		struct pcapng_file *f = &o->files[i];
		char about[64];
		snprintf(about, sizeof about, "session %" PRId64, f->session);
		f->interface = n;
		for (size_t k = 0; k < f->survey.n_links; k++, n++)
			pcapng_interface(out, f->survey.links[k], PACKET_FILE_BLOCK_MAX,
				capture_side_word(f->side), about, NULL);
	}
	buf_fini(&text);
	buf_fini(&keys);
}

static bool link_of(const struct pcapng_file *f, int link, uint32_t *out)
{
	for (size_t i = 0; i < f->survey.n_links; i++)
		if (f->survey.links[i] == link) {
			*out = f->interface + (uint32_t)i;
			return true;
		}
	return false;
}

static void put_packet(struct pcapng_order *o, struct pcapng_file *f, struct buf *out)
{
	struct packet p = f->at_hand;
	struct packet_parts parts;
	enum flow_way way = FLOW_UP;
	packet_parse(p.link, p.bytes, p.wire_len, &parts);
	struct survey_flow *flow = survey_find(&f->survey, &parts, p.number, &way);
	bool wanted = flow != NULL ? flow->wanted : o->edition->order->trail == 0;
	const char *name = NULL;
	if (!wanted || !link_of(f, p.link, &p.interface))
		return;
	if (flow != NULL && !flow->said) {
		name = flow->name;
		flow->said = true;
	}
	p.bytes = pcapng_cut(&p, &parts, flow, way, redacted(o) ? holds : NULL,
		o->edition->redaction, &o->room);
	pcapng_packet(out, &p, name);
}

static void step(struct pcapng_file *f)
{
	struct err why = {0};
	f->next = packet_file_next(f->reading, &f->at_hand, &why);
}

/* The file whose next packet is the oldest; NULL: there are no more. */
static struct pcapng_file *oldest(struct pcapng_order *o)
{
	struct pcapng_file *best = NULL;
	for (size_t i = 0; i < o->n; i++) {
		struct pcapng_file *f = &o->files[i];
		/* What was written since the first reading is not looked at. */
		if (f->next == PACKET_NEXT && f->at_hand.number <= f->survey.packets &&
			(best == NULL || f->at_hand.at_ns < best->at_hand.at_ns))
			best = f;
	}
	return best;
}

static bool too_much(struct err *err)
{
	return err_set(err, ERR_LIMIT,
		"--format pcapng: more than %d MiB of packets: ask for one trail (--trail), or "
		"take the files beside the case",
		PCAPNG_BYTES_MAX / 1024 / 1024);
}

static int64_t size_of(const struct pcapng_order *o)
{
	int64_t all = 0;
	for (size_t i = 0; i < o->n && all <= PCAPNG_BYTES_MAX; i++)
		all += o->files[i].size;
	return all;
}

/* False: it is known beforehand that it is too much. */
static bool may_fit(const struct pcapng_order *o, struct err *err)
{
	return size_of(o) <= PCAPNG_BYTES_MAX || redacted(o) || o->edition->order->trail != 0 ||
	       too_much(err);
}

/* Room for all that may come, so that nothing is moved while it grows: what is not used costs
 * nothing. */
static void make_room(const struct pcapng_order *o, struct buf *out)
{
	int64_t all = size_of(o);
	buf_room(out, all < PCAPNG_BYTES_MAX ? (size_t)all : PCAPNG_BYTES_MAX);
}

static uint64_t least_of(const struct pcapng_order *o, const struct survey *s)
{
	uint64_t n = o->edition->order->trail == 0 ? s->least : 0;
	for (const struct survey_flow *f = s->first; f != NULL; f = f->next) {
		if (!f->wanted)
			continue;
		n += f->least;
		for (int way = 0; way < 2; way++)
			if (redacted(o) && f->ways[way].from != FOLLOW_NEVER)
				n += f->ways[way].to - f->ways[way].from;
	}
	return n;
}

/* Before anything of it is made. */
static bool fits(const struct pcapng_order *o, struct err *err)
{
	uint64_t n = 0;
	for (size_t i = 0; i < o->n; i++)
		n += least_of(o, &o->files[i].survey);
	return n <= PCAPNG_BYTES_MAX || too_much(err);
}

static bool put_packets(struct pcapng_order *o, struct buf *out, struct err *err)
{
	for (size_t i = 0; i < o->n; i++) {
		o->files[i].reading = packet_file_open(o->files[i].path, err);
		if (o->files[i].reading == NULL)
			return false;
		step(&o->files[i]);
	}
	for (struct pcapng_file *f; (f = oldest(o)) != NULL; step(f)) {
		/* Before there is more than room was made for. */
		if (buf_len(out) + f->at_hand.bytes.n + BLOCK_REST > PCAPNG_BYTES_MAX)
			return too_much(err);
		put_packet(o, f, out);
	}
	return true;
}

/* What the kernel dropped, as the recorders wrote it down. */
static void put_ends(const struct pcapng_order *o, struct buf *out)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct survey *s = &o->files[i].survey;
		if (s->dropped != UINT64_MAX && s->n_links > 0)
			pcapng_statistics(out, o->files[i].interface, s->first_ns, s->last_ns,
				s->packets + s->dropped, s->dropped, NULL);
	}
}

bool pcapng_export(struct pcapng_order *o, struct buf *out, struct err *err)
{
	follow_holds_fn *hidden = redacted(o) ? holds : NULL;
	bool ok = may_fit(o, err);
	for (size_t i = 0; ok && i < o->n; i++)
		ok = survey_read(&o->files[i].survey, o->files[i].path, hidden,
			o->edition->redaction, err);
	if (ok) {
		pcapng_names(o);
		ok = fits(o, err);
	}
	if (ok) {
		make_room(o, out);
		put_heads(o, out);
		ok = put_packets(o, out, err);
	}
	if (ok)
		put_ends(o, out);
	buf_fini(&o->room);
	for (size_t i = 0; i < o->n; i++) {
		packet_file_close(o->files[i].reading);
		survey_fini(&o->files[i].survey);
	}
	return ok;
}
