#include "ui/export/locked_zip.h"
#include "store/fact/fact.h"

#include <zip.h>

/* libzip keeps its errors in the archive, or here where there is none yet. */
static bool fail(struct err *err, zip_error_t *e, const char *doing)
{
	return err_set(err, ERR_INTERNAL, "%s: %s", doing, zip_error_strerror(e));
}

static bool add(zip_t *z, const struct locked_member *m, const char *password, struct err *err)
{
	zip_source_t *s = zip_source_buffer(z, m->bytes.p, m->bytes.n, 0);
	zip_int64_t at = s != NULL ? zip_file_add(z, m->name, s, ZIP_FL_ENC_UTF_8) : -1;
	if (at < 0) {
		zip_source_free(s);
		return fail(err, zip_get_error(z), m->name);
	}
	if (zip_file_set_encryption(z, (zip_uint64_t)at, ZIP_EM_AES_256, password) != 0)
		return fail(err, zip_get_error(z), "encrypting (AES-256)");
	if (m->at_us != FACT_NULL)
		zip_file_set_mtime(z, (zip_uint64_t)at, (time_t)(m->at_us / 1000000), 0);
	return true;
}

static bool read_back(zip_source_t *s, struct buf *out, struct err *err)
{
	enum { STEP = 64 * 1024 };
	zip_int64_t n = -1;
	if (zip_source_open(s) != 0)
		return fail(err, zip_source_error(s), "reading the archive back");
	while ((n = zip_source_read(s, buf_room(out, STEP), STEP)) > 0)
		buf_grew(out, (size_t)n);
	zip_source_close(s);
	return n == 0 || fail(err, zip_source_error(s), "reading the archive back");
}

bool locked_zip(const struct locked_member *members, size_t n, const char *password,
	struct buf *out, struct err *err)
{
	zip_error_t e;
	zip_error_init(&e);
	zip_source_t *s = zip_source_buffer_create(NULL, 0, 0, &e);
	zip_t *z = s != NULL ? zip_open_from_source(s, ZIP_TRUNCATE, &e) : NULL;
	if (z == NULL) {
		zip_source_free(s);
		fail(err, &e, "making an archive");
		zip_error_fini(&e);
		return false;
	}
	zip_error_fini(&e);
	zip_source_keep(s); /* closing the archive would take it along */
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = add(z, &members[i], password, err);
	if (ok && zip_close(z) != 0) {
		ok = fail(err, zip_get_error(z), "writing the archive");
		zip_discard(z);
	} else if (!ok) {
		zip_discard(z);
	}
	ok = ok && read_back(s, out, err);
	zip_source_free(s);
	return ok;
}
