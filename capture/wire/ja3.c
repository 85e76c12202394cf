#include "capture/wire/ja3.h"

#include "store/base/codec.h"
#include "store/base/hash.h"

/* ",a-b-c": decimal numbers in wire order, GREASE left out. */
static void add_list(struct buf *out, const uint16_t *values, size_t n)
{
	const char *between = ",";
	for (size_t i = 0; i < n; i++) {
		if (tls_is_grease(values[i]))
			continue;
		buf_addf(out, "%s%u", between, values[i]);
		between = "-";
	}
	/* An empty field keeps its comma. */
	if (*between == ',')
		buf_add_byte(out, ',');
}

void ja3(const struct tls_hello *hello, struct buf *full, char out[JA3_HEX])
{
	size_t start = buf_len(full);
	const char *between = ",";

	buf_addf(full, "%u", hello->legacy_version);
	add_list(full, hello->ciphers, hello->n_ciphers);
	for (size_t i = 0; i < hello->n_extensions; i++) {
		if (tls_is_grease(hello->extensions[i].type))
			continue;
		buf_addf(full, "%s%u", between, hello->extensions[i].type);
		between = "-";
	}
	if (*between == ',')
		buf_add_byte(full, ',');
	add_list(full, hello->groups, hello->n_groups);
	between = ",";
	for (size_t i = 0; i < hello->point_formats.n; i++) {
		buf_addf(full, "%s%u", between, hello->point_formats.p[i]);
		between = "-";
	}
	if (*between == ',')
		buf_add_byte(full, ',');

	uint8_t digest[MD5_LEN];
	struct buf hex = {0};
	md5(span_from(buf_span(full), start), digest);
	hex_add(&hex, span_of(digest, sizeof digest));
	memcpy(out, hex.p + hex.start, JA3_HEX - 1);
	out[JA3_HEX - 1] = 0;
	buf_fini(&hex);
}
