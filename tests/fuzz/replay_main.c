/*
 * Runs a fuzzer's function on every file of the directories (or on the files) named as
 * arguments: the corpus as a plain test, without libFuzzer. Fails if there was no file, so that
 * a wrong path cannot pass for a clean run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *path)
{
	fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
	exit(2);
}

static void replay_file(const char *path, size_t size)
{
	/* A block of just that size: reading one byte too many is found. */
	uint8_t *data = malloc(size > 0 ? size : 1);
	FILE *f = fopen(path, "rb");
	if (data == NULL || f == NULL || fread(data, 1, size, f) != size)
		fail(path);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static size_t replay(const char *path)
{
	struct stat st;
	size_t n = 0;
	if (stat(path, &st) != 0)
		fail(path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return 1;
	}
	DIR *dir = opendir(path);
	if (dir == NULL)
		fail(path);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		char inner[4096];
		if (e->d_name[0] == '.')
			continue;
		if (snprintf(inner, sizeof inner, "%s/%s", path, e->d_name) >=
			(int)sizeof inner) {
			errno = ENAMETOOLONG;
			fail(path);
		}
		n += replay(inner);
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	size_t n = 0;
	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%zu files replayed\n", n);
	return n > 0 ? 0 : 1;
}
