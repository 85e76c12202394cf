/*
 * What a book of the window costs, by its calls alone: bench_book CASE prints the time of each
 * kind of call, what reading through took, and what it keeps in memory.
 */
#include "ui/web/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static struct book *book;
static struct err err;

static void say(const char *what, double since, size_t n)
{
	printf("%-28s %9.2f ms  %zu\n", what, now_ms() - since, n);
	fflush(stdout);
}

static void trails(const char *what, size_t from)
{
	struct arena a = {0};
	struct book_trail *list;
	size_t n, total;
	double t = now_ms();
	if (!book_trails(book, &(struct book_trails_query){.from = from, .n = 100}, &a, &list,
		    &n, &total, &err))
		printf("%s: %s\n", what, err.detail);
	say(what, t, total);
	arena_fini(&a);
}

static void rows(const char *what, const struct book_rows_query *q)
{
	struct arena a = {0};
	struct book_rows out;
	double t = now_ms();
	if (!book_rows(book, q, &a, &out, &err))
		printf("%s: %s\n", what, err.detail);
	say(what, t, out.total);
	arena_fini(&a);
}

static void find(const char *what)
{
	struct arena a = {0};
	struct book_found *list;
	size_t n;
	bool more;
	double t = now_ms();
	book_find(book, span_str(what), 500, &a, &list, &n, &more, &err);
	say(what, t, n);
	arena_fini(&a);
}

static void read_trail(int64_t number)
{
	struct book_reading r;
	bool found;
	double t = now_ms();
	if (!book_read_trail(book, 1, number, &r, &found, &err))
		printf("trail: %s\n", err.detail);
	book_reading_close(&r);
	say("trail page", t, found);
}

static void read_exchange(int64_t id)
{
	struct book_reading r;
	bool found;
	double t = now_ms();
	if (!book_read_exchange(book, id, &r, &found, &err))
		printf("exchange: %s\n", err.detail);
	book_reading_close(&r);
	say("exchange page", t, found);
}

static struct book_about about(void)
{
	struct arena a = {0};
	struct book_about out;
	book_about(book, &a, &out);
	arena_fini(&a);
	return out;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return fprintf(stderr, "usage: bench_book CASE\n") > 0;
	double start = now_ms();
	book = book_open(argv[1], 1);
	trails("first trails, from the start", 0);
	trails("trails while it is read", 100);
	struct book_about x;
	while (x = about(), x.state == BOOK_READING)
		book_wait(book, book_version(book), 100);
	say("read to the end", start, (size_t)x.exchanges);
	if (x.err.kind != ERR_NONE)
		printf("%s: %s\n", err_sentence(x.err.kind), x.err.detail);
	trails("trails, first page", 0);
	trails("trails, last page", x.trails > 100 ? x.trails - 100 : 0);
	size_t deep = (size_t)x.exchanges * 9 / 10;
	rows("rows by time", &(struct book_rows_query){.n = 200});
	rows("rows by time, deep", &(struct book_rows_query){.n = 200, .from = deep});
	rows("rows by host, first", &(struct book_rows_query){.n = 200, .order = BOOK_BY_HOST});
	rows("rows by host, again",
		&(struct book_rows_query){
			.n = 200, .order = BOOK_BY_HOST, .down = true, .from = deep});
	rows("rows by size, first", &(struct book_rows_query){.n = 200, .order = BOOK_BY_SIZE});
	rows("rows by took, first", &(struct book_rows_query){.n = 200, .order = BOOK_BY_TOOK});
	rows("rows with text",
		&(struct book_rows_query){.n = 200, .text = span_str("/API/77")});
	rows("rows with text and type", &(struct book_rows_query){.n = 200,
						.text = span_str("site1"),
						.types = 1u << BOOK_IMAGE,
						.order = BOOK_BY_HOST});
	rows("rows of a trail", &(struct book_rows_query){.n = 200, .session = 1, .trail = 2});
	rows("rows without hops", &(struct book_rows_query){.n = 200, .hide_hops = true});
	find("www.site7.test");
	find("no such thing at all");
	find("t13d1516h2");
	read_trail(1);
	read_trail(7);
	read_exchange(x.exchanges / 2);
	read_exchange(x.exchanges / 2 + 1);
	x = about();
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	printf("memory: lists %.1f MB, process %.1f MB; CPU %.2f s\n", (double)x.memory / 1e6,
		(double)u.ru_maxrss / 1e3,
		(double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6 +
			(double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6);
	book_close(book);
	return 0;
}
