/*
 * Messages of the corpus (tests/mail), and what comes of each: the message that is meant,
 * notes, and every link with what is said of it, against the table beside it
 * (tests/mail/NAME.links, written anew by CLICKTRAIL_UPDATE=1 and then read by a person). The
 * same texts by Python's email package, which shares no code with GMime.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ui/mail/attach.h"
#include "ui/mail/link_says.h"
#include "ui/mail/mail_jail.h"
#include "ui/mail/mail_note.h"
#include "ui/report/say.h"

/* Both are there, and equal. */
static bool equal(struct span left, struct span right)
{
	return left.p != NULL && right.p != NULL && span_eq(left, right);
}

static const char *folder(struct arena *a)
{
	return arena_printf(a, "%s/tests/mail", getenv("CLICKTRAIL_SOURCE"));
}

static struct span read_file(struct arena *a, const char *path)
{
	struct buf b = {0};
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return SPAN_NONE;
	for (size_t n = 1; n > 0; buf_grew(&b, n))
		n = fread(buf_room(&b, 65536), 1, 65536, f);
	fclose(f);
	struct span s = arena_copy(a, buf_len(&b) > 0 ? buf_span(&b) : span_of("", 0));
	buf_fini(&b);
	return s;
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static size_t corpus(struct arena *a, char ***out)
{
	DIR *d = opendir(folder(a));
	size_t n = 0;
	*out = NULL;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (span_ends_nocase(span_str(e->d_name), ".eml") ||
			span_ends_nocase(span_str(e->d_name), ".emlx"))
			ARENA_PUSH(a, *out, n, arena_str(a, span_str(e->d_name)));
	closedir(d);
	if (n < 29 || *out == NULL)
		fail_msg("only %zu messages", n);
	else
		qsort(*out, n, sizeof **out, by_name);
	return n;
}

static void read_mail(struct arena *a, const char *name, struct mail *m)
{
	struct err err = {0};
	struct span file = read_file(a, arena_printf(a, "%s/%s", folder(a), name));
	assert_non_null(file.p);
	if (!mail_read(a, file, m, &err))
		fail_msg("%s: %s", name, err.detail);
}

/* ---- the tables ---- */

static void show_link(const struct mail_link *l, struct buf *out)
{
	buf_addf(out, "%zu %s x%zu%s%s%s%s%s %s ", l->n, mail_found_word(l->found), l->times,
		l->web ? "" : " no-web", l->button ? " button" : "", l->unseen ? " unseen" : "",
		l->post ? " post" : "", mail_link_is_call(l) ? " call" : "",
		mail_text_says_word(l->says));
	buf_addf(out, "%s%s\n    ", link_act_word(l->act.act),
		l->act.act != LINK_ACT_NONE && !l->act.certain ? "?" : "");
	say_text(out, l->href);
	for (unsigned i = 0; l->layers != NULL && i < l->layers->n; i++) {
		buf_add_str(out, "\n    -> ");
		say_text(out, l->layers->layers[i].target);
	}
	if (l->text.n > 0) {
		buf_add_str(out, "\n    \"");
		say_text(out, l->text);
		buf_add_byte(out, '"');
	}
	buf_add_byte(out, '\n');
}

static void show(struct arena *a, const struct mail *m, struct buf *out)
{
	struct mail_links links;
	const char *why;
	size_t message = mail_choose(m, 0, &why);
	buf_addf(out, "message %zu of %zu\n", message, m->n_messages);
	buf_add_str(out, "from ");
	say_text(out, mail_value(&m->messages[message - 1], "From"));
	buf_add_str(out, "\nsubject ");
	say_text(out, mail_value(&m->messages[message - 1], "Subject"));
	buf_add_byte(out, '\n');
	for (size_t i = 0; i < m->messages[message - 1].n_addresses; i++) {
		const struct mail_address *at = &m->messages[message - 1].addresses[i];
		buf_addf(out, "%.*s: ", (int)at->field.n, (const char *)at->field.p);
		say_text(out, at->name);
		buf_add_str(out, " <");
		say_text(out, at->address);
		buf_add_str(out, ">\n");
	}
	for (size_t i = 0; i < m->n_notes; i++) {
		buf_add_str(out, "note ");
		say_text(out, m->notes[i]);
		buf_add_byte(out, '\n');
	}
	mail_links_read(a, NULL, m, message, &links);
	for (size_t i = 0; i < links.n; i++)
		show_link(&links.list[i], out);
	if (links.limits)
		buf_add_str(out, "limits\n");
}

static void every_message_has_its_links(void **state)
{
	struct arena a = {0};
	char **names;
	size_t n = corpus(&a, &names);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct mail m;
		struct buf out = {0};
		const char *path = arena_printf(&a, "%s/%s.links", folder(&a), names[i]);
		read_mail(&a, names[i], &m);
		show(&a, &m, &out);
		if (getenv("CLICKTRAIL_UPDATE") != NULL) {
			FILE *f = fopen(path, "we");
			assert_non_null(f);
			fwrite(buf_span(&out).p, 1, buf_len(&out), f);
			fclose(f);
		}
		if (!equal(buf_span(&out), read_file(&a, path)))
			fail_msg("%s: now it is:\n%.*s", names[i], (int)buf_len(&out),
				(const char *)buf_span(&out).p);
		buf_fini(&out);
	}
	arena_fini(&a);
}

/* ---- Python's reading of the same ---- */

/* Only characters that are no white space count: the two end lines differently. */
static struct span squeezed(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; s.p != NULL && i < s.n; i++)
		if (s.p[i] > ' ')
			out[n++] = s.p[i];
	return span_of(out, n);
}

static void ask_python(struct arena *a, const char *how, const char *path, struct buf *out)
{
	FILE *f = popen(arena_printf(a, "timeout 20 python3 -B %s/second_reader.py %s %s",
				folder(a), how, path),
		"re");
	assert_non_null(f);
	for (size_t n = 1; n > 0; buf_grew(out, n))
		n = fread(buf_room(out, 65536), 1, 65536, f);
	assert_int_equal(pclose(f), 0);
}

static void python_reads_the_same_texts(void **state)
{
	/* Charsets, encodings and nesting; what is broken, every reader takes in its own way.
	 */
	static const char *const names[] = {"newsletter.eml", "one-link.eml", "latin1.eml",
		"windows-1251.eml", "iso-2022-jp.eml", "utf8-bom.eml", "forwarded.eml",
		"digest.eml", "wrapped.eml", "homograph.eml", "attached-html.eml", "acts.eml",
		"invite.eml", "text-links.eml"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct arena a = {0};
		struct mail m;
		struct buf ours = {0}, theirs = {0};
		read_mail(&a, names[i], &m);
		for (size_t k = 0; k < m.n_messages; k++) {
			buf_add_span(&ours, mail_value(&m.messages[k], "Subject"));
			for (size_t p = 0; p < m.n_parts; p++)
				if (m.parts[p].message == k + 1 && m.parts[p].text.p != NULL)
					buf_add_span(&ours, m.parts[p].text);
		}
		ask_python(&a, "", arena_printf(&a, "%s/%s", folder(&a), names[i]), &theirs);
		struct span left = squeezed(&a, buf_span(&ours)),
			    right = squeezed(&a, buf_span(&theirs));
		assert_true(right.n > 20);
		if (!equal(left, right))
			fail_msg("%s: we read\n%.*s\nPython reads\n%.*s", names[i], (int)left.n,
				(const char *)left.p, (int)right.n, (const char *)right.p);
		buf_fini(&ours);
		buf_fini(&theirs);
		arena_fini(&a);
	}
}

/* What html.parser, which builds no tree, calls links; of pages that need none. */
static void python_finds_the_same_links(void **state)
{
	static const char *const names[] = {"newsletter.eml", "homograph.eml", "wrapped.eml",
		"acts.eml", "attached-html.eml"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct arena a = {0};
		struct mail m;
		struct buf ours = {0}, theirs = {0};
		struct html_links found = {0};
		char path[] = "/tmp/clicktrail-mail-XXXXXX";
		int fd = mkstemp(path);
		read_mail(&a, names[i], &m);
		for (size_t p = 0; p < m.n_parts; p++) {
			if (m.parts[p].kind != MAIL_HTML)
				continue;
			assert_true(write(fd, m.parts[p].text.p, m.parts[p].text.n) > 0);
			html_links_read(&a, m.parts[p].text, &found);
			for (size_t k = 0; k < found.n; k++) {
				if (found.list[k].kind == HTML_LINK_BACKGROUND)
					continue;
				buf_add_span(&ours, found.list[k].href);
				buf_add_byte(&ours, '\n');
			}
		}
		close(fd);
		ask_python(&a, "--links", path, &theirs);
		unlink(path);
		buf_add_byte(&theirs, '\n');
		assert_true(buf_len(&theirs) > 10);
		if (!equal(buf_span(&ours), buf_span(&theirs)))
			fail_msg("%s: we find\n%.*s\nPython finds\n%.*s", names[i],
				(int)buf_len(&ours), (const char *)buf_span(&ours).p,
				(int)buf_len(&theirs), (const char *)buf_span(&theirs).p);
		buf_fini(&ours);
		buf_fini(&theirs);
		arena_fini(&a);
	}
}

/* ---- what is no message ---- */

static void other_files_are_refused(void **state)
{
	static const struct {
		const char *file;
		size_t n;
		enum mail_kind kind;
		const char *why;
	} files[] = {
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", 12, MAIL_IS_OUTLOOK, ".msg"},
		{"\xff\xfe\x46\x00", 4, MAIL_IS_UTF16, "UTF-16"},
		{"", 0, MAIL_IS_NOTHING, "no mail"},
		{"hello\n", 6, MAIL_IS_NOTHING, "no mail"},
		{"X-Odd: 1\nZ: 2\n\nbody", 19, MAIL_IS_NOTHING, "no mail"},
		{"From: a\n\n", 9, MAIL_IS_MESSAGE, NULL},
		{"From me Sat\nSubject: x\n\n", 24, MAIL_IS_MESSAGE, NULL},
		{"\r\n\xef\xbb\xbf", 5, MAIL_IS_NOTHING, "no mail"},
		{"https://x.example/\n", 19, MAIL_IS_NOTHING, "no mail"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct arena a = {0};
		struct mail m;
		struct err err = {0};
		struct span file = span_of(files[i].file, files[i].n);
		assert_int_equal(mail_sniff(file), files[i].kind);
		bool good = mail_read(&a, file, &m, &err);
		assert_int_equal(good, files[i].why == NULL);
		if (!good)
			assert_non_null(strstr(err.detail, files[i].why));
		arena_fini(&a);
	}
}

static void a_large_file_is_refused(void **state)
{
	struct arena a = {0};
	struct mail m;
	struct err err = {0};
	uint8_t *big = arena_alloc(&a, MAIL_SIZE_MAX + 1);
	(void)state;
	memset(big, 'x', MAIL_SIZE_MAX + 1);
	static const char start[] = {'F', 'r', 'o', 'm', ':', 'a', '\n', '\n'};
	memcpy(big, start, sizeof start);
	assert_false(mail_read(&a, span_of(big, MAIL_SIZE_MAX + 1), &m, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_true(mail_read(&a, span_of(big, MAIL_SIZE_MAX), &m, &err));
	assert_true(m.parts[0].text.n == MAIL_TEXT_MAX);
	assert_true(m.n_notes > 0);
	arena_fini(&a);
}

/* ---- hostile ones ---- */

static uint32_t dice(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Whatever is done to a message, an answer of the right shape comes, or an error. */
static void spoilt_messages_are_read_or_refused(void **state)
{
	enum { ROUNDS = 100 };
	struct arena all = {0};
	char **names;
	size_t n = corpus(&all, &names), read = 0;
	uint32_t seed = 7;
	(void)state;
	for (unsigned round = 0; names != NULL && round < ROUNDS; round++) {
		struct arena a = {0};
		struct mail m;
		struct mail_links links;
		struct err err = {0};
		const char *why;
		struct span file = read_file(&a, arena_printf(&a, "%s/%s", folder(&a),
							 names[dice(&seed) % (n > 0 ? n : 1)]));
		uint8_t *bytes = arena_alloc(&a, file.n + 1);
		memcpy(bytes, file.p, file.n);
		for (unsigned k = dice(&seed) % 5; k > 0; k--) {
			size_t at = dice(&seed) % file.n, to = dice(&seed) % file.n;
			size_t len = dice(&seed) % 40;
			len = len < file.n - at ? len : file.n - at;
			len = len < file.n - to ? len : file.n - to;
			if (dice(&seed) % 2 == 0)
				bytes[at] = (uint8_t)dice(&seed);
			else
				memmove(bytes + to, bytes + at, len);
		}
		size_t cut = dice(&seed) % 4 == 0 ? dice(&seed) % file.n : file.n;
		if (mail_read(&a, span_of(bytes, cut), &m, &err)) {
			size_t message = mail_choose(&m, 0, &why);
			struct report_mail out;
			assert_true(message > 0);
			mail_links_read(&a, NULL, &m, message, &links);
			mail_attach_fields(&a, &m, message, &out);
			read++;
		} else {
			assert_int_equal(err.kind, ERR_USAGE);
		}
		arena_fini(&a);
	}
	print_message("read: %zu of %d\n", read, ROUNDS);
	assert_true(read > ROUNDS / 2);
	arena_fini(&all);
}

/* What the reader answers is not believed either. */
static void answers_of_another_shape_are_refused(void **state)
{
	struct arena a = {0};
	struct mail m, again;
	struct buf out = {0};
	uint32_t seed = 3;
	(void)state;
	read_mail(&a, "forwarded.eml", &m);
	mail_encode(&m, &out);
	struct span whole = buf_span(&out);
	assert_true(mail_decode(&a, whole, &again));
	assert_int_equal(again.n_messages, 2);
	assert_true(again.messages[1].inside == 1);
	for (size_t n = 0; n < whole.n; n += 7)
		assert_false(mail_decode(&a, span_first(whole, n), &again));
	buf_add_byte(&out, 0);
	assert_false(mail_decode(&a, buf_span(&out), &again));
	for (unsigned i = 0; i < 3000; i++) {
		struct arena b = {0};
		struct span bytes = arena_copy(&b, whole);
		uint8_t *p = (uint8_t *)(uintptr_t)bytes.p;
		p[dice(&seed) % bytes.n] = (uint8_t)dice(&seed);
		if (mail_decode(&b, bytes, &again))
			for (size_t k = 0; k < again.n_parts; k++)
				assert_true(again.parts[k].message <= again.n_messages);
		arena_fini(&b);
	}
	buf_fini(&out);
	arena_fini(&a);
}

/* ---- the reader's jail ---- */

/* Bits of what could be done inside that should not, or not done that should. */
static int try_everything(pid_t parent)
{
	int bad = 0, fd, death = 0;
	if (!mail_jail(parent))
		return 1;
	if (geteuid() == 0 || getuid() == 0 || setuid(0) == 0)
		return 3;
	if (prctl(PR_GET_PDEATHSIG, &death) != 0 || death != SIGKILL)
		return 5;
	bad |= socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM ? 2 : 0;
	bad |= open("/tmp/clicktrail-mail-jail", O_CREAT | O_WRONLY, 0600) >= 0 ? 4 : 0;
	bad |= open("/tmp", O_RDWR | O_TMPFILE, 0600) >= 0 ? 8 : 0;
	bad |= unlink("/tmp/clicktrail-mail-none") == 0 || errno != EPERM ? 16 : 0;
	bad |= syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0 || errno != EPERM ? 32 : 0;
	bad |= execl("/bin/false", "false", (char *)NULL) != -1 || errno != EPERM ? 64 : 0;
	fd = open("/dev/null", O_RDONLY);
	return bad | (fd < 0 ? 128 : 0);
}

static void the_reader_can_only_answer(void **state)
{
	int status = 0;
	(void)state;
	pid_t us = getpid(), pid = fork();
	if (pid == 0)
		_exit(try_everything(us));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- single things ---- */

static void a_text_names_a_host_or_not(void **state)
{
	static const struct {
		const char *text, *host;
	} texts[] = {
		{"www.bank.example", "www.bank.example"},
		{"BANK.example/login", "bank.example"},
		{"  https://bank.example:8443/x  ", "bank.example"},
		{"Go to www.bank.example now", "www.bank.example"},
		{"Go to bank.example now", NULL},
		{"invoice.pdf", NULL},
		{"ada@bank.example", NULL},
		{"Click here", NULL},
		{"1.2.3", NULL},
		{"p\xd0\xb0ypal.com", "xn--pypal-4ve.com"},
		{"(bank.example)", "bank.example"},
		{"", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct arena a = {0};
		struct span host = link_says_host(&a, span_str(texts[i].text));
		if (texts[i].host == NULL ? host.p != NULL : !span_is(host, texts[i].host))
			fail_msg("%s: %.*s", texts[i].text, (int)host.n, (const char *)host.p);
		arena_fini(&a);
	}
}

static void a_note_is_read_back(void **state)
{
	struct arena a = {0};
	struct mail m;
	struct mail_links links;
	struct buf note = {0};
	size_t message, link;
	(void)state;
	read_mail(&a, "newsletter.eml", &m);
	mail_links_read(&a, NULL, &m, 1, &links);
	mail_note_write(1, &links.list[2], &note);
	assert_true(mail_note_read(buf_span(&note), &message, &link));
	assert_int_equal(message, 1);
	assert_int_equal(link, 3);
	assert_false(mail_note_read(span_str("link 0 of message 1"), &message, &link));
	assert_false(mail_note_read(span_str("link x"), &message, &link));
	assert_false(mail_note_read(span_str(""), &message, &link));
	buf_fini(&note);
	arena_fini(&a);
}

static bool among(const struct span *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (span_is(list[i], s))
			return true;
	return false;
}

static void count_texts(void *ctx, struct span *text, const char *where)
{
	size_t *n = ctx;
	assert_non_null(where);
	*n += text->n > 0;
}

static void recipients_are_known_and_senders_are_not(void **state)
{
	struct arena a = {0};
	struct mail m;
	struct report_mail out;
	struct span *list;
	size_t texts = 0;
	(void)state;
	read_mail(&a, "newsletter.eml", &m);
	mail_attach_fields(&a, &m, 1, &out);
	size_t n = report_mail_recipients(&out, &a, &list);
	assert_true(among(list, n, "ada@mail.example.org"));
	assert_true(among(list, n, "ada=mail.example.org"));
	assert_true(among(list, n, "20261128.7f3a@esp.example.net"));
	assert_int_equal(n, 3);
	assert_int_equal(out.n_received, 2);
	assert_true(span_is(out.received[0].by, "in.mail.example.org"));
	assert_true(span_is(out.received[0].recipient, "ada@mail.example.org"));
	assert_true(span_is(
		out.received[0].from, "mx.esp.example.net (mx.esp.example.net [192.0.2.7])"));
	assert_true(span_is(out.auth[0].server, "in.mail.example.org"));
	assert_true(span_is(out.dkim[0].domain, "esp.example.net"));
	assert_true(span_is(out.dkim[0].selector, "k1"));
	assert_true(span_is(out.cfbl_address, "fbl@esp.example.net; report=arf"));
	report_mail_each(&out, count_texts, &texts);
	assert_true(texts > 2 * out.n_fields);

	/* Who passed it on got it. */
	read_mail(&a, "forwarded.eml", &m);
	mail_attach_fields(&a, &m, 2, &out);
	n = report_mail_recipients(&out, &a, &list);
	assert_true(among(list, n, "ada@mail.example.org"));
	assert_true(among(list, n, "ada.private@home.example"));
	assert_true(among(list, n, "inner@lottery.example"));
	assert_true(among(list, n, "outer@mail.example.org"));
	assert_false(among(list, n, "win@lottery.example"));
	arena_fini(&a);
}

static void the_message_that_is_meant(void **state)
{
	struct arena a = {0};
	struct mail m;
	const char *why;
	(void)state;
	read_mail(&a, "forwarded.eml", &m);
	assert_int_equal(mail_choose(&m, 0, &why), 2);
	assert_non_null(why);
	assert_int_equal(mail_choose(&m, 1, &why), 1);
	assert_int_equal(mail_choose(&m, 3, &why), 0);
	read_mail(&a, "digest.eml", &m);
	assert_int_equal(mail_choose(&m, 0, &why), 1);
	assert_int_equal(mail_choose(&m, 3, &why), 3);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_has_its_links),
		cmocka_unit_test(python_reads_the_same_texts),
		cmocka_unit_test(python_finds_the_same_links),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(a_large_file_is_refused),
		cmocka_unit_test(spoilt_messages_are_read_or_refused),
		cmocka_unit_test(answers_of_another_shape_are_refused),
		cmocka_unit_test(the_reader_can_only_answer),
		cmocka_unit_test(a_text_names_a_host_or_not),
		cmocka_unit_test(a_note_is_read_back),
		cmocka_unit_test(recipients_are_known_and_senders_are_not),
		cmocka_unit_test(the_message_that_is_meant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
