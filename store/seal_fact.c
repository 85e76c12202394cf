#include "store/seal_fact.h"

static const char salt_tag[] = "clicktrail-salt/1", value_tag[] = "clicktrail-value/1",
		  block_tag[] = "clicktrail-block/1", fact_tag[] = "clicktrail-fact/1";

/* Without the NUL. */
#define TAG(tag) (tag), (sizeof(tag) - 1)

void sealer_init(struct sealer *s)
{
	*s = (struct sealer){.pair_number = -1};
	sha256_init(&s->hash);
}

void sealer_fini(struct sealer *s)
{
	sha256_fini(&s->hash);
	buf_fini(&s->fact);
	buf_fini(&s->block);
}

int64_t seal_part(size_t field)
{
	return (int64_t)field + 1;
}

int64_t seal_piece(size_t field, size_t j)
{
	return (int64_t)SEAL_PIECES_MAX * seal_part(field) + (int64_t)j;
}

static void put_u64(uint8_t *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

/* ---- salts ---- */

static const uint8_t *salt_of(struct sealer *s, int64_t part)
{
	static const uint8_t none[SEAL_SALT_LEN];
	const struct seal_source *source = s->source;
	if (source->salt == NULL) {
		const uint8_t *kept = source->part(source->ctx, part);
		s->lost |= kept == NULL;
		s->kept += kept != NULL;
		return kept != NULL ? kept : none;
	}
	if (s->pair_number != part / 2) {
		uint8_t number[8];
		put_u64(number, (uint64_t)part / 2);
		sha256_reset(&s->hash);
		sha256_add(&s->hash, TAG(salt_tag));
		sha256_add(&s->hash, source->salt, SEAL_SALT_LEN);
		sha256_add(&s->hash, number, sizeof number);
		sha256_take(&s->hash, s->pair);
		s->pair_number = part / 2;
	}
	return s->pair + SEAL_SALT_LEN * (part % 2);
}

static void use(struct sealer *s, const struct seal_source *source)
{
	s->source = source;
	s->pair_number = -1;
	s->kept = 0;
	s->lost = s->stuffed = false;
}

bool sealer_salt(struct sealer *s, const struct seal_source *source, int64_t part,
	uint8_t out[SEAL_SALT_LEN])
{
	use(s, source);
	memcpy(out, salt_of(s, part), SEAL_SALT_LEN);
	return !s->lost;
}

/* ---- commitments ---- */

void sealer_commit(struct sealer *s, const uint8_t salt[SEAL_SALT_LEN], uint8_t type,
	struct span value, const uint8_t *digest, uint8_t out[SHA256_LEN])
{
	uint8_t form[sizeof value_tag - 1 + SEAL_SALT_LEN + 9 + SEAL_INLINE_MAX];
	uint8_t *p = form;
	memcpy(p, TAG(value_tag));
	p += sizeof value_tag - 1;
	memcpy(p, salt, SEAL_SALT_LEN);
	p += SEAL_SALT_LEN;
	*p++ = type;
	put_u64(p, value.n);
	p += 8;
	if (value.n <= SEAL_INLINE_MAX) {
		if (value.n > 0)
			memcpy(p, value.p, value.n);
		p += value.n;
	} else if (digest != NULL) {
		memcpy(p, digest, SHA256_LEN);
		p += SHA256_LEN;
	} else {
		sha256_reset(&s->hash);
		sha256_add(&s->hash, value.p, value.n);
		sha256_take(&s->hash, p);
		p += SHA256_LEN;
	}
	sha256_reset(&s->hash);
	sha256_add(&s->hash, form, (size_t)(p - form));
	sha256_take(&s->hash, out);
}

static const uint8_t *erased(const struct sealer *s, int64_t part)
{
	return s->source->erased != NULL ? s->source->erased(s->source->ctx, part) : NULL;
}

/* Of a header's value as many x are left as it had bytes, of a field nothing. */
static bool is_blank(struct span left, bool piece)
{
	size_t n = 0;
	while (n < left.n && left.p[n] == SEAL_BLANK)
		n++;
	return piece ? n == left.n : left.p == NULL;
}

/* Is the part erased? Then its commitment is what was kept. */
static bool take_erased(
	struct sealer *s, int64_t part, struct span left, bool piece, uint8_t out[SHA256_LEN])
{
	const uint8_t *kept = erased(s, part);
	if (kept == NULL)
		return false;
	memcpy(out, kept, SHA256_LEN);
	s->stuffed |= !is_blank(left, piece);
	return true;
}

static size_t put_plain(uint8_t *to, struct span block, size_t from, size_t end)
{
	if (end <= from)
		return 0;
	to[0] = 'p';
	put_u64(to + 1, end - from);
	memcpy(to + 9, block.p + from, end - from);
	return 9 + end - from;
}

/* What stands between the last committed piece and this one, and this one. */
static void add_piece(
	struct sealer *s, int64_t part, struct span block, size_t at, const size_t piece[2])
{
	struct span value = span_of(block.p + piece[0], piece[1] - piece[0]);
	uint8_t *to = buf_room(&s->block, 9 + piece[0] - at + 1 + SHA256_LEN);
	size_t n = put_plain(to, block, at, piece[0]);
	to[n++] = 'c';
	if (!take_erased(s, part, value, true, to + n))
		sealer_commit(s, salt_of(s, part), 'b', value, NULL, to + n);
	buf_grew(&s->block, n + SHA256_LEN);
}

/* The pieces of a block; how many there are. */
static uint64_t cut(struct sealer *s, enum fact_kind kind, size_t field, struct span block)
{
	struct seal_cut c = seal_cut_of(kind, field, block);
	size_t piece[2], at = 0;
	uint64_t n = 0;
	for (size_t j = 0; seal_cut_next(&c, &piece[0], &piece[1]); j++) {
		add_piece(s, seal_piece(field, j), block, at, piece);
		n += piece[0] > at ? 2 : 1;
		at = piece[1];
	}
	if (block.n > at)
		buf_grew(&s->block,
			put_plain(buf_room(&s->block, 9 + block.n - at), block, at, block.n));
	return n + (block.n > at);
}

static void block_commitment(struct sealer *s, enum fact_kind kind, size_t field,
	struct span block, uint8_t out[SHA256_LEN])
{
	uint8_t number[8], salt[SEAL_SALT_LEN];
	memcpy(salt, salt_of(s, seal_part(field)), sizeof salt);
	buf_clear(&s->block);
	put_u64(number, cut(s, kind, field, block));
	sha256_reset(&s->hash);
	sha256_add(&s->hash, TAG(block_tag));
	sha256_add(&s->hash, salt, sizeof salt);
	sha256_add(&s->hash, number, sizeof number);
	sha256_add(&s->hash, buf_span(&s->block).p, buf_len(&s->block));
	sha256_take(&s->hash, out);
}

/* ---- the leaf ---- */

static int64_t int_in(const struct fact_field *f, const void *fact)
{
	int64_t v;
	memcpy(&v, (const uint8_t *)fact + f->offset, sizeof v);
	return v;
}

static struct span span_in(const struct fact_field *f, const void *fact)
{
	struct span v;
	memcpy(&v, (const uint8_t *)fact + f->offset, sizeof v);
	return v;
}

/* An erased value is no longer there, and still known to have been. */
static bool is_unknown(
	const struct sealer *s, const struct fact_info *info, size_t i, const void *fact)
{
	const struct fact_field *f = &info->fields[i];
	if (f->type == FACT_TYPE_INT)
		return int_in(f, fact) == FACT_NULL;
	return span_in(f, fact).p == NULL && erased(s, seal_part(i)) == NULL;
}

/* Of text or bytes that are known. digest: of the value; NULL: it is computed. */
static void commit_field(struct sealer *s, enum fact_kind kind, size_t i, struct span value,
	const uint8_t *digest, uint8_t out[SHA256_LEN])
{
	bool text = fact_info(kind)->fields[i].type == FACT_TYPE_TEXT;
	if (seal_is_block(kind, i))
		block_commitment(s, kind, i, value, out);
	else
		sealer_commit(
			s, salt_of(s, seal_part(i)), text ? 't' : 'b', value, digest, out);
}

bool sealer_field(struct sealer *s, enum fact_kind kind, size_t i, const void *fact,
	const struct seal_source *source, uint8_t out[SHA256_LEN])
{
	use(s, source);
	commit_field(s, kind, i, span_in(&fact_info(kind)->fields[i], fact), NULL, out);
	return !s->lost;
}

static void add_field(struct sealer *s, enum fact_kind kind, size_t i, const void *fact,
	const uint8_t *data_sha256)
{
	const struct fact_field *f = &fact_info(kind)->fields[i];
	uint8_t commitment[SHA256_LEN];
	if (is_unknown(s, fact_info(kind), i, fact)) {
		buf_add_byte(&s->fact, 'n');
		return;
	}
	if (f->type == FACT_TYPE_INT) {
		buf_add_byte(&s->fact, 'i');
		buf_add_u64(&s->fact, (uint64_t)int_in(f, fact));
		return;
	}
	struct span value = span_in(f, fact);
	bool is_data =
		kind == FACT_KIND_CHUNK && f->offset == offsetof(struct fact_chunk, data);
	if (!take_erased(s, seal_part(i), value, false, commitment))
		commit_field(s, kind, i, value, is_data ? data_sha256 : NULL, commitment);
	buf_add_byte(&s->fact, 'c');
	buf_add(&s->fact, commitment, sizeof commitment);
}

bool sealer_leaf(struct sealer *s, enum fact_kind kind, int64_t seq, const void *fact,
	const struct seal_source *source, const uint8_t *data_sha256, uint8_t out[SHA256_LEN])
{
	const struct fact_info *info = fact_info(kind);
	size_t n = info->n_fields;
	use(s, source);
	while (n > 0 && is_unknown(s, info, n - 1, fact))
		n--;
	buf_clear(&s->fact);
	buf_add(&s->fact, TAG(fact_tag));
	buf_add_u64(&s->fact, strlen(info->name));
	buf_add_str(&s->fact, info->name);
	buf_add_u64(&s->fact, (uint64_t)seq);
	buf_add(&s->fact, salt_of(s, 0), SEAL_SALT_LEN);
	buf_add_u64(&s->fact, n);
	for (size_t i = 0; i < n; i++)
		add_field(s, kind, i, fact, data_sha256);
	sha256_reset(&s->hash);
	sha256_add(&s->hash, "", 1); /* 0x00: RFC 9162 2.1.1 */
	sha256_add(&s->hash, buf_span(&s->fact).p, buf_len(&s->fact));
	sha256_take(&s->hash, out);
	return !s->lost;
}

struct span sealer_fact(const struct sealer *s)
{
	return buf_span(&s->fact);
}
