/*
 * QR codes in pictures made by qrencode: read, in every size and shape in which people send
 * them, by a child that can do nothing else; broken and hostile pictures are refused.
 */
#include "tests/kit/attached.h"
#include "tests/unit/ui/cli_run.h"
#include "ui/cli/qr.h"
#include "ui/cli/trace_source.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <jpeglib.h>

#define URL "https://evil.test/q?x=1"

static struct span read_file(const char *name)
{
	struct buf out = {0};
	FILE *f = fopen(in_dir(name), "re");
	if (f == NULL)
		fail_msg("no file %s", name);
	for (size_t n = 1; n > 0; buf_grew(&out, n))
		n = fread(buf_room(&out, 65536), 1, 65536, f);
	fclose(f);
	struct span s = arena_copy(&p.arena, buf_span(&out));
	buf_fini(&out);
	return s;
}

#define TOOL(path, ...)                                                                        \
	do {                                                                                   \
		p.program = path;                                                              \
		if (RUN(__VA_ARGS__) != 0)                                                     \
			fail_msg("%s: %s", path, STDERR);                                      \
		p.program = NULL;                                                              \
	} while (0)
#define QRENCODE(file, ...) TOOL("/usr/bin/qrencode", "-o", file, __VA_ARGS__)

/* A JPEG of a PNG, and two pictures side by side, by libpng and libjpeg of Python's absence:
 * PNM by hand. */
static void reads(const char *file, const char *const *want)
{
	struct qr_codes codes;
	struct arena a = {0};
	struct err err = {0};
	if (!qr_read(read_file(file), &a, &codes, &err))
		fail_msg("%s: %s: %s", file, err_word(err.kind), err.detail);
	size_t n = 0;
	for (; want[n] != NULL; n++) {
		bool found = false;
		for (size_t i = 0; i < codes.n; i++)
			found |= span_is(codes.list[i], want[n]);
		if (!found)
			fail_msg("%s: \"%s\" is not among the %zu", file, want[n], codes.n);
	}
	assert_int_equal(codes.n, n);
	arena_fini(&a);
}
#define READS(file, ...) reads(file, (const char *const[]){__VA_ARGS__, NULL})

/* A JPEG of a PNG, `times` as large, on a grey ground of that size. */
static void jpeg_of(const char *png, const char *jpeg, unsigned times, unsigned side)
{
	struct pixels from;
	struct jpeg_compress_struct j = {0};
	struct jpeg_error_mgr errors;
	pixels_of_png(read_file(png), &from);
	FILE *f = fopen(in_dir(jpeg), "we");
	assert_non_null(f);
	j.err = jpeg_std_error(&errors);
	jpeg_create_compress(&j);
	jpeg_stdio_dest(&j, f);
	j.image_width = j.image_height = side;
	j.input_components = 3;
	j.in_color_space = JCS_RGB;
	jpeg_set_defaults(&j);
	jpeg_set_quality(&j, 60, TRUE);
	jpeg_start_compress(&j, TRUE);
	uint8_t *line = malloc(3 * (size_t)side);
	for (unsigned y = 0; y < side; y++) {
		for (unsigned x = 0; x < side; x++) {
			unsigned px = x / times, py = y / times;
			bool in = px < from.width && py < from.height;
			memset(line + 3 * (size_t)x,
				in ? from.rgb[3 * ((size_t)py * from.width + px)] : 0xe0, 3);
		}
		JSAMPROW row = line;
		jpeg_write_scanlines(&j, &row, 1);
	}
	jpeg_finish_compress(&j);
	jpeg_destroy_compress(&j);
	free(line);
	free(from.rgb);
	fclose(f);
}

/* As phones send them: compressed with loss, the code somewhere in it, and more pixels than it
 * takes. */
static void photos_are_read(void **state)
{
	(void)state;
	QRENCODE("one.png", URL);
	jpeg_of("one.png", "photo.jpg", 4, 1000);
	READS("photo.jpg", URL);
	jpeg_of("one.png", "large.jpg", 10, 4200);
	READS("large.jpg", URL);
	/* Cut in half there is no code, and no crash. */
	struct span whole = read_file("photo.jpg");
	struct arena a = {0};
	struct qr_codes codes;
	for (size_t n = 3; n < whole.n / 4; n += whole.n / 14) {
		struct err err = {0};
		assert_false(qr_read(span_first(whole, n), &a, &codes, &err));
		assert_int_equal(err.kind, ERR_USAGE);
	}
	arena_fini(&a);
}

static void codes_are_read(void **state)
{
	(void)state;
	static char longest[2000];
	memset(longest, 'a', sizeof longest - 1);
	for (size_t i = 0; i < strlen(URL); i++)
		longest[i] = URL[i];
	QRENCODE("one.png", URL);
	READS("one.png", URL);
	QRENCODE("small.png", "-s", "1", URL);
	READS("small.png", URL);
	QRENCODE("large.png", "-s", "40", URL);
	READS("large.png", URL);
	QRENCODE("inverted.png", "--foreground=ffffff", "--background=000000", URL);
	READS("inverted.png", URL);
	QRENCODE("clear.png", "--background=ffffff00", URL);
	READS("clear.png", URL);
	QRENCODE("longest.png", longest);
	READS("longest.png", longest);
	QRENCODE("upper.png", "HTTPS://EVIL.TEST/A");
	READS("upper.png", "HTTPS://EVIL.TEST/A");
	QRENCODE("wide.png", "\xc3\xbcml\xc3\xa4ut \xd0\xb8");
	READS("wide.png", "\xc3\xbcml\xc3\xa4ut \xd0\xb8");
}

/* From a PNG's own pixels; side by side if two are named. */
static const char script[] =
	"import sys, zlib, struct\n"
	"def read(n):\n"
	"  s = open(n, 'rb').read(); i = 8; d = b''\n"
	"  while i < len(s):\n"
	"    l, k = struct.unpack('>I4s', s[i:i+8])\n"
	"    if k == b'IHDR': w, h, b = struct.unpack('>IIB', s[i+8:i+17])\n"
	"    if k == b'IDAT': d += s[i+8:i+8+l]\n"
	"    i += 12 + l\n"
	"  d = zlib.decompress(d); r = (w * b + 7) // 8\n"
	"  return w, h, [[d[y*(r+1)+1+x*b//8] >> (7 - x % 8) & 1 for x in range(w)] for y in "
	"range(h)]\n"
	"out, *names = sys.argv[1:]\n"
	"pics = [read(n) for n in names]\n"
	"h = max(p[1] for p in pics); rows = []\n"
	"for y in range(h):\n"
	"  row = []\n"
	"  for w, ph, px in pics: row += px[y] if y < ph else [1] * w\n"
	"  rows.append(b'\\0' + bytes(0 if v == 0 else 255 for v in row))\n"
	"w = len(rows[0]) - 1\n"
	"def chunk(k, b): return struct.pack('>I', len(b)) + k + b + struct.pack('>I', "
	"zlib.crc32(k + b))\n"
	"open(out, 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', "
	"struct.pack('>IIBBBBB', w, h, 8, 0, 0, 0, 0))\n"
	"  + chunk(b'IDAT', zlib.compress(b''.join(rows))) + chunk(b'IEND', b''))\n";

static void several_are_listed(void **state)
{
	(void)state;
	QRENCODE("one.png", "--type=PNG", "--background=ffffffff", URL);
	QRENCODE("two.png", "WIFI:S:\x1b[31mhome;T:WPA;P:secret;;");
	TOOL("/usr/bin/python3", "-c", script, "both.png", "one.png", "two.png");
	READS("both.png", URL, "WIFI:S:\x1b[31mhome;T:WPA;P:secret;;");
	static const char *const common[] = {"trace", "--dry-run", "--browser", "none",
		"--ca-dir", "ca", "--seal-dir", "seal"};
	(void)common;
#define TRACE(...)                                                                             \
	RUN("trace", "--dry-run", "--browser", "none", "--ca-dir", "ca", "--seal-dir", "seal", \
		__VA_ARGS__)
	assert_int_equal(TRACE("both.png"), 1);
	assert_non_null(strstr(STDERR, URL));
	assert_non_null(strstr(STDERR, "--link N"));
	assert_null(strchr(STDERR, 0x1b));
	assert_int_equal(TRACE("--link", "3", "both.png"), 1);
	assert_non_null(strstr(STDERR, "no QR code 3"));
	assert_int_equal(TRACE("two.png"), 1);
	assert_error("no web address");
	assert_int_equal(TRACE("one.png"), 0);
	assert_non_null(strstr(STDOUT, "would open       " URL));
	assert_int_equal(TRACE("--link", "1", "https://a.test/"), 1);
	assert_error("--link");
	/* For programs, which choose by number. */
	assert_int_equal(RUN("trace", "--list", "--json", "both.png"), 0);
	assert_non_null(strstr(STDOUT, "\"clicktrail-codes/1\""));
	assert_non_null(strstr(STDOUT, "\"" URL "\""));
	assert_non_null(strstr(STDOUT, "WIFI:S:\\u001B[31mhome"));
	assert_int_equal(RUN("trace", "--list", "one.png"), 0);
	assert_non_null(strstr(STDOUT, "   1  " URL));
	assert_int_equal(RUN("trace", "--list", "https://a.test/"), 1);
	assert_error("--list");
}

static void what_holds_no_code_is_refused(void **state)
{
	(void)state;
	QRENCODE("one.png", URL);
	struct span whole = read_file("one.png");
	struct arena a = {0};
	struct qr_codes codes;
	for (size_t n = 0; n < whole.n; n += whole.n / 12 + 1) {
		struct err err = {0};
		assert_false(qr_read(span_first(whole, n), &a, &codes, &err));
		if (err.kind != ERR_USAGE)
			fail_msg("cut at %zu: %s", n, err.detail);
	}
	/* A picture that would fill memory, by what it says of itself. */
	uint8_t huge[64];
	memcpy(huge, whole.p, sizeof huge);
	memcpy(huge + 16, "\0\0\x40\0\0\0\x40\0", 8);
	struct err err = {0};
	assert_false(qr_read(span_of(huge, sizeof huge), &a, &codes, &err));
	static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff,
		1, 1, 0x11, 0, 0xff, 0xd9};
	assert_false(qr_read(span_of(jpeg, sizeof jpeg), &a, &codes, &err));
	arena_fini(&a);
	FILE *f = fopen(in_dir("neither.bin"), "we");
	fputs("\001\002 nothing that anybody knows\n", f);
	fclose(f);
	assert_int_equal(RUN("trace", "--dry-run", "--browser", "none", "neither.bin"), 1);
	assert_error("neither.bin");
	assert_int_equal(RUN("trace", "--dry-run", "--browser", "none", "."), 1);
	assert_error("no regular file");
}

/* What a decoder that was taken over would try. */
static int jailed(void (*attempt)(void))
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		struct err err;
		if (!qr_jail(&err))
			_exit(99);
		attempt();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void compute(void)
{
	void *m = malloc(1000000);
	free(m);
}
static void reach_out(void)
{
	socket(AF_INET, SOCK_STREAM, 0);
}
static void start_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
}
static void start_a_process(void)
{
	fork();
}
static void signal_its_parent(void)
{
	kill(getppid(), 0);
}
static void open_a_file(void)
{
	_exit(open("/etc/passwd", O_RDONLY) >= 0 ? 1 : 2);
}

static void its_reader_can_do_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(jailed(compute), 0);
	assert_int_equal(jailed(reach_out), -SIGSYS);
	assert_int_equal(jailed(start_a_program), -SIGSYS);
	assert_int_equal(jailed(start_a_process), -SIGSYS);
	assert_int_equal(jailed(signal_its_parent), -SIGSYS);
	assert_int_equal(jailed(open_a_file), 2);
}

/* A link that nobody answers: the session has the picture, and what it held. */
static void the_picture_is_kept(void **state)
{
	(void)state;
	struct attached a;
	QRENCODE("menu.png", "http://127.0.0.1:9/");
	int code = RUN("trace", "--browser", "none", "--case", "t.case", "--ca-dir", "ca",
		"--seal-dir", "seal", "menu.png");
	assert_true(code == 2);
	attached_read(&a, in_dir("t.case"));
	assert_int_equal(a.n, 1);
	assert_true(span_is(a.list[0].fact.kind, "image"));
	assert_true(span_is(a.list[0].fact.name, "menu.png"));
	assert_true(span_is(a.list[0].fact.media_type, "image/png"));
	assert_true(span_eq(a.list[0].fact.data, read_file("menu.png")));
	attached_fini(&a);
	p.program = "/usr/bin/sqlite3";
	assert_int_equal(
		RUN("t.case", "SELECT detail FROM fact_note WHERE code = 'qr-code'"), 0);
	assert_string_equal(STDOUT, "1 of 1, opened, 19 bytes: http://127.0.0.1:9/\n");
	p.program = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(codes_are_read),
		TEST(photos_are_read),
		TEST(several_are_listed),
		TEST(what_holds_no_code_is_refused),
		TEST(its_reader_can_do_nothing_else),
		TEST(the_picture_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
