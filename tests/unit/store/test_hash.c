/* The digest of an open file. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/base/hash.h"

static void what_an_open_file_holds(void **state)
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char path[] = "/tmp/clicktrail-hash-XXXXXX";
		uint8_t out[SHA256_LEN], expected[SHA256_LEN];
		int64_t size = -1;
		uint8_t *bytes = malloc(sizes[i] + 1);
		int fd = mkstemp(path);
		assert_true(bytes != NULL && fd >= 0);
		unlink(path);
		for (size_t k = 0; k < sizes[i]; k++)
			bytes[k] = (uint8_t)(k * 31);
		assert_int_equal(write(fd, bytes, sizes[i]), sizes[i]);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_true(sha256_fd(fd, out, &size));
		sha256(span_of(bytes, sizes[i]), expected);
		assert_memory_equal(out, expected, sizeof out);
		assert_int_equal(size, sizes[i]);
		close(fd);
		free(bytes);
	}
}

static void what_cannot_be_read(void **state)
{
	uint8_t out[SHA256_LEN];
	int64_t size;
	(void)state;
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_false(sha256_fd(fd, out, &size));
	assert_int_equal(errno, EISDIR);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_open_file_holds),
		cmocka_unit_test(what_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
