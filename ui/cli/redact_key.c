#include "ui/cli/redact_key.h"
#include "store/base/buf.h"
#include "store/base/hash.h"
#include "store/seal_dir.h"
#include "ui/cli/sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#define KEY_FILE "redact.key"

enum { MAKE_TRIES = 3 };

_Static_assert((int)REDACT_KEY_LEN == (int)SHA256_LEN, "it is an HMAC");

bool redact_key_once(uint8_t out[REDACT_KEY_LEN], struct err *err)
{
	return getrandom(out, REDACT_KEY_LEN, 0) == REDACT_KEY_LEN ||
	       err_set_os(err, ERR_SYSTEM, errno, "drawing a key");
}

static bool load(const struct seal_dir *d, uint8_t secret[REDACT_KEY_LEN], bool *missing,
	struct err *err)
{
	uint8_t more;
	int fd = seal_dir_file(d, KEY_FILE, O_RDONLY, 077, missing, err);
	if (fd < 0)
		return false;
	bool ok = read(fd, secret, REDACT_KEY_LEN) == REDACT_KEY_LEN && read(fd, &more, 1) == 0;
	close(fd);
	return ok || err_set(err, d->kind, "%s/" KEY_FILE " is no key of %d bytes", d->path,
			     REDACT_KEY_LEN);
}

/* Two processes may be at it at once: the first keeps the name, and both read that one. */
static bool load_or_make(
	const struct seal_dir *d, uint8_t secret[REDACT_KEY_LEN], struct err *err)
{
	for (int i = 0; i < MAKE_TRIES; i++) {
		uint8_t fresh[REDACT_KEY_LEN];
		bool missing = false, there;
		if (load(d, secret, &missing, err))
			return true;
		if (!missing || !redact_key_once(fresh, err) ||
			!seal_dir_put(d, KEY_FILE, 0600, span_of(fresh, sizeof fresh), false,
				&there, err))
			if (!missing || !there)
				return false;
	}
	return err_set(err, d->kind, "%s/" KEY_FILE " vanishes again and again", d->path);
}

bool redact_key_of_case(struct span case_id, uint8_t out[REDACT_KEY_LEN], struct err *err)
{
	static const char purpose[] = "clicktrail redaction 1\n";
	struct sealing sealing;
	struct seal_dir d;
	uint8_t secret[REDACT_KEY_LEN];
	if (!sealing_dir(&sealing, NULL, err) ||
		!seal_dir_open(&d, sealing.dir, ERR_SEAL_KEY, err))
		return false;
	bool ok = load_or_make(&d, secret, err);
	seal_dir_close(&d);
	if (ok) {
		struct buf b = {0};
		buf_add_str(&b, purpose);
		buf_add_span(&b, case_id);
		hmac_sha256(span_of(secret, sizeof secret), buf_span(&b), out);
		buf_fini(&b);
	}
	memset(secret, 0, sizeof secret);
	return ok;
}
