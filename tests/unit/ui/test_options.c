/*
 * Options: every row of the table with values that are taken and values that are refused by
 * name; what is recorded of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/kit/make_mmdb.h"
#include "ui/cli/options.h"

#define T OPTIONS_TRACE
#define P OPTIONS_PROXY
#define D OPTIONS_DEMO
#define A OPTIONS_AGAIN
#define R OPTIONS_REPLAY

static char pem_file[] = "/tmp/clicktrail-options-pem-XXXXXX";
static char password_file[] = "/tmp/clicktrail-options-pw-XXXXXX";
static char chain_file[] = "/tmp/clicktrail-options-chain-XXXXXX";
static char junk_file[] = "/tmp/clicktrail-options-junk-XXXXXX";
static char mmdb_file[] = "/tmp/clicktrail-options-mmdb-XXXXXX";
static char rules_file[] = "/tmp/clicktrail-options-rules-XXXXXX";

static const struct {
	unsigned command;
	const char *name, *value; /* value NULL: the option takes none */
	bool good;
} cases[] = {
	{T, "--case", "x.case", true},
	{T, "--case", "", false},
	{T, "--browser", "firefox", true},
	{T, "--browser", "chromium", true},
	{T, "--browser", "Chromium", false},
	{T, "--browser", "none", true},
	{T, "--browser", "netscape", false},
	{T, "--browser", "Firefox", false},
	{T, "--show", NULL, true},
	{P, "--show", NULL, false},
	{A, "--show", NULL, true},
	{R, "--as-of", NULL, true},
	{T, "--as-of", NULL, false},
	{A, "--device", "mac", true},
	{A, "--case", "x.case", false},
	{A, "--listen", "127.0.0.1:0", false},
	{R, "--listen", "127.0.0.1:0", true},
	{R, "--browser", "chromium", true},
	{R, "--replace", "a=b", false},
	{R, "--via", "socks5h://127.0.0.1:1", false},
	{R, "--connect-to", "a:1:b:2", false},
	{R, "--trail", "3", true},
	{R, "--trail", "2.1", true},
	{R, "--trail", "", false},
	{R, "--trail", "0", false},
	{R, "--trail", "1.", false},
	{R, "--trail", ".1", false},
	{R, "--trail", "1.2.3", false},
	{R, "--trail", "1.4294967296", false},
	{R, "--trail", "-1", false},
	{T, "--trail", "1", false},
	{R, "--strict", NULL, true},
	{T, "--strict", NULL, false},
	{R, "--pace", "fast", true},
	{R, "--pace", "original", true},
	{R, "--pace", "slow", false},
	{T, "--pace", "fast", false},
	{T, "--settle", "5", true},
	{T, "--settle", "0.25", true},
	{T, "--settle", "0", false},
	{T, "--settle", "-1", false},
	{T, "--settle", "1e3", false},
	{T, "--settle", "0x10", false},
	{T, "--settle", "1,5", false},
	{T, "--settle", ".", false},
	{T, "--settle", "", false},
	{T, "--settle", "86401", false},
	{T, "--settle", "99999999999999999999", false},
	{T, "--timeout", "60", true},
	{T, "--timeout", "soon", false},
	{T, "--dry-run", NULL, true},
	{D, "--dry-run", NULL, false},
	{T, "--user-agent", "Mozilla/5.0 (X11)", true},
	{T, "--user-agent", "a\r\nX-Evil: 1", false},
	{T, "--user-agent", "caf\xc3\xa9", false},
	{T, "--user-agent", "", false},
	{T, "--language", "de", true},
	{T, "--language", "en-US,en;q=0.5", true},
	{T, "--language", "de\nX: 1", false},
	{T, "--language", "1de", false},
	{T, "--timezone", "Europe/Berlin", true},
	{T, "--timezone", "Europe/Nowhere", false},
	{T, "--timezone", "../../etc/passwd", false},
	{T, "--timezone", "/etc/passwd", false},
	{T, "--device", "no-such-device", false},
	{T, "--replace", "me@example.org=you@example.org", true},
	{T, "--replace", "old=", true},
	{T, "--replace", "=new", false},
	{T, "--replace", "nothing", false},
	{T, "--link", "3", true},
	{T, "--link", "0", false},
	{T, "--link", "3x", false},
	{T, "--link", "-1", false},
	{A, "--link", "3", false},
	{T, "--message", "2", true},
	{T, "--message", "", false},
	{T, "--list", NULL, true},
	{T, "--yes", NULL, true},
	{A, "--yes", NULL, false},
	{T, "--connect-to", "a.test:443:127.0.0.1:8443", true},
	{T, "--connect-to", "::127.0.0.1:8443", true},
	{T, "--connect-to", "a.test:443", false},
	{T, "--connect-to", "a.test:99999:b.test:1", false},
	{P, "--connect-to", "a.test:443:127.0.0.1:8443", true},
	{T, "--cacert", pem_file, true},
	{T, "--cacert", junk_file, false},
	{T, "--cacert", "/nonexistent/ca.pem", false},
	{T, "--allow-net", "127.0.0.0/8", true},
	{T, "--allow-net", "::1", true},
	{T, "--allow-net", "127.0.0.0/33", false},
	{T, "--allow-net", "localhost", false},
	{T, "--permit-bad-cert", "expired.example", true},
	{T, "--permit-bad-cert", "ANY", true},
	{T, "--permit-bad-cert", "a b", false},
	{T, "--dns-servers", "127.0.0.1:5353", true},
	{T, "--dns-servers", "", false},
	{T, "--durability", "power", true},
	{T, "--durability", "crash", true},
	{T, "--durability", "none", false},
	{T, "--max-body", "0", true},
	{T, "--max-body", "64K", true},
	{T, "--max-body", "2G", true},
	{T, "--max-body", "K", false},
	{T, "--max-body", "-5", false},
	{T, "--max-body", "18446744073709551615G", false},
	{T, "--no-bodies", NULL, true},
	{T, "--no-sandbox", NULL, true},
	{P, "--no-sandbox", NULL, false},
	{T, "--no-screenshot", NULL, true},
	{T, "--no-intercept", NULL, true},
	{A, "--no-intercept", NULL, true},
	{P, "--no-intercept", NULL, false},
	{R, "--no-intercept", NULL, false},
	{T, "--link", "2", true},
	{T, "--link", "0", false},
	{T, "--link", "-1", false},
	{T, "--link", "two", false},
	{R, "--no-screenshot", NULL, true},
	{P, "--no-screenshot", NULL, false},
	{T, "--pcap", NULL, true},
	{A, "--pcap", NULL, true},
	{P, "--pcap", NULL, true},
	{D, "--pcap", NULL, true},
	{R, "--pcap", NULL, false},
	{T, "--instrument", "a.sock", true},
	{T, "--instrument", "", false},
	{A, "--instrument", "a.sock", false},
	{T, "--via", "socks5h://127.0.0.1:9050", true},
	{T, "--via", "http://user:pw@proxy.example:3128", true},
	{T, "--via", "ftp://127.0.0.1:21", false},
	{T, "--mmdb", mmdb_file, true},
	{A, "--mmdb", mmdb_file, true},
	{P, "--mmdb", mmdb_file, false},
	{T, "--mmdb", junk_file, false},
	{T, "--mmdb", "/nonexistent.mmdb", false},
	{P, "--listen", "127.0.0.1:0", true},
	{P, "--listen", "[::1]:8080", true},
	{P, "--listen", "localhost:8080", false},
	{P, "--listen", "127.0.0.1", false},
	{P, "--listen", "127.0.0.1:70000", false},
	{P, "--listen", "::1:8080", false},
	{P, "--listen", ":8080", false},
	{T, "--listen", "127.0.0.1:0", false},
	{T, "--ui", "127.0.0.1:0", true},
	{A, "--ui", "127.8.9.10:8800", true},
	{P, "--ui", "[::1]:8800", true},
	{D, "--ui", "127.0.0.1:8800", true},
	{R, "--ui", "127.0.0.1:8800", true},
	{P, "--ui", "0.0.0.0:8800", false},
	{P, "--ui", "[::]:8800", false},
	{P, "--ui", "192.0.2.1:8800", false},
	{P, "--ui", "[::ffff:127.0.0.1]:8800", false},
	{P, "--ui", "localhost:8800", false},
	{P, "--ui", "8800", false},
	{P, "--ui", "", false},
	{P, "--allow-client", "192.168.1.0/24", true},
	{P, "--allow-client", "everybody", false},
	{P, "--password-file", password_file, true},
	{P, "--password-file", junk_file, false},
	{P, "--password-file", "/nonexistent/pw", false},
	{P, "--only", "example.org", true},
	{P, "--only", "exa mple", false},
	{T, "--wrappers", rules_file, true},
	{P, "--wrappers", rules_file, true},
	{D, "--wrappers", rules_file, false},
	{T, "--wrappers", junk_file, false},
	{T, "--wrappers", "/nonexistent/rules.json", false},
	{T, "--ca-dir", "/tmp/ca", true},
	{T, "--ca-dir", "", false},
	{T, "--seal-dir", "/tmp/seal", true},
	{T, "--egress", "203.0.113.7", true},
	{A, "--egress", "2001:db8::7", true},
	{P, "--egress", "example.org", false},
	{P, "--seal-dir", "", false},
	{T, "--timestamp", "http://tsa.example/", true},
	{A, "--timestamp", "https://tsa.example:8443/tsr?x=1", true},
	{P, "--timestamp", "https://tsa.example", true},
	{D, "--timestamp", "https://tsa.example", false},
	{T, "--timestamp", "ftp://tsa.example/", false},
	{T, "--timestamp", "tsa.example", false},
	{T, "--timestamp", "", false},
	{T, "--timestamp", "http://me:secret@tsa.example/", false},
	{T, "--timestamp", "http://tsa.example/a b", false},
	{T, "--timestamp",
		"http://b\xc3\xbc"
		"cher.example/",
		false},
	{T, "--timestamp-ca", chain_file, true},
	{P, "--timestamp-ca", pem_file, false},
	{T, "--timestamp-ca", "/nonexistent/ca.pem", false},
	{T, "--timestamp-crl", chain_file, true},
	{P, "--timestamp-crl", junk_file, false},
	{T, "--json", NULL, true},
	{D, "--json", NULL, true},
	{T, "--referer", "https://a.example/inbox?m=1", true},
	{A, "--referer", "http://[::1]:8080/", true},
	{A, "--referer", "", true},
	{P, "--referer", "https://a.example/", false},
	{D, "--referer", "https://a.example/", false},
	{T, "--referer", "a.example", false},
	{T, "--referer", "ftp://a.example/", false},
	{T, "--referer", "https://", false},
	{T, "--referer", "https://a.example/\r\nX-Evil: 1", false},
	{T, "--referer", "https://a.example/a b", false},
	{T, "--referer", "https://clicktrail.internal/ready", false},
	{T, "--sett", "5", false},
	{T, "--nonsense", NULL, false},
	{T, "-x", NULL, false},
};

static bool parse(struct options *o, unsigned command, const char *name, const char *value,
	struct err *err)
{
	static char words[3][1200]; /* borrowed by *o */
	char *argv[4] = {words[0], words[1], NULL, NULL};
	int rest = 0;
	snprintf(words[0], sizeof words[0], "x");
	snprintf(words[1], sizeof words[1], "%s", name);
	if (value != NULL) {
		snprintf(words[2], sizeof words[2], "%s", value);
		argv[2] = words[2];
	}
	options_init(o, command);
	return options_parse(o, value != NULL ? 3 : 2, argv, &rest, err);
}

static void write_file(char *template, const char *text)
{
	int fd = mkstemp(template);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	write_file(pem_file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	write_file(chain_file,
		"-----BEGIN CERTIFICATE-----\n"
		"MIIBgjCCASmgAwIBAgIUCG/3dcvPTaLLqvRCO1oc9on/wWowCgYIKoZIzj0EAwIw\n"
		"FzEVMBMGA1UEAwwMT3B0aW9ucyBSb290MB4XDTI2MTEyOTAyNDA1NFoXDTM2MTEy\n"
		"NjAyNDA1NFowFzEVMBMGA1UEAwwMT3B0aW9ucyBSb290MFkwEwYHKoZIzj0CAQYI\n"
		"KoZIzj0DAQcDQgAEpl6BxukSSniUbwMPsHuVqQisaKRnbEzMOQzhjWYblBeSh/8t\n"
		"46Jh8pFgH/ekZKxVi1l05ripxI4ggsQznSkLe6NTMFEwHQYDVR0OBBYEFP7XCAzB\n"
		"j/Bv5Hyw1GoLJchNwbjvMB8GA1UdIwQYMBaAFP7XCAzBj/Bv5Hyw1GoLJchNwbjv\n"
		"MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgUiyqwkJ95fV3ROWM\n"
		"ypaOaFayKGkbwCV+FaYmNtMIk1sCICtC0KZR0m4+lw1+ghZAt8KjVusSNg3P1cjR\n"
		"i+9AZJeS\n"
		"-----END CERTIFICATE-----\n"
		"-----BEGIN X509 CRL-----\n"
		"MIGtMFYCAQEwCgYIKoZIzj0EAwIwFzEVMBMGA1UEAwwMT3B0aW9ucyBSb290Fw0y\n"
		"NjExMjkwMjQwNTRaFw0zNjExMjYwMjQwNTRaoA4wDDAKBgNVHRQEAwIBATAKBggq\n"
		"hkjOPQQDAgNHADBEAiAcD/pO7uu9TAhuc1hsTo9FdU7P/yve0dJ2XuYl9v46vAIg\n"
		"YmOmWBgU/H5p999Byh+O5UdBlSnrLi0d5o9AMdbE4Ac=\n"
		"-----END X509 CRL-----\n");
	write_file(password_file, "user:secret-word\nmore\n");
	write_file(junk_file, "no colon here\n");
	write_file(mmdb_file, "");
	make_mmdb(mmdb_file, 9, "CH");
	write_file(rules_file,
		"{\"format\": \"clicktrail-wrappers/1\", \"rules\": [{\"name\": \"own\", "
		"\"vendor\": \"Own\", \"kind\": \"esp\", \"hosts\": \"t.own.example\"}]}");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(pem_file);
	unlink(chain_file);
	unlink(password_file);
	unlink(junk_file);
	unlink(mmdb_file);
	unlink(rules_file);
	return 0;
}

static void takes_good_and_names_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options o;
		struct err err = {0};
		bool good = parse(&o, cases[i].command, cases[i].name, cases[i].value, &err);
		if (good != cases[i].good)
			fail_msg("%s \"%s\": %s", cases[i].name,
				cases[i].value != NULL ? cases[i].value : "",
				good ? "taken" : err.detail);
		if (!good) {
			assert_int_equal(err.kind, ERR_USAGE);
			if (strstr(err.detail, cases[i].name) == NULL)
				fail_msg("\"%s\" does not name %s", err.detail, cases[i].name);
			for (const char *c = err.detail; *c != 0; c++)
				assert_true((unsigned char)*c >= 0x20);
		}
		options_fini(&o);
	}
}

/* A row that no case above exercises both ways is a row that nobody tests. */
static void every_row_is_tested(void **state)
{
	(void)state;
	unsigned commands;
	bool takes;
	const char *name;
	for (size_t i = 0; (name = options_name(i, &commands, &takes)) != NULL; i++) {
		bool good = false, bad = false;
		for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
			if (strcmp(cases[k].name + 2, name) != 0)
				continue;
			good |= cases[k].good;
			bad |= !cases[k].good;
			assert_true(takes == (cases[k].value != NULL));
		}
		if (strcmp(name, "device") == 0)
			good = true; /* below, by the browser's own list */
		if (!good || (takes && !bad))
			fail_msg("--%s is not tested", name);
	}
}

extern const char *const browser_devices[];

static void takes_every_device(void **state)
{
	(void)state;
	for (const char *const *d = browser_devices; *d != NULL; d++) {
		struct options o;
		struct err err;
		assert_true(parse(&o, T, "--device", *d, &err));
		assert_string_equal(o.device, *d);
		options_fini(&o);
	}
}

/* As Referer has it: serialised, and without what browsers never send. */
static void a_referer_is_what_is_sent(void **state)
{
	static const char *const table[][2] = {
		{"https://a.example/x?y=1", "https://a.example/x?y=1"},
		{"HTTPS://me:secret@A.example:443/x#part", "https://a.example/x"},
		{"http://a.example:8080", "http://a.example:8080/"},
		{"https://b\xc3\xbc"
		 "cher.example/\xc3\xbc?q=\xc3\xbc",
			"https://xn--bcher-kva.example/%C3%BC?q=%C3%BC"},
		{"https://a.example/?", "https://a.example/?"},
		{"", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct options o;
		struct err err = {0};
		if (!parse(&o, T, "--referer", table[i][0], &err))
			fail_msg("%s: %s", table[i][0], err.detail);
		if (table[i][1] == NULL)
			assert_null(o.referer);
		else
			assert_string_equal(o.referer, table[i][1]);
		char *json = options_json(&o);
		assert_null(strstr(json, "secret"));
		free(json);
		options_fini(&o);
	}
	/* Longer, and browsers send the origin only. */
	char url[5000];
	struct options o;
	struct err err = {0};
	char *argv[] = {(char[]){"x"}, (char[]){"--referer"}, url, NULL};
	int rest;
	for (size_t n = 4096; n <= 4097; n++) {
		memset(url, 'a', sizeof url);
		memcpy(url, "https://a.example/", 18);
		url[n] = 0;
		options_init(&o, T);
		assert_int_equal(options_parse(&o, 3, argv, &rest, &err), n == 4096);
		options_fini(&o);
	}
}

static void reads_values(void **state)
{
	(void)state;
	struct options o;
	struct err err;
	int rest;
	const char *const words[] = {"trace", "--settle", "0.25", "--timeout=7", "--max-body",
		"64K", "--durability", "crash", "--replace", "a=b", "--replace", "c=d=e", "--",
		"--show", NULL};
	char *argv[20] = {0};
	for (size_t i = 0; words[i] != NULL; i++)
		argv[i] = strdup(words[i]);
	options_init(&o, T);
	assert_int_equal(o.settle_us, 5000000);
	assert_int_equal(o.timeout_us, 60000000);
	assert_int_equal(o.max_body, 256 * 1024 * 1024);
	assert_true(options_parse(&o, 14, argv, &rest, &err));
	assert_int_equal(rest, 13);
	assert_false(o.show);
	assert_int_equal(o.settle_us, 250000);
	assert_int_equal(o.timeout_us, 7000000);
	assert_int_equal(o.max_body, 65536);
	assert_int_equal(o.durability, DURABILITY_CRASH);
	assert_int_equal(o.replace.n, 2);
	assert_string_equal(o.replace.items[1], "c=d=e");
	assert_null(o.replace.items[2]);
	options_fini(&o);
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
}

static void a_missing_value_is_named(void **state)
{
	(void)state;
	struct options o;
	struct err err = {0};
	assert_false(parse(&o, T, "--case", NULL, &err));
	assert_non_null(strstr(err.detail, "--case"));
	options_fini(&o);
}

static json_t *recorded(const struct options *o)
{
	char *text = options_json(o);
	json_t *j = json_loads(text, 0, NULL);
	assert_non_null(j);
	free(text);
	return j;
}

static void records_no_secret(void **state)
{
	(void)state;
	struct options o;
	struct err err;
	assert_true(parse(&o, P, "--password-file", password_file, &err));
	assert_string_equal(o.password, "user:secret-word");
	char *text = options_json(&o);
	assert_null(strstr(text, "secret-word"));
	assert_null(strstr(text, "user:"));
	free(text);
	options_fini(&o);
	assert_true(parse(&o, T, "--via", "http://user:hidden@proxy.example:3128", &err));
	text = options_json(&o);
	assert_null(strstr(text, "hidden"));
	assert_non_null(strstr(text, "proxy.example"));
	free(text);
	options_fini(&o);
	/* Nor does the message about a bad one. */
	assert_false(parse(&o, T, "--via", "http://user:hidden@proxy.example:port", &err));
	assert_null(strstr(err.detail, "hidden"));
	options_fini(&o);
}

/* The file by name and by digest, so that a report can tell whether it has the same. */
static void records_the_link_rules(void **state)
{
	(void)state;
	struct options o;
	struct err err;
	assert_true(parse(&o, T, "--wrappers", rules_file, &err));
	assert_int_equal(o.wrappers.rules.n, 1);
	json_t *j = recorded(&o);
	assert_string_equal(json_string_value(json_object_get(j, "wrappers")), rules_file);
	assert_int_equal(strlen(json_string_value(json_object_get(j, "wrappers-sha256"))), 64);
	json_decref(j);
	options_fini(&o);
	assert_true(parse(&o, T, "--json", NULL, &err));
	j = recorded(&o);
	assert_true(json_is_null(json_object_get(j, "wrappers-sha256")));
	json_decref(j);
	options_fini(&o);
}

static void records_what_was_in_effect(void **state)
{
	(void)state;
	struct options o;
	struct err err;
	assert_true(parse(&o, T, "--permit-bad-cert", "expired.example", &err));
	json_t *j = recorded(&o);
	assert_string_equal(json_string_value(json_object_get(j, "browser")), "firefox");
	assert_int_equal(json_integer_value(json_object_get(j, "settle")), 5);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(j, "permit-bad-cert"), 0)),
		"expired.example");
	assert_true(json_is_null(json_object_get(j, "user-agent")));
	assert_null(json_object_get(j, "listen"));
	json_decref(j);
	options_fini(&o);
}

/* A word of the command line that is no UTF-8 still makes JSON. */
static void records_bytes(void **state)
{
	(void)state;
	struct options o;
	struct err err;
	assert_true(parse(&o, T, "--replace", "caf\xe9=x", &err));
	json_t *j = recorded(&o);
	assert_string_equal(json_string_value(json_array_get(json_object_get(j, "replace"), 0)),
		"caf\xc3\xa9=x");
	json_decref(j);
	options_fini(&o);
}

static void helps_with_its_own_rows_only(void **state)
{
	(void)state;
	struct buf out = {0};
	options_help(P, &out);
	char *text = buf_take_str(&out);
	assert_non_null(strstr(text, "--listen A:P"));
	assert_null(strstr(text, "--show"));
	for (const char *line = text; *line != 0; line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 110);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_good_and_names_bad_values),
		cmocka_unit_test(every_row_is_tested),
		cmocka_unit_test(takes_every_device),
		cmocka_unit_test(a_referer_is_what_is_sent),
		cmocka_unit_test(reads_values),
		cmocka_unit_test(a_missing_value_is_named),
		cmocka_unit_test(records_no_secret),
		cmocka_unit_test(records_what_was_in_effect),
		cmocka_unit_test(records_the_link_rules),
		cmocka_unit_test(records_bytes),
		cmocka_unit_test(helps_with_its_own_rows_only),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
