#include "ui/cli/report_pcapng.h"
#include "ui/cli/crosscheck.h"
#include "ui/cli/erase_beside.h"
#include "ui/export/pcapng_export.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct looking {
	struct pcapng_order *order;
	const struct erase_beside *beside;
	struct arena *a;
	int64_t session; /* 0: all */
	struct names {
		const char **list;
		size_t n;
	} missing, strange;
	bool recorded; /* the case tells of packets at all */
	bool many;
};

static bool check_order(const struct edition_order *o, struct err *err)
{
	if (o->coarse_time || o->withhold_egress)
		return err_set(err, ERR_USAGE,
			"--format pcapng: addresses and times are what packets are made of: "
			"--coarse-time and --withhold-egress cannot be had");
	if (o->party != 0)
		return err_set(err, ERR_USAGE,
			"--format pcapng: packets are not one party's: give --trail instead of "
			"--party");
	if (o->with_keys && o->redact.how != REDACT_NONE)
		return err_set(err, ERR_USAGE,
			"--with-keys opens all that the packets hold, and nothing can be "
			"redacted in there: give --redact none, too, if the reader may have "
			"it");
	return true;
}

static const struct erase_beside_file *file_of(const struct looking *l, struct span name)
{
	for (size_t i = 0; i < l->beside->n; i++)
		if (!l->beside->files[i].keys && span_is(name, l->beside->files[i].name))
			return &l->beside->files[i];
	return NULL;
}

/* Not the recorder's, and not by a name of this case: another's, for all that is known. Under
 * its own name it is shown, and called changed. */
static bool is_strange(const struct erase_beside_file *f)
{
	return !f->ours && !f->own;
}

static struct pcapng_file *known(struct looking *l, const char *path)
{
	for (size_t i = 0; i < l->order->n; i++)
		if (strcmp(l->order->files[i].path, path) == 0)
			return &l->order->files[i];
	return NULL;
}

static void name_once(struct looking *l, struct span name, struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (span_is(name, names->list[i]))
			return;
	if (names->n < PCAPNG_FILES_MAX)
		ARENA_PUSH(l->a, names->list, names->n, arena_str(l->a, name));
}

static bool side_of(struct span word, enum capture_side *out)
{
	for (int side = 0; side < CAPTURE_SIDE_COUNT; side++)
		if (span_is(word, capture_side_word((enum capture_side)side))) {
			*out = (enum capture_side)side;
			return true;
		}
	return false;
}

/* A recorder that could not begin has no file. */
static void take_capture(struct looking *l, const struct fact_capture *c)
{
	struct pcapng_file f = {.session = c->session};
	if ((l->session != 0 && c->session != l->session) ||
		span_is(c->event, capture_event_word(CAPTURE_EVENT_FAILED)) ||
		!side_of(c->side, &f.side))
		return;
	l->recorded = true;
	const struct erase_beside_file *there = file_of(l, c->name);
	if (there == NULL || is_strange(there)) {
		name_once(l, c->name, there == NULL ? &l->missing : &l->strange);
		return;
	}
	struct pcapng_file *file = known(l, there->path);
	if (file == NULL && l->order->n == PCAPNG_FILES_MAX) {
		l->many = true;
		return;
	}
	if (file == NULL) {
		f.path = there->path;
		f.name = there->name;
		f.size = there->size;
		ARENA_PUSH(l->a, l->order->files, l->order->n, f);
		file = &l->order->files[l->order->n - 1];
	}
	if (c->sha256.n == SHA256_LEN) {
		memcpy(file->sha256, c->sha256.p, SHA256_LEN);
		file->has_sha256 = true;
	}
}

static bool look(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	(void)seq;
	if (kind == FACT_KIND_CAPTURE)
		take_capture(ctx, fact);
	return true;
}

static bool find_packets(struct looking *l, struct case_file *c, struct err *err)
{
	if (!case_facts(c, 0, l->session, look, l, err))
		return false;
	if (!l->recorded)
		return err_set(err, ERR_USAGE,
			"--format pcapng: the case has no packets: it was recorded without "
			"--pcap, or no recorder could begin");
	if (l->many)
		return err_set(err, ERR_LIMIT,
			"--format pcapng: more than %d packet files: ask for one trail "
			"(--trail)",
			PCAPNG_FILES_MAX);
	l->order->missing = l->missing.list;
	l->order->n_missing = l->missing.n;
	l->order->strange = l->strange.list;
	l->order->n_strange = l->strange.n;
	if (l->order->n == 0 && l->strange.n > 0)
		return err_set(err, ERR_USAGE,
			"--format pcapng: %s is not the file that was recorded: it may be "
			"another case's",
			l->strange.list[0]);
	return l->order->n > 0 ||
	       err_set(err, ERR_USAGE, "--format pcapng: %s does not lie beside the case",
		       l->missing.n > 0 ? l->missing.list[0] : "its packet file");
}

/* As much of it as fits, in whole lines. */
static bool read_file(const char *path, struct buf *out, bool *cut, struct err *err)
{
	enum { PIECE = 65536 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd >= 0 ? 1 : -1;
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return err_set(err, ERR_SYSTEM, "%s is no regular file", path);
	}
	while (fd >= 0 && buf_len(out) <= CROSSCHECK_KEYS_MAX - PIECE &&
		(n = read(fd, buf_room(out, PIECE), PIECE)) > 0)
		buf_grew(out, (size_t)n);
	int why = errno;
	if (fd >= 0)
		close(fd);
	*cut |= n > 0;
	while (n > 0 && buf_len(out) > 0 && out->p[out->end - 1] != '\n')
		out->end--;
	return n >= 0 || err_set_os(err, ERR_SYSTEM, why, "%s", path);
}

static bool read_keys(const struct looking *l, struct buf *out, struct err *err)
{
	bool any = false;
	for (size_t i = 0; i < l->beside->n; i++) {
		const struct erase_beside_file *f = &l->beside->files[i];
		if (!f->keys || !f->ours || (l->session != 0 && f->session != l->session))
			continue;
		any = true;
		if (!read_file(f->path, out, &l->order->keys_cut, err))
			return false;
		if (l->order->keys_cut)
			break;
		buf_add_byte(out, '\n'); /* a last line that was not finished */
	}
	return any || err_set(err, ERR_USAGE,
			      "--with-keys: there is no key log of the case beside it: it was "
			      "recorded without, erased, or is another case's");
}

bool edition_pcapng(struct edition *e, struct buf *out, struct err *err)
{
	struct erase_beside beside;
	struct pcapng_order order = {.edition = e};
	struct buf keys = {0};
	struct looking l = {.order = &order,
		.beside = &beside,
		.a = &e->arena,
		.session = e->order->session};
	bool ok = check_order(e->order, err) &&
		  erase_beside_find(e->gather->file, &e->arena, false, &beside, err) &&
		  find_packets(&l, e->gather->file, err) &&
		  (!e->order->with_keys || read_keys(&l, &keys, err));
	order.keys = buf_span(&keys);
	ok = ok && pcapng_export(&order, out, err);
	if (keys.p != NULL)
		explicit_bzero(keys.p, keys.cap);
	buf_fini(&keys);
	return ok;
}
