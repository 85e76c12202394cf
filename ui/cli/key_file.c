#include "ui/cli/key_file.h"
#include "ui/cli/case_beside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	RANDOM_HEX = 64,      /* RFC 9850 2: of the ClientHello */
	SECRET_HEX_MAX = 128, /* SHA-512's; none of today's suites has a longer one */
	WHOSE_MAX = 80,
};

void key_file_init(struct key_file *k)
{
	*k = (struct key_file){.fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
}

bool key_file_make(struct key_file *k, const char *case_path, int64_t session, struct err *err)
{
	if (!case_beside_keys(case_path, session, k->path))
		return err_set(err, ERR_CASE_OPEN, "the key file's name is too long");
	k->fd = case_beside_make(k->path, err);
	return k->fd >= 0;
}

/* One write for both lines: a reader, or our death, finds them together. */
static void add(struct key_file *k, const char *whose, struct span line)
{
	char text[WHOSE_MAX + KEY_FILE_LINE_MAX + 8];
	if (k->fd < 0)
		return;
	pthread_mutex_lock(&k->lock);
	bool fits = line.n <= KEY_FILE_LINE_MAX;
	int n = fits ? snprintf(text, sizeof text, "%s%s\n%.*s\n", k->torn ? "\n" : "", whose,
			       (int)line.n, (const char *)line.p)
		     : 0;
	ssize_t done = fits ? write(k->fd, text, (size_t)n) : 0;
	if (fits && done == n) {
		k->lines++;
		k->torn = false;
	} else {
		int failed = !fits ? E2BIG : done < 0 ? errno : ENOSPC;
		if (k->lost++ == 0)
			err_set_os(
				&k->err, ERR_SYSTEM, failed, "%s", case_beside_name(k->path));
		k->torn = k->torn || done > 0;
	}
	pthread_mutex_unlock(&k->lock);
	explicit_bzero(text, sizeof text);
}

void key_file_add(struct key_file *k, int64_t tunnel, int64_t leg, const char *line)
{
	char whose[WHOSE_MAX];
	snprintf(whose, sizeof whose, "# tunnel %" PRId64 " leg %" PRId64, tunnel, leg);
	add(k, whose, span_str(line));
}

void key_file_add_browser(struct key_file *k, struct span line)
{
	add(k, "# browser", line);
}

bool key_file_close(struct key_file *k, bool forget, struct err *err)
{
	bool ok = true;
	if (k->fd < 0)
		return true;
	if (fsync(k->fd) != 0)
		ok = err_set_os(err, ERR_SYSTEM, errno, "%s", case_beside_name(k->path));
	close(k->fd);
	k->fd = -1;
	if (forget || k->lines + k->lost == 0)
		unlink(k->path);
	return ok;
}

static bool is_hex(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0)
			return false;
	return s.n > 0 && s.n % 2 == 0;
}

/* RFC 9850 2: label, random, secret. The names before it, as NSS still writes one of them. */
bool key_file_valid(struct span line)
{
	static const char *const labels[] = {"CLIENT_RANDOM", "CLIENT_EARLY_TRAFFIC_SECRET",
		"EARLY_EXPORTER_SECRET", "EARLY_EXPORTER_MASTER_SECRET",
		"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
		"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"};
	size_t one = span_find_byte(line, ' ', 0);
	size_t two = one != SIZE_MAX ? span_find_byte(line, ' ', one + 1) : SIZE_MAX;
	bool known = false;
	if (two == SIZE_MAX || line.n > KEY_FILE_LINE_MAX)
		return false;
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		known = known || span_is(span_first(line, one), labels[i]);
	struct span random = span_of(line.p + one + 1, two - one - 1);
	struct span secret = span_from(line, two + 1);
	return known && random.n == RANDOM_HEX && is_hex(random) &&
	       secret.n <= SECRET_HEX_MAX && is_hex(secret);
}
