#include "proxy/ca.h"
#include "proxy/ca_dir.h"
#include "proxy/ca_root.h"
#include "store/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

bool ca_guard_process(struct err *err)
{
	/* Not dumpable: no core file, and no other process of the same user may attach or read
	 * our memory. */
	struct rlimit none = {0, 0};
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return err_set_os(
			err, ERR_SYSTEM, errno, "keeping the process from being dumped");
	return true;
}

bool ca_default_dir(char *out, size_t out_len, struct err *err)
{
	const char *base = getenv("XDG_DATA_HOME");
	const char *rest = "/clicktrail/ca";
	if (base == NULL || base[0] != '/') { /* XDG: relative paths are to be ignored */
		base = getenv("HOME");
		rest = "/.local/share/clicktrail/ca";
	}
	if (base == NULL || base[0] != '/')
		return err_set(err, ERR_USAGE,
			"neither XDG_DATA_HOME nor HOME says where the certificate authority "
			"lives");
	if ((size_t)snprintf(out, out_len, "%s%s", base, rest) >= out_len)
		return err_set(
			err, ERR_LIMIT, "the path of the certificate authority is too long");
	return true;
}

/* ca.key first: a certificate without its key would be trusted by a browser for nothing. */
static bool put_new(
	const struct ca_dir *d, const struct ca *ca, struct span blob, struct err *err)
{
	struct buf pem = {0};
	ca_pem(ca, &pem);
	bool ok = ca_dir_write(d, CA_KEY_FILE, blob, err) &&
		  ca_dir_write(d, CA_CERT_FILE, buf_span(&pem), err);
	buf_fini(&pem);
	return ok;
}

/* ca.pem is a copy for people. Missing (a crash between two writes): written again. Another
 * one: someone put it there. */
static bool check_copy(const struct ca_dir *d, const struct ca *ca, struct err *err)
{
	struct buf pem = {0}, copy = {0};
	ca_pem(ca, &pem);
	enum ca_dir_found found = ca_dir_read(d, CA_CERT_FILE, false, &copy, err);
	bool ok = found == CA_DIR_FOUND;
	if (found == CA_DIR_MISSING)
		ok = ca_dir_write(d, CA_CERT_FILE, buf_span(&pem), err);
	else if (ok && !span_eq(buf_span(&pem), buf_span(&copy)))
		ok = err_set(err, ERR_USAGE,
			"the certificate in %s/%s does not fit the private key in %s", d->path,
			CA_CERT_FILE, CA_KEY_FILE);
	buf_fini(&pem);
	buf_fini(&copy);
	return ok;
}

static void name_dir(struct err *err, const char *dir)
{
	if (err == NULL)
		return;
	struct err was = *err;
	err_set(err, was.kind, "the certificate authority in %s: %s", dir, was.detail);
	err->os = was.os;
}

static struct ca *make_in(const struct ca_dir *d, struct err *err)
{
	struct buf blob = {0}, copy = {0};
	struct ca *ca = NULL;
	enum ca_dir_found found = ca_dir_read(d, CA_CERT_FILE, false, &copy, err);
	if (found == CA_DIR_FOUND)
		err_set(err, ERR_USAGE, "%s is there, but not its private key %s", CA_CERT_FILE,
			CA_KEY_FILE);
	else if (found == CA_DIR_MISSING && ca_root_make(NULL, &blob, err))
		ca = ca_root_load(buf_span(&blob), buf_span(&blob), err);
	if (ca != NULL && !put_new(d, ca, buf_span(&blob), err)) {
		ca_free(ca);
		ca = NULL;
	}
	buf_fini(&copy);
	ca_root_wipe(&blob);
	return ca;
}

static struct ca *open_in(const struct ca_dir *d, bool *made, struct err *err)
{
	struct buf blob = {0};
	struct ca *ca = NULL;
	buf_room(&blob,
		CA_FILE_MAX +
			4096); /* never moved while it grows: no copy of the key stays behind */
	switch (ca_dir_read(d, CA_KEY_FILE, true, &blob, err)) {
	case CA_DIR_FOUND:
		ca = ca_root_load(buf_span(&blob), buf_span(&blob), err);
		if (ca != NULL && !check_copy(d, ca, err)) {
			ca_free(ca);
			ca = NULL;
		}
		break;
	case CA_DIR_MISSING:
		ca = make_in(d, err);
		*made = ca != NULL;
		break;
	case CA_DIR_FAILED: break;
	}
	ca_root_wipe(&blob);
	return ca;
}

struct ca *ca_open(const char *dir, bool *made, struct err *err)
{
	struct ca_dir d;
	bool fresh = false;
	if (!ca_dir_open(&d, dir, true, err))
		return NULL;
	struct ca *ca = open_in(&d, &fresh, err);
	ca_dir_close(&d);
	if (made != NULL)
		*made = fresh;
	if (ca == NULL) {
		name_dir(err, dir);
		return NULL;
	}
	ca->dir = strdup(dir);
	return ca;
}

/* The old files get their certificate's serial as a suffix, whatever state they are in: a
 * replacement must also work on an expired or damaged authority. The certificate goes first, so
 * that a crash in between leaves a key without its copy. */
static bool keep_old(const struct ca_dir *d, struct err *err)
{
	struct buf old = {0}, suffix = {0};
	if (ca_dir_read(d, CA_CERT_FILE, false, &old, NULL) != CA_DIR_FOUND ||
		!ca_root_serial(buf_span(&old), &suffix))
		buf_addf(&suffix, "unknown-%lld",
			(long long)(clock_now_us(clock_real()) / 1000000));
	char *name = buf_take_str(&suffix);
	bool ok = ca_dir_keep(d, CA_CERT_FILE, name, err) &&
		  ca_dir_keep(d, CA_KEY_FILE, name, err);
	free(name);
	buf_fini(&old);
	return ok;
}

static bool replace(const char *dir, const struct ca *ca, struct span blob, struct err *err)
{
	struct ca_dir d;
	if (!ca_dir_open(&d, dir, true, err))
		return false;
	bool ok = keep_old(&d, err) && put_new(&d, ca, blob, err);
	ca_dir_close(&d);
	return ok;
}

bool ca_renew(const char *dir, struct err *err)
{
	struct buf blob = {0};
	struct ca *ca = NULL;
	if (ca_root_make(NULL, &blob, err))
		ca = ca_root_load(buf_span(&blob), buf_span(&blob), err);
	bool ok = ca != NULL && replace(dir, ca, buf_span(&blob), err);
	ca_free(ca);
	ca_root_wipe(&blob);
	return ok;
}

static bool read_file(const char *path, struct buf *out, struct err *err)
{
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return err_set_os(err, ERR_USAGE, errno, "opening %s", path);
	setvbuf(f, NULL, _IONBF, 0); /* no copy of a key in stdio's buffer */
	size_t n = fread(buf_room(out, CA_FILE_MAX + 1), 1, CA_FILE_MAX + 1, f);
	buf_grew(out, n);
	bool failed = ferror(f) != 0;
	fclose(f);
	if (failed)
		return err_set(err, ERR_USAGE, "%s cannot be read", path);
	if (n > CA_FILE_MAX)
		return err_set(
			err, ERR_USAGE, "%s is larger than a key or certificate can be", path);
	return true;
}

bool ca_import(const char *dir, const char *cert_file, const char *key_file, struct err *err)
{
	struct buf cert = {0}, key = {0}, blob = {0};
	struct ca *ca = NULL;
	if (read_file(cert_file, &cert, err) && read_file(key_file, &key, err))
		ca = ca_root_load(buf_span(&cert), buf_span(&key), err);
	bool ok = ca != NULL && ca_root_write(ca, &blob, err) &&
		  replace(dir, ca, buf_span(&blob), err);
	ca_free(ca);
	ca_root_wipe(&cert);
	ca_root_wipe(&key);
	ca_root_wipe(&blob);
	return ok;
}

bool ca_remove(const char *dir, struct err *err)
{
	struct ca_dir d;
	if (!ca_dir_open(&d, dir, false, err))
		return false;
	bool ok = ca_dir_clear(&d, err);
	ca_dir_close(&d);
	return ok;
}
