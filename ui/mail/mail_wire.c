/* A message on its way out of the reader's process. What comes back is as hostile as what went
 * in. */
#include "ui/mail/mail.h"
#include "store/base/reader.h"

static const uint32_t absent = 0xffffffff;

static void put(struct buf *out, struct span s)
{
	buf_add_u32(out, s.p == NULL ? absent : (uint32_t)s.n);
	if (s.p != NULL)
		buf_add_span(out, s);
}

static void put_n(struct buf *out, size_t n)
{
	buf_add_u32(out, (uint32_t)n);
}

static void put_message(struct buf *out, const struct mail_message *m)
{
	put_n(out, m->inside);
	buf_add_u64(out, (uint64_t)m->date_us);
	put_n(out, m->n_fields);
	for (size_t i = 0; i < m->n_fields; i++) {
		put(out, m->fields[i].name);
		put(out, m->fields[i].raw);
		put(out, m->fields[i].value);
	}
	put_n(out, m->n_addresses);
	for (size_t i = 0; i < m->n_addresses; i++) {
		put(out, m->addresses[i].field);
		put(out, m->addresses[i].name);
		put(out, m->addresses[i].address);
	}
}

void mail_encode(const struct mail *m, struct buf *out)
{
	buf_add_byte(out, m->more_in_file);
	put_n(out, m->n_messages);
	for (size_t i = 0; i < m->n_messages; i++)
		put_message(out, &m->messages[i]);
	put_n(out, m->n_parts);
	for (size_t i = 0; i < m->n_parts; i++) {
		const struct mail_part *p = &m->parts[i];
		put_n(out, p->message);
		put(out, p->path);
		buf_add_byte(out, (uint8_t)p->kind);
		put(out, p->media_type);
		put(out, p->name);
		put(out, p->charset);
		buf_add_byte(out, p->attached);
		put(out, p->text);
		put_n(out, p->carried);
	}
	put_n(out, m->n_notes);
	for (size_t i = 0; i < m->n_notes; i++)
		put(out, m->notes[i]);
}

static struct span get(struct arena *a, struct reader *r)
{
	uint32_t n = read_u32(r);
	if (n == absent || r->bad)
		return SPAN_NONE;
	struct span s = read_span(r, n);
	/* An absent span is another thing than an empty one. */
	return r->bad ? SPAN_NONE : arena_copy(a, s.p != NULL ? s : span_of("", 0));
}

static size_t get_n(struct reader *r, size_t most)
{
	uint32_t n = read_u32(r);
	if (n > most)
		r->bad = true;
	return r->bad ? 0 : n;
}

static void get_message(struct arena *a, struct reader *r, struct mail_message *m)
{
	m->inside = get_n(r, MAIL_MESSAGES_MAX);
	m->date_us = (int64_t)read_u64(r);
	m->n_fields = get_n(r, MAIL_FIELDS_MAX);
	m->fields = arena_alloc(a, (m->n_fields + 1) * sizeof *m->fields);
	for (size_t i = 0; i < m->n_fields; i++) {
		m->fields[i].name = get(a, r);
		m->fields[i].raw = get(a, r);
		m->fields[i].value = get(a, r);
	}
	m->n_addresses = get_n(r, MAIL_ADDRESSES_MAX);
	m->addresses = arena_alloc(a, (m->n_addresses + 1) * sizeof *m->addresses);
	for (size_t i = 0; i < m->n_addresses; i++) {
		m->addresses[i].field = get(a, r);
		m->addresses[i].name = get(a, r);
		m->addresses[i].address = get(a, r);
	}
}

static void get_part(struct arena *a, struct reader *r, struct mail_part *p)
{
	p->message = get_n(r, MAIL_MESSAGES_MAX);
	p->path = get(a, r);
	uint8_t kind = read_u8(r);
	r->bad |= kind > MAIL_MESSAGE;
	p->kind = kind > MAIL_MESSAGE ? MAIL_OTHER : (enum mail_part_kind)kind;
	p->media_type = get(a, r);
	p->name = get(a, r);
	p->charset = get(a, r);
	p->attached = read_u8(r) == 1;
	p->text = get(a, r);
	p->carried = get_n(r, MAIL_MESSAGES_MAX);
}

/* Numbers that name messages name some that are there, and carriers come first. */
static bool is_sound(const struct mail *m)
{
	for (size_t i = 0; i < m->n_messages; i++)
		if (m->messages[i].inside > i)
			return false;
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].message == 0 || m->parts[i].message > m->n_messages ||
			m->parts[i].carried > m->n_messages)
			return false;
	return m->n_messages > 0;
}

bool mail_decode(struct arena *a, struct span bytes, struct mail *out)
{
	struct reader r = reader_of(bytes);
	*out = (struct mail){.more_in_file = read_u8(&r) == 1};
	out->n_messages = get_n(&r, MAIL_MESSAGES_MAX);
	out->messages = arena_alloc(a, (out->n_messages + 1) * sizeof *out->messages);
	for (size_t i = 0; i < out->n_messages; i++)
		get_message(a, &r, &out->messages[i]);
	out->n_parts = get_n(&r, MAIL_PARTS_MAX);
	out->parts = arena_alloc(a, (out->n_parts + 1) * sizeof *out->parts);
	for (size_t i = 0; i < out->n_parts; i++)
		get_part(a, &r, &out->parts[i]);
	out->n_notes = get_n(&r, MAIL_NOTES_MAX);
	out->notes = arena_alloc(a, (out->n_notes + 1) * sizeof *out->notes);
	for (size_t i = 0; i < out->n_notes; i++)
		out->notes[i] = get(a, &r);
	return !r.bad && r.n == 0 && is_sound(out);
}
