/* Reading what somebody else writes, left behind uncleanly, or owns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "store/case.h"
#include "store/lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FACTS = 6000 };

static struct case_file *open_case(const struct temp_case *t)
{
	struct err err = {0};
	struct case_file *c = case_open(t->path, &err);
	if (c == NULL)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	return c;
}

static bool put_note(struct writer *w, int64_t n)
{
	struct fact_note note;
	fact_init(FACT_KIND_NOTE, &note);
	note.session = 1;
	note.exchange = n;
	note.detail = span_str("written while somebody reads");
	uint64_t ticket = writer_put(w, FACT_KIND_NOTE, &note, NULL, NULL);
	return ticket != 0 && (n % 20 != 0 || writer_wait(w, ticket, NULL));
}

static bool follow(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	int64_t *last = ctx;
	assert_int_equal(kind, FACT_KIND_NOTE);
	assert_int_equal(seq, *last + 1);
	assert_int_equal(((const struct fact_note *)fact)->exchange, seq);
	*last = seq;
	return true;
}

/* Follows the case until it has seen all; returns how often it looked and saw only a part. */
static int follow_to_the_end(struct case_file *c)
{
	struct err err = {0};
	int64_t last = 0;
	int partly = 0;
	while (last < FACTS) {
		int64_t before = last;
		if (!case_facts(c, last, 0, follow, &last, &err))
			fail_msg("%s: %s", err_word(err.kind), err.detail);
		partly += last > before && last < FACTS;
	}
	return partly;
}

static void *write_notes(void *arg)
{
	struct temp_case *t = arg;
	for (int64_t n = 1; n <= FACTS; n++)
		if (!put_note(t->writer, n))
			return NULL;
	writer_flush(t->writer, NULL);
	return t;
}

static void reading_beside_the_writer_in_one_process(void **state)
{
	struct temp_case t;
	pthread_t thread;
	void *done;
	(void)state;
	temp_case_start(&t);
	struct case_file *c = open_case(&t);
	pthread_create(&thread, NULL, write_notes, &t);
	assert_true(follow_to_the_end(c) > 0);
	pthread_join(thread, &done);
	assert_ptr_equal(done, &t);
	case_close(c);
	temp_case_close(&t);
	char *sound = temp_case_sql(&t, "PRAGMA integrity_check");
	assert_string_equal(sound, "ok");
	free(sound);
	temp_case_fini(&t);
}

/* Who holds SQLite's shared lock on the case file, as another process sees it (SQLite: os.h,
 * SHARED_FIRST); 0: nobody. */
static pid_t lock_holder(const struct temp_case *t)
{
	enum { SHARED_FIRST = 0x40000002, SHARED_SIZE = 510 };
	int ends[2], status;
	pid_t holder = -1;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct flock lock = {.l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = SHARED_FIRST,
			.l_len = SHARED_SIZE};
		int fd = open(t->path, O_RDWR | O_CLOEXEC);
		if (fd < 0 || fcntl(fd, F_GETLK, &lock) != 0)
			_exit(1);
		holder = lock.l_type == F_UNLCK ? 0 : lock.l_pid;
		_exit(write(ends[1], &holder, sizeof holder) == sizeof holder ? 0 : 2);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &holder, sizeof holder), sizeof holder);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return holder;
}

/* Closing any descriptor of the file drops the process's locks on it: a reader in the writer's
 * process must open none. */
static void reader_drops_no_lock_of_the_writer(void **state)
{
	struct temp_case t;
	struct case_about about;
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	assert_int_equal(lock_holder(&t), getpid());
	for (int i = 0; i < 2; i++) {
		struct case_file *c = open_case(&t);
		assert_true(case_about(c, &about, NULL));
		assert_int_equal(lock_holder(&t), getpid());
		case_close(c);
		assert_int_equal(lock_holder(&t), getpid());
	}
	assert_null(writer_open(t.path, NULL, NULL));
	assert_int_equal(lock_holder(&t), getpid());
	temp_case_close(&t);
	assert_int_equal(lock_holder(&t), 0);
	temp_case_fini(&t);
}

/* A child that writes; it says so by a byte on `ready` once the case is open, and ends when
 * `end` is closed. */
static pid_t start_writing_child(const struct temp_case *t, int *ready, int *end, bool killable)
{
	int started[2], over[2];
	assert_int_equal(pipe(started), 0);
	assert_int_equal(pipe(over), 0);
	pid_t child = fork();
	if (child == 0) {
		char byte = 0;
		close(over[1]);
		close(started[0]);
		struct writer_options options = {.durability = DURABILITY_CRASH};
		struct writer *w = writer_open(t->path, &options, NULL);
		if (w == NULL)
			_exit(1);
		if (killable) {
			for (int64_t n = 1; n <= FACTS; n++)
				put_note(w, n);
			writer_flush(w, NULL);
		}
		if (write(started[1], &byte, 1) != 1)
			_exit(2);
		for (int64_t n = 1; !killable && n <= FACTS; n++)
			put_note(w, n);
		writer_flush(w, NULL);
		if (read(over[0], &byte, 1) != 0)
			_exit(3);
		_exit(writer_close(w, NULL) ? 0 : 4);
	}
	close(started[1]);
	close(over[0]);
	*ready = started[0];
	*end = over[1];
	return child;
}

static void wait_for_byte(int fd)
{
	char byte;
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);
}

static void reading_beside_the_writer_of_another_process(void **state)
{
	struct temp_case t;
	struct case_about about;
	struct err err = {0};
	int ready, end, status = 0;
	(void)state;
	temp_case_init(&t);
	pid_t child = start_writing_child(&t, &ready, &end, false);
	wait_for_byte(ready);
	struct case_file *c = open_case(&t);
	assert_true(case_about(c, &about, &err));
	assert_true(about.being_written);
	follow_to_the_end(c);
	/* A reader that goes before the writer leaves it everything. */
	case_close(c);
	close(end);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	char *mode = temp_case_sql(&t, "PRAGMA journal_mode");
	assert_string_equal(mode, "delete");
	free(mode);
	temp_case_fini(&t);
}

/* A reader that is still connected when the writer closes: nothing is lost, and both go on. */
static void reader_outlives_the_writer(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	struct case_file *c = open_case(&t);
	for (int64_t n = 1; n <= FACTS; n++)
		assert_true(put_note(t.writer, n));
	temp_case_close(&t);
	follow_to_the_end(c);
	case_close(c);
	c = open_case(&t);
	follow_to_the_end(c);
	case_close(c);
	temp_case_open(&t);
	temp_case_fini(&t);
}

struct file_state {
	off_t size;
	struct timespec changed;
};

static struct file_state state_of(const struct temp_case *t, const char *suffix)
{
	char name[128];
	struct stat st;
	snprintf(name, sizeof name, "%s%s", t->path, suffix);
	assert_int_equal(stat(name, &st), 0);
	return (struct file_state){st.st_size, st.st_ctim};
}

static void assert_untouched(struct file_state a, struct file_state b)
{
	assert_int_equal(a.size, b.size);
	assert_int_equal(a.changed.tv_sec, b.changed.tv_sec);
	assert_int_equal(a.changed.tv_nsec, b.changed.tv_nsec);
}

static int entries_in(const char *folder)
{
	int n = 0;
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* Does any descriptor of this process lead to the case itself? */
static bool open_in_place(const struct temp_case *t)
{
	bool found = false;
	DIR *dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		char target[256];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);
		if (n <= 0)
			continue;
		target[n] = 0;
		found |= strncmp(target, t->path, strlen(t->path)) == 0;
	}
	closedir(dir);
	return found;
}

/* Killed with facts that are in the log only: the reader gets them from a copy, and the
 * evidence is not touched. */
static void unclosed_case_is_read_from_a_copy(void **state)
{
	struct temp_case t;
	char tmp[100], link[100];
	int ready, end, status = 0;
	(void)state;
	temp_case_init(&t);
	snprintf(tmp, sizeof tmp, "%s/tmp", t.folder);
	assert_int_equal(mkdir(tmp, 0700), 0);
	pid_t child = start_writing_child(&t, &ready, &end, true);
	wait_for_byte(ready);
	kill(child, SIGKILL);
	close(end);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(state_of(&t, "-wal").size > 100000);
	struct file_state main_before = state_of(&t, ""), wal_before = state_of(&t, "-wal");
	/* Through a link, as some systems have it. */
	snprintf(link, sizeof link, "%s/tmp-link", t.folder);
	assert_int_equal(symlink(tmp, link), 0);
	assert_int_equal(setenv("TMPDIR", link, 1), 0);
	struct case_file *c = open_case(&t);
	assert_false(open_in_place(&t));
	follow_to_the_end(c);
	struct case_about about;
	assert_true(case_about(c, &about, NULL));
	assert_false(about.being_written);
	assert_int_equal(about.last_seq, FACTS);
	/* Not even a kill of the reader would leave a copy behind. */
	assert_int_equal(entries_in(tmp), 0);
	case_close(c);
	assert_int_equal(unsetenv("TMPDIR"), 0);
	assert_untouched(main_before, state_of(&t, ""));
	assert_untouched(wal_before, state_of(&t, "-wal"));
	assert_int_equal(rmdir(tmp), 0);
	temp_case_fini(&t);
}

static void case_of_another_user_is_read_from_a_copy(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	temp_case_close(&t);
	struct case_file *c = open_case(&t);
	assert_true(open_in_place(&t));
	case_close(c);
	if (geteuid() == 0)
		assert_int_equal(chown(t.path, 65534, 65534), 0);
	else
		assert_int_equal(chmod(t.path, 0444), 0);
	struct file_state before = state_of(&t, "");
	c = open_case(&t);
	assert_false(open_in_place(&t));
	struct case_about about;
	assert_true(case_about(c, &about, NULL));
	assert_true(about.last_seq > 10);
	case_close(c);
	assert_untouched(before, state_of(&t, ""));
	temp_case_fini(&t);
}

struct asking {
	const char *path;
	atomic_bool stop;
};

static void *keep_asking(void *arg)
{
	struct asking *a = arg;
	while (!a->stop)
		lock_held(a->path);
	return NULL;
}

/* A reader that asks whether the case is being written holds the lock for an instant; writers
 * must get in all the same. */
static void curious_reader_keeps_no_writer_out(void **state)
{
	struct temp_case t;
	pthread_t thread;
	(void)state;
	temp_case_init(&t);
	struct asking asking = {.path = t.path};
	pthread_create(&thread, NULL, keep_asking, &asking);
	for (int i = 0; i < 40; i++) {
		temp_case_open(&t);
		temp_case_close(&t);
	}
	asking.stop = true;
	pthread_join(thread, NULL);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_beside_the_writer_in_one_process),
		cmocka_unit_test(reader_drops_no_lock_of_the_writer),
		cmocka_unit_test(reading_beside_the_writer_of_another_process),
		cmocka_unit_test(reader_outlives_the_writer),
		cmocka_unit_test(unclosed_case_is_read_from_a_copy),
		cmocka_unit_test(case_of_another_user_is_read_from_a_copy),
		cmocka_unit_test(curious_reader_keeps_no_writer_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
