/*
 * A real Chromium in the real jail, answered by this test through the socket that came out:
 * what a page and a server can see of it, that our root is trusted, and that a link reaches it
 * only when it is brought.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ui/browser_page.h"

static const char ready[] = "https://clicktrail.internal/ready";

/* Starts with the ready page, waits for its script, then brings the link. */
static void visit(struct page *p, const struct browser_launch *launch,
	struct browser_about *about, const char *link)
{
	struct err err = {0};
	const char *const first[] = {ready}, *const later[] = {link};
	page_start(p, launch, about, first, 1);
	page_wait(p, "https clicktrail.internal", "GET /report?false;visible;");
	assert_null(page_find(p, "https link.example", ""));
	assert_null(page_find(p, "http link.example", ""));
	assert_true(browser_open(p->browser, later, 1, &err));
}

/* Nothing but what the two pages are made of was asked for. */
static void nothing_else(struct page *p)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->seen_n; i++)
		if (strstr(p->seen[i], " link.example\n") == NULL &&
			strstr(p->seen[i], " clicktrail.internal\n") == NULL)
			fail_msg("asked for: %.200s", p->seen[i]);
	pthread_mutex_unlock(&p->lock);
}

static void has(const char *head, const char *line)
{
	if (strstr(head, line) == NULL)
		fail_msg("no \"%s\" in:\n%s", line, head);
}

static void has_not(const char *head, const char *line)
{
	if (strcasestr(head, line) != NULL)
		fail_msg("\"%s\" in:\n%s", line, head);
}

/* Processes whose namespaces are not the jail's, and those with a filter more than ours. */
static void look_at_own_sandbox(void)
{
	struct tree t;
	size_t filtered = 0, apart = 0;
	char first[64] = "";
	tree_of(&t, getpid());
	for (size_t i = 0; i < t.n; i++) {
		char path[64], line[256], ns[64] = "";
		int filters;
		snprintf(path, sizeof path, "/proc/%d/status", t.pid[i]);
		FILE *f = fopen(path, "re");
		while (f != NULL && fgets(line, sizeof line, f) != NULL)
			filtered += sscanf(line, "Seccomp_filters: %d", &filters) == 1 &&
				    filters >= 2;
		if (f != NULL)
			fclose(f);
		snprintf(path, sizeof path, "/proc/%d/ns/user", t.pid[i]);
		ssize_t n = readlink(path, ns, sizeof ns - 1);
		if (n > 0 && first[0] == 0 && i > 0)
			memcpy(first, ns, sizeof first);
		apart += n > 0 && first[0] != 0 && strcmp(first, ns) != 0;
	}
	tree_fini(&t);
	assert_true(filtered >= 2);
	/* Whoever is not root may not look at the links. */
	if (geteuid() == 0)
		assert_true(apart >= 2);
}

static void an_ordinary_visitor(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct err err;
	page_init(&p);
	const struct browser_launch launch = {.kind = BROWSER_CHROMIUM,
		.sandbox = true,
		.ca_pem = p.ca_pem,
		.language = "de-DE, de, en",
		.timezone = "Europe/Lisbon"};
	visit(&p, &launch, &about, "https://link.example/start?a|b#part");

	char *link = page_wait(&p, "https link.example", "GET /start?a|b ");
	has(link, "\r\nSec-Fetch-Site: none\r\n");
	has(link, "\r\nSec-Fetch-User: ?1\r\n");
	has(link, "\r\nSec-Fetch-Mode: navigate\r\n");
	has(link, "\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\n");
	has(link, "\r\nsec-ch-ua-platform: \"Linux\"\r\n");
	has_not(link, "\r\nReferer:");
	has_not(link, "Headless");
	char agent[600];
	snprintf(agent, sizeof agent, "\r\nUser-Agent: %s\r\n", about.user_agent);
	has(link, agent);
	/* webdriver; visibility; screen; on line; zone; languages; width; platform; touch */
	page_wait(&p, "https link.example",
		"GET /report?false;visible;1920;1080;true;Europe/Lisbon;de-DE+de+en;1920;"
		"Linux%20x86_64;false;");

	assert_string_equal(about.name, "Chromium");
	assert_true(atoi(about.version) >= 100);
	assert_non_null(strstr(about.version, ".0."));
	assert_true(about.sandboxed);
	assert_false(about.headless);
	assert_false(about.inner_off);
	assert_int_not_equal(about.uid_outside, 0);
	look_at_own_sandbox();
	nothing_else(&p);
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

/* Without a question that nobody would answer. */
static void form_to_http(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct err err;
	page_init(&p);
	const struct browser_launch launch = {
		.kind = BROWSER_CHROMIUM, .sandbox = true, .ca_pem = p.ca_pem};
	visit(&p, &launch, &about, "https://link.example/form");
	page_wait(&p, "http link.example", "POST http://link.example/took ");
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

static void telephone(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct err err;
	page_init(&p);
	const struct browser_launch launch = {.kind = BROWSER_CHROMIUM,
		.sandbox = true,
		.ca_pem = p.ca_pem,
		.device = "android",
		.timezone = "UTC"};
	visit(&p, &launch, &about, "https://link.example/start");
	char *link = page_wait(&p, "https link.example", "GET /start ");
	has(link, "\r\nsec-ch-ua-platform: \"Android\"\r\n");
	has(link, "\r\nsec-ch-ua-mobile: ?1\r\n");
	has(link, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36");
	has(link, " Mobile Safari/537.36\r\n");
	page_wait(&p, "https link.example",
		"/report?false;visible;500;1110;true;UTC;en-US+en;500;Linux%20armv81;true;");
	/* What scripts read of the hints, and the pointer. */
	page_wait(&p, "https link.example", ";hints=Android,true,Android,true;coarse=true;5");
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

static void another_makers(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct err err;
	page_init(&p);
	const struct browser_launch launch = {.kind = BROWSER_CHROMIUM,
		.sandbox = true,
		.ca_pem = p.ca_pem,
		.device = "iphone"};
	visit(&p, &launch, &about, "https://link.example/start");
	char *link = page_wait(&p, "https link.example", "GET /start ");
	has_not(link, "sec-ch-ua");
	has(link, "(iPhone; CPU iPhone OS ");
	/* One language for scripts, as Safari has it, and two in the header. */
	has(link, "\r\nAccept-Language: en-US,en;q=0.9\r\n");
	page_wait(&p, "https link.example", ";en-US;500;iPhone;true;");
	page_wait(&p, "https link.example", ";hints=none;coarse=true;");
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

/* Loopback names and addresses go through the proxy too, over http and without a jail. */
static void without_a_jail(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct err err = {0};
	page_init(&p);
	const struct browser_launch launch = {
		.kind = BROWSER_CHROMIUM, .sandbox = false, .ca_pem = p.ca_pem};
	const char *const first[] = {ready}, *const later[] = {"http://localhost:9/start"};
	page_start(&p, &launch, &about, first, 1);
	page_wait(&p, "https clicktrail.internal", "GET /report?false;visible;");
	assert_true(browser_open(p.browser, later, 1, &err));
	/* A port that browsers refuse is not asked for. */
	const char *const again[] = {"http://127.0.0.1:8765/start"};
	assert_true(browser_open(p.browser, again, 1, &err));
	page_wait(&p, "http 127.0.0.1:8765", "GET http://127.0.0.1:8765/start ");
	assert_null(page_find(&p, "http localhost:9", ""));
	assert_false(about.sandboxed);
	assert_int_equal(browser_network(p.browser), -1);
	assert_int_not_equal(about.uid_outside, 0);
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

/* The browser's first process, if it has become that: the others have a --type. */
static pid_t look_for_browser(void)
{
	struct tree t;
	pid_t found = 0;
	tree_of(&t, getpid());
	for (size_t i = 0; found == 0 && i < t.n; i++) {
		char path[64], line[4096] = "";
		snprintf(path, sizeof path, "/proc/%d/cmdline", t.pid[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : 0;
		if (fd >= 0)
			close(fd);
		if (n > 0 && strstr(line, "/chromium") != NULL &&
			strncmp(line + strlen(line) + 1, "--user-data-dir", 15) == 0)
			found = t.pid[i];
	}
	tree_fini(&t);
	return found;
}

static pid_t browser_process(void)
{
	pid_t found = 0;
	for (int i = 0; found == 0 && i < 1000; i++) {
		found = look_for_browser();
		if (found == 0)
			poll(NULL, 0, 10);
	}
	return found;
}

/* One that does nothing is ended, and another in its place asks for what it was to ask for. */
static void one_that_hangs(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct browser_event e;
	struct err err;
	const char *const first[] = {ready}, *const later[] = {"https://link.example/start"};
	page_init(&p);
	const struct browser_launch launch = {
		.kind = BROWSER_CHROMIUM, .sandbox = true, .ca_pem = p.ca_pem};
	page_start(&p, &launch, &about, first, 1);
	pid_t hanging = browser_process();
	assert_int_not_equal(hanging, 0);
	assert_int_equal(kill(hanging, SIGSTOP), 0);
	assert_true(browser_again(p.browser, first, 1, &err));
	assert_int_not_equal(browser_process(), hanging);
	page_wait(&p, "https clicktrail.internal", "GET /report?false;visible;");
	assert_true(browser_open(p.browser, later, 1, &err));
	page_wait(&p, "https link.example", "GET /start ");
	/* Its end was asked for, and is no news. */
	while (browser_next(p.browser, &e))
		assert_int_not_equal(e.kind, BROWSER_EXITED);
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	alarm(2 * PAGE_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_visitor),
		cmocka_unit_test(form_to_http),
		cmocka_unit_test(telephone),
		cmocka_unit_test(another_makers),
		cmocka_unit_test(without_a_jail),
		cmocka_unit_test(one_that_hangs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
