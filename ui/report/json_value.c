#include "ui/report/json_value.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/fact/fact.h"

#include <stdlib.h>

void json_write(json_t *j, size_t flags, struct buf *out)
{
	char *text = json_dumps(j, flags | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
	if (text == NULL)
		abort(); /* out of memory: what buf does, too */
	/* DEL is ASCII to jansson; a terminal may think otherwise. It can only stand inside a
	 * string. */
	struct span left = span_str(text);
	for (;;) {
		size_t at = span_find_byte(left, 0x7f, 0);
		buf_add_span(out, span_first(left, at));
		if (at == SIZE_MAX)
			break;
		buf_add_str(out, "\\u007f");
		left = span_from(left, at + 1);
	}
	free(text);
	json_decref(j);
}

/* Text from outside. Well-formed UTF-8 stands as it is; anything else is read as ISO-8859-1,
 * what headers historically were (RFC 9110 5.5), so that no byte is lost. */
json_t *json_text_of(struct span s)
{
	if (s.p == NULL)
		return json_null();
	json_t *v = json_stringn((const char *)s.p, s.n);
	if (v != NULL)
		return v;
	struct buf wide = {0};
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 0x80)
			buf_add_byte(&wide, (uint8_t)(0xc0 | s.p[i] >> 6));
		buf_add_byte(
			&wide, s.p[i] >= 0x80 ? (uint8_t)(0x80 | (s.p[i] & 0x3f)) : s.p[i]);
	}
	v = json_stringn((const char *)wide.p + wide.start, buf_len(&wide));
	buf_fini(&wide);
	return v != NULL ? v : json_null();
}

json_t *json_words_of(const char *s)
{
	return json_text_of(span_str(s));
}

json_t *json_int_of(int64_t v)
{
	return v == FACT_NULL ? json_null() : json_integer(v);
}

json_t *json_bool_of(int64_t v)
{
	return v == FACT_NULL ? json_null() : json_boolean(v != 0);
}

json_t *json_time_of(int64_t us)
{
	char text[CLOCK_TEXT_MAX];
	if (us == FACT_NULL)
		return json_null();
	clock_text(us, text);
	return json_string(text);
}

/* Milliseconds with their microseconds behind the point. */
json_t *json_ms_of(int64_t us)
{
	return us == FACT_NULL ? json_null() : json_real((double)us / 1000.0);
}

json_t *json_hex_of(struct span bytes)
{
	struct buf hex = {0};
	if (bytes.p == NULL)
		return json_null();
	hex_add(&hex, bytes);
	json_t *v = json_stringn((const char *)hex.p + hex.start, buf_len(&hex));
	buf_fini(&hex);
	return v;
}

json_t *json_list_of(const struct span *items, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_text_of(items[i]));
	return list;
}

json_t *json_evidence(const struct trail_hop *h)
{
	json_t *list = json_array();
	for (size_t i = 0; i < h->n_evidence; i++) {
		const struct trail_evidence *e = &h->evidence[i];
		json_t *j = json_object();
		json_object_set_new(j, "exchange", json_int_of(e->exchange));
		json_object_set_new(j, "signal", json_words_of(e->signal));
		json_object_set_new(j, "quote", json_text_of(e->quote));
		json_object_set_new(j, "offset", json_int_of(e->offset));
		json_array_append_new(list, j);
	}
	return list;
}

json_t *json_alternatives(const struct trail_hop *h)
{
	json_t *list = json_array();
	for (size_t i = 0; i < h->n_alternatives; i++) {
		const struct trail_alternative *a = &h->alternatives[i];
		json_t *j = json_object();
		json_object_set_new(
			j, "mechanism", json_words_of(mechanism_word(a->mechanism)));
		json_object_set_new(j, "from_hop",
			a->from_hop == 0 ? json_null() : json_integer((json_int_t)a->from_hop));
		json_object_set_new(j, "why", json_words_of(a->why));
		json_array_append_new(list, j);
	}
	return list;
}
