/*
 * Our own ports: whatever form of address is asked for and whatever is allowed, they are never
 * connected to.
 */
#include "proxy/policy.h"
#include "tests/kit/dialing.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool check(const struct policy *p, const char *text, uint16_t port, struct err *err)
{
	struct sockaddr_storage ss = dialing_address(text, port);
	*err = (struct err){0};
	return policy_check(p, (struct sockaddr *)&ss, err);
}

static void allow(struct policy *p, const char *cidr)
{
	struct err err = {0};
	if (!policy_allow(p, cidr, &err))
		fail_msg("%s: %s", cidr, err.detail);
}

static void own(struct policy *p, const char *text, uint16_t port)
{
	struct sockaddr_storage ss = dialing_address(text, port);
	struct err err = {0};
	assert_true(policy_add_own(p, (struct sockaddr *)&ss, &err));
}

static const char *const loopback_forms[] = {"127.0.0.1", "127.1.2.3", "127.255.255.254",
	"0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:127.9.9.9", "::ffff:0.0.0.0",
	"64:ff9b::127.0.0.1", "2002:7f00:1::1", "2001:0:4136:e378:0:0:80ff:fffe",
	"::ffff:0:127.0.0.1"};
static const char *const own_binds[] = {
	"127.0.0.1", "::1", "0.0.0.0", "::", "127.0.0.9", "::ffff:127.0.0.1"};

/* Whatever loopback form we listen on and whatever form is asked for, allowed or not: it is our
 * own port. */
static void test_own_loopback(void **state)
{
	(void)state;
	for (size_t b = 0; b < COUNT(own_binds); b++) {
		for (size_t f = 0; f < COUNT(loopback_forms); f++) {
			struct policy p = {0};
			struct err err;
			own(&p, own_binds[b], 8080);
			for (int pass = 0; pass < 2; pass++) {
				if (check(&p, loopback_forms[f], 8080, &err) ||
					err.kind != ERR_REFUSED_SELF)
					fail_msg("%s, listening on %s", loopback_forms[f],
						own_binds[b]);
				allow(&p, "0.0.0.0/0");
				allow(&p, "::/0");
			}
			if (!check(&p, loopback_forms[f], 8081, &err))
				fail_msg("%s: another port: %s", loopback_forms[f], err.detail);
		}
	}
}

static void test_own_elsewhere(void **state)
{
	(void)state;
	struct policy p = {0};
	struct err err;
	own(&p, "192.168.1.5", 3128);
	own(&p, "2001:db8::5", 3129);
	allow(&p, "0.0.0.0/0");
	allow(&p, "::/0");
	static const char *const self[] = {"192.168.1.5", "::ffff:192.168.1.5",
		"64:ff9b::192.168.1.5", "2002:c0a8:105::1", "0.0.0.0", "::"};
	for (size_t i = 0; i < COUNT(self); i++) {
		assert_false(check(&p, self[i], 3128, &err));
		assert_int_equal(err.kind, ERR_REFUSED_SELF);
	}
	assert_true(check(&p, "192.168.1.6", 3128, &err));
	assert_true(check(&p, "127.0.0.1", 3128, &err));
	assert_true(check(&p, "192.168.1.5", 3129, &err));
	assert_false(check(&p, "2001:db8::5", 3129, &err));
	assert_int_equal(err.kind, ERR_REFUSED_SELF);
	assert_non_null(strstr(err.detail, "2001:db8::5"));
	assert_non_null(strstr(err.detail, "3129"));
	assert_true(check(&p, "2001:db8::6", 3129, &err));
}

static void test_own_everywhere(void **state)
{
	(void)state;
	struct policy p = {0};
	own(&p, "127.0.0.1", 1);
	own(&p, "0.0.0.0", 2);
	own(&p, "::", 3);
	own(&p, "192.0.0.0", 4);
	assert_false(policy_own_port_everywhere(&p, 1));
	assert_true(policy_own_port_everywhere(&p, 2));
	assert_true(policy_own_port_everywhere(&p, 3));
	assert_false(policy_own_port_everywhere(&p, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_loopback),
		cmocka_unit_test(test_own_elsewhere),
		cmocka_unit_test(test_own_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
