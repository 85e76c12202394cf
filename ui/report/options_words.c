#include "ui/report/options_words.h"

#include <jansson.h>

static void add_value(const json_t *v, struct buf *out)
{
	if (json_is_string(v))
		buf_add(out, json_string_value(v), json_string_length(v));
	else if (json_is_integer(v))
		buf_addf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		buf_addf(out, "%g", json_real_value(v));
	else if (!json_is_true(v))
		buf_add_str(out, "?");
}

static void add_option(const char *name, const json_t *v, struct buf *out)
{
	bool unset = json_is_null(v) || json_is_false(v) ||
		     (json_is_array(v) && json_array_size(v) == 0);
	if (unset)
		return;
	buf_add_str(out, buf_len(out) > 0 ? ", " : "");
	buf_add_str(out, name);
	if (!json_is_array(v)) {
		buf_add_str(out, json_is_true(v) ? "" : " ");
		add_value(v, out);
	}
	for (size_t i = 0; i < json_array_size(v); i++) {
		buf_add_byte(out, ' ');
		add_value(json_array_get(v, i), out);
	}
}

void options_words(struct span json, struct buf *out)
{
	json_t *j = json_loadb((const char *)json.p, json.n, JSON_ALLOW_NUL, NULL);
	struct buf words = {0};
	const char *name;
	json_t *value;
	if (json_is_object(j)) {
		json_object_foreach(j, name, value) add_option(name, value, &words);
		buf_add_span(out, buf_span(&words));
	} else {
		buf_add_span(out, json);
	}
	buf_fini(&words);
	json_decref(j);
}
