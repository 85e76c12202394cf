/* A picture may show what is hidden elsewhere: it stays back, unless somebody says that he
 * looked. */
#include "tests/kit/run_program.h"
#include "tests/kit/temp_case.h"
#include "store/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 60 };

/* One white pixel. */
static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I',
	'H', 'D', 'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0,
	10, 'I', 'D', 'A', 'T', 0x78, 0x9c, 0x63, 0xf8, 0x0f, 0, 0x01, 0x01, 0x01, 0, 0x1b,
	0xb6, 0xee, 0x56, 0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};

static void make(struct temp_case *t)
{
	struct fact_attachment f;
	uint8_t digest[SHA256_LEN];
	temp_case_start(t);
	int64_t session = temp_case_fill(t);
	fact_init(FACT_KIND_ATTACHMENT, &f);
	sha256(span_of(png, sizeof png), digest);
	f.session = session;
	f.exchange = temp_case_number(t, "SELECT max(exchange) FROM hop");
	f.kind = span_str("screenshot");
	f.media_type = span_str("image/png");
	f.size = sizeof png;
	f.sha256 = span_of(digest, sizeof digest);
	f.data = span_of(png, sizeof png);
	temp_case_put(t, FACT_KIND_ATTACHMENT, &f);
	temp_case_close(t);
}

static bool is_shown(struct run_program *p, const struct temp_case *t, const char *more)
{
	const char *const args[] = {"report", t->path, "--format", "html", "--secret",
		"ada@example.org", more, NULL};
	if (run_program(p, SECONDS, args) != 0)
		fail_msg("%s", run_program_stderr(p));
	const char *page = run_program_stdout(p);
	bool shown = strstr(page, "src=\"data:image/png;base64,") != NULL;
	if (!shown && strstr(page, "A picture was taken and is not shown") == NULL)
		fail_msg("nothing is said of the picture:\n%s", page);
	return shown;
}

static void it_is_kept_back_unless_somebody_looked(void **state)
{
	struct run_program p = {.pid = 0};
	struct temp_case t;
	(void)state;
	make(&t);
	run_program_folder(&p);
	assert_false(is_shown(&p, &t, NULL));
	assert_true(is_shown(&p, &t, "--with-pictures"));
	assert_non_null(strstr(run_program_stdout(&p), "none was kept back (--with-pictures)"));
	run_program_end(&p);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_kept_back_unless_somebody_looked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
