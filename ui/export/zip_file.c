#include "ui/export/zip_file.h"

#include <zip.h>

/* 1980-01-01 00:00, where DOS time begins (APPNOTE 4.4.6), and a regular file for its owner. */
enum { DOS_DATE = 1 << 5 | 1, FILE_MODE = 0100600, PIECE = 256 * 1024 };

static bool add(zip_t *z, const struct zip_member *m, struct err *err)
{
	zip_source_t *s = zip_source_buffer(z, m->content.p, m->content.n, 0);
	zip_int64_t at = s != NULL ? zip_file_add(z, m->name, s, ZIP_FL_ENC_UTF_8) : -1;
	if (at < 0) {
		if (s != NULL)
			zip_source_free(s);
		return err_set(err, ERR_SYSTEM, "%s: %s", m->name, zip_strerror(z));
	}
	zip_uint64_t i = (zip_uint64_t)at;
	return (zip_set_file_compression(z, i, ZIP_CM_STORE, 0) == 0 &&
		       zip_file_set_dostime(z, i, 0, DOS_DATE, 0) == 0 &&
		       zip_file_set_external_attributes(
			       z, i, 0, ZIP_OPSYS_UNIX, (zip_uint32_t)FILE_MODE << 16) == 0) ||
	       err_set(err, ERR_SYSTEM, "%s: %s", m->name, zip_strerror(z));
}

static bool read_back(zip_source_t *s, struct buf *out, struct err *err)
{
	zip_int64_t n = -1;
	if (zip_source_open(s) == 0) {
		while ((n = zip_source_read(s, buf_room(out, PIECE), PIECE)) > 0)
			buf_grew(out, (size_t)n);
		zip_source_close(s);
	}
	return n == 0 ||
	       err_set(err, ERR_SYSTEM, "zip: %s", zip_error_strerror(zip_source_error(s)));
}

bool zip_file_write(
	const struct zip_member *members, size_t n, struct buf *out, struct err *err)
{
	zip_error_t why;
	zip_error_init(&why);
	zip_source_t *s = zip_source_buffer_create(NULL, 0, 0, &why);
	zip_t *z = s != NULL ? zip_open_from_source(s, ZIP_CREATE | ZIP_TRUNCATE, &why) : NULL;
	bool ok = z != NULL;
	if (!ok)
		err_set(err, ERR_SYSTEM, "zip: %s", zip_error_strerror(&why));
	if (ok)
		zip_source_keep(s); /* beyond zip_close, which writes into it */
	for (size_t i = 0; ok && i < n; i++)
		ok = add(z, &members[i], err);
	if (ok && zip_close(z) != 0) {
		ok = err_set(err, ERR_SYSTEM, "zip: %s", zip_strerror(z));
		zip_discard(z);
	} else if (!ok && z != NULL) {
		zip_discard(z);
	}
	ok = ok && read_back(s, out, err);
	if (s != NULL)
		zip_source_free(s);
	zip_error_fini(&why);
	return ok;
}
