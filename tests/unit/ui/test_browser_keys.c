/*
 * What --no-intercept asks of a browser: its TLS secrets come out of the jail, and it trusts
 * more roots than ours. And that it goes on when nobody carries its secrets any more.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ui/browser_page.h"

#include <fcntl.h>

/* Our own root is one that the page's server does not have; the server's is the second of two
 * others. */
struct keyed {
	struct page page;
	char *other, *anchors;
	int keys[2];
	struct browser_launch launch;
	struct browser_about about;
};

static char *other_root(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *root = page_cert(key, "another root", NULL, key);
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	PEM_write_bio_X509(b, root);
	long n = BIO_get_mem_data(b, &text);
	char *pem = calloc(1, (size_t)n + 1);
	memcpy(pem, text, (size_t)n);
	BIO_free(b);
	X509_free(root);
	EVP_PKEY_free(key);
	return pem;
}

static void keyed_init(struct keyed *k, enum browser_kind kind)
{
	page_init(&k->page);
	k->other = other_root();
	assert_int_equal(pipe2(k->keys, O_CLOEXEC), 0);
	assert_true(asprintf(&k->anchors, "a remark\n%s\n%s", k->other, k->page.ca_pem) > 0);
	k->launch = (struct browser_launch){.kind = kind,
		.sandbox = true,
		.ca_pem = k->other,
		.anchors_pem = k->anchors,
		.keys_fd = k->keys[1]};
}

static void keyed_fini(struct keyed *k)
{
	page_fini(&k->page);
	free(k->other);
	close(k->keys[0]);
	free(k->anchors);
}

/* Reads until the text holds all these words, or its end; the text is the caller's. */
static char *read_keys(int fd, const char *const *words)
{
	struct buf b = {0};
	char *text = NULL;
	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		bool all = text != NULL;
		for (size_t i = 0; all && words[i] != NULL; i++)
			all = strstr(text, words[i]) != NULL;
		if (all || poll(&p, 1, PAGE_WAIT_MS) != 1)
			break;
		ssize_t n = read(fd, buf_room(&b, 4096), 4096);
		if (n <= 0)
			break;
		buf_grew(&b, (size_t)n);
		free(text);
		text = calloc(1, buf_len(&b) + 1);
		memcpy(text, buf_span(&b).p, buf_len(&b));
	}
	buf_fini(&b);
	return text;
}

static void secrets_come_out(struct keyed *k)
{
	static const char *const words[] = {"CLIENT_HANDSHAKE_TRAFFIC_SECRET ",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET ", "CLIENT_TRAFFIC_SECRET_0 ",
		"SERVER_TRAFFIC_SECRET_0 ", NULL};
	char *text = read_keys(k->keys[0], words);
	assert_non_null(text);
	for (size_t i = 0; words[i] != NULL; i++)
		if (strstr(text, words[i]) == NULL)
			fail_msg("no %s in:\n%.2000s", words[i], text);
	/* Whole lines, and nothing that a key log has not. */
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		if (line[0] != '#') {
			char label[64], random[80], secret[160];
			assert_int_equal(
				sscanf(line, "%63s %79s %159s", label, random, secret), 3);
			assert_int_equal(strlen(random), 64);
			assert_true(strlen(secret) == 64 || strlen(secret) == 96);
		}
	free(text);
}

static void firefox_tells_its_secrets(void **state)
{
	(void)state;
	struct keyed k;
	keyed_init(&k, BROWSER_FIREFOX);
	const char *const urls[] = {"https://link.example/start"};
	page_start(&k.page, &k.launch, &k.about, urls, 1);
	close(k.keys[1]); /* the carrier has its own */
	page_wait(&k.page, "https link.example", "GET /start ");
	secrets_come_out(&k);
	assert_true(browser_stop(k.page.browser, NULL));
	/* With the jail, who wrote is gone. */
	char *rest = read_keys(k.keys[0], (const char *const[]){"never written", NULL});
	free(rest);
	struct pollfd p = {k.keys[0], POLLIN, 0};
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_true((p.revents & POLLHUP) != 0);
	keyed_fini(&k);
}

static bool is_inside(pid_t pid)
{
	char path[64], text[4096];
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	return n > 0 && memmem(text, n, "\0--inside\0", 10) != NULL &&
	       strcmp(text, "/clicktrail") == 0;
}

/* The child of the inside program that is a copy of it. */
static void kill_carrier(void)
{
	struct tree t;
	size_t killed = 0;
	tree_of(&t, getpid());
	for (size_t i = 0; i < t.n; i++) {
		if (!is_inside(t.pid[i]) || !is_inside(tree_parent(t.pid[i])))
			continue;
		assert_int_equal(pidfd_send_signal(t.fd[i], SIGKILL, NULL, 0), 0);
		killed++;
	}
	tree_fini(&t);
	assert_int_equal(killed, 1);
}

static void chromium_goes_on_without_a_carrier(void **state)
{
	(void)state;
	struct keyed k;
	struct err err;
	keyed_init(&k, BROWSER_CHROMIUM);
	const char *const urls[] = {"https://link.example/start"};
	const char *const later[] = {"https://later.example/start"};
	page_start(&k.page, &k.launch, &k.about, urls, 1);
	close(k.keys[1]);
	page_wait(&k.page, "https link.example", "GET /start ");
	secrets_come_out(&k);
	kill_carrier();
	assert_true(browser_open(k.page.browser, later, 1, &err));
	page_wait(&k.page, "https later.example", "GET /start ");
	assert_false(k.page.exited);
	keyed_fini(&k);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	alarm(PAGE_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firefox_tells_its_secrets),
		cmocka_unit_test(chromium_goes_on_without_a_carrier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
