/*
 * A real Firefox in the real jail, answered by this test through the socket that came out: what
 * a page and a server can see of it, and that our root is trusted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ui/browser_page.h"

/* How many of the browser's processes have shut themselves in further: a second filter on ours.
 */
static size_t doubly_filtered(void)
{
	struct tree t;
	size_t n = 0;
	tree_of(&t, getpid());
	for (size_t i = 0; i < t.n; i++) {
		char path[64], line[256];
		int filters;
		snprintf(path, sizeof path, "/proc/%d/status", t.pid[i]);
		FILE *f = fopen(path, "re");
		while (f != NULL && fgets(line, sizeof line, f) != NULL)
			n += sscanf(line, "Seccomp_filters: %d", &filters) == 1 && filters >= 2;
		if (f != NULL)
			fclose(f);
	}
	tree_fini(&t);
	return n;
}

/* The namespace that came out is the one that the browser lives in, and not ours. Who may not
 * look at its processes sees only that it is another one. */
static void network_came_out(const struct browser *b)
{
	struct tree t;
	struct stat shown, ours, of;
	size_t same = 0, seen = 0;
	assert_true(browser_network(b) >= 0);
	assert_int_equal(fstat(browser_network(b), &shown), 0);
	assert_int_equal(stat("/proc/self/ns/net", &ours), 0);
	assert_true(shown.st_ino != ours.st_ino);
	tree_of(&t, getpid());
	for (size_t i = 0; i < t.n; i++) {
		char path[64];
		snprintf(path, sizeof path, "/proc/%d/ns/net", t.pid[i]);
		if (stat(path, &of) != 0)
			continue;
		seen++;
		same += of.st_ino == shown.st_ino;
	}
	assert_true(geteuid() != 0 || seen > 2);
	assert_true(seen == 0 || same >= 2);
	tree_fini(&t);
}

static void two_tabs(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct err err;
	page_init(&p);
	const struct browser_launch launch = {.kind = BROWSER_FIREFOX,
		.sandbox = true,
		.ca_pem = p.ca_pem,
		.language = "de-DE, de, en",
		.timezone = "Europe/Lisbon",
		.device = "windows"};
	/* A bar in a link is not two links, and a fragment stays. */
	const char *const urls[] = {
		"https://link.example/start?a|b#part", "https://clicktrail.internal/ready"};
	page_start(&p, &launch, &about, urls, 2);

	char *link = page_wait(&p, "https link.example", "GET /start?a|b ");
	assert_non_null(strstr(link, "\r\nSec-Fetch-Site: none\r\n"));
	assert_non_null(strstr(link, "\r\nSec-Fetch-User: ?1\r\n"));
	assert_non_null(strstr(link, "\r\nSec-Fetch-Mode: navigate\r\n"));
	assert_non_null(strstr(link, "\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\n"));
	char agent[600];
	snprintf(agent, sizeof agent, "\r\nUser-Agent: %s\r\n", about.user_agent);
	assert_non_null(strstr(link, agent));
	assert_non_null(strstr(agent, "Windows NT 10.0"));
	assert_null(strstr(link, "\r\nReferer:"));

	/* webdriver; visibility; screen; on-line; zone; languages; width; platform; touch */
	page_wait(&p, "https link.example",
		"GET "
		"/report?false;visible;1920;1080;true;Europe/"
		"Lisbon;de-DE+de+en;1920;Win32;false;");
	page_wait(&p, "https clicktrail.internal", "GET /report?false;hidden;1920;1080;true;");

	assert_string_equal(about.name, "Firefox");
	assert_true(atoi(about.version) >= 100);
	assert_string_equal(about.timezone, "Europe/Lisbon");
	assert_string_equal(about.device, "windows");
	assert_true(about.sandboxed);
	assert_false(about.shown);
	assert_false(about.headless);
	assert_int_not_equal(about.uid_outside, 0);

	network_came_out(p.browser);
	/* Firefox's own sandbox for its pages works inside ours. */
	assert_true(doubly_filtered() >= 2);

	/* Nothing but what the two pages are made of was asked for. */
	for (size_t i = 0; i < p.seen_n; i++)
		assert_true(strncmp(p.seen[i], "https link.example\n", 19) == 0 ||
			    strncmp(p.seen[i], "https clicktrail.internal\n", 26) == 0);
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

static void telephone_over_http(void **state)
{
	(void)state;
	struct page p;
	struct browser_about about;
	struct err err;
	page_init(&p);
	const struct browser_launch launch = {.kind = BROWSER_FIREFOX,
		.sandbox = true,
		.ca_pem = p.ca_pem,
		.device = "android",
		.timezone = "UTC"};
	/* Loopback names and addresses go through the proxy too. */
	const char *const urls[] = {"http://localhost:8080/start"};
	page_start(&p, &launch, &about, urls, 1);
	page_wait(&p, "http localhost:8080", "GET http://localhost:8080/start ");
	page_wait(&p, "http localhost:8080",
		"/report?false;visible;412;915;true;UTC;en-US+en;412;Linux%20aarch64;true;");
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
		.kind = BROWSER_FIREFOX, .sandbox = true, .ca_pem = p.ca_pem};
	const char *const urls[] = {"https://link.example/form"};
	page_start(&p, &launch, &about, urls, 1);
	page_wait(&p, "http link.example", "POST http://link.example/took ");
	assert_true(browser_stop(p.browser, &err));
	page_fini(&p);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--inside") == 0)
		return inside_main(argc, argv);
	alarm(PAGE_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_tabs),
		cmocka_unit_test(telephone_over_http),
		cmocka_unit_test(form_to_http),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
