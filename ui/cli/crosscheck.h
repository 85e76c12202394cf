/*
 * What `clicktrail crosscheck` does, in steps: which packet files there are, reading them into
 * the companion, and saying what came of it. What is compared with what is not its business
 * (ui/report/compared.h). Main thread; two files are
 * read at once, the second by a thread of its own.
 */
#ifndef UI_CLI_CROSSCHECK_H
#define UI_CLI_CROSSCHECK_H

#include "capture/witness.h"
#include "ui/report/compared.h"

#include <limits.h>

enum {
	CROSSCHECK_FILES_MAX = 1000,
	CROSSCHECK_PROXIES_MAX = 1000,
	/* Bytes of one key log: a browser's own lines (KEY_FILE_BROWSER_MAX), each with a line
	 * that says so, and the proxy's. */
	CROSSCHECK_KEYS_MAX = 256 * 1024 * 1024,
	CROSSCHECK_LINES = 100, /* verdicts that are shown one by one */
	CROSSCHECK_VALUE = 160, /* bytes of a value that are shown */
};

struct crosscheck_file {
	const char *path, *name;
	const char *keys; /* NULL: none */
	int64_t session;
	enum capture_side side;
	struct span sha256; /* as its recorder left it; absent: not said */
	const char *taken;  /* why a given file is of that session; NULL: none was given */
	bool keys_cut;      /* of its key log only CROSSCHECK_KEYS_MAX were read */
	bool missing;       /* the case speaks of it, and it is not there */
	struct witness_counts counts; /* once it was read */
};

struct crosscheck {
	const char *path; /* of the case */
	char companion[PATH_MAX];
	struct arena arena;
	struct crosscheck_file *files; /* by session */
	size_t n_files, n_missing;
	struct crosscheck_file *known; /* of the case, where others were given */
	size_t n_known;
	const char **proxies; /* "ip:port" of --via, as origin legs have them */
	size_t n_proxies;
	int64_t newest_session; /* 0: there is none */
	int64_t only_session;   /* that was asked for, or that files were given for; 0: all */
	bool captures;          /* the case has facts of recorders at all */
	bool live;              /* another process is writing it */
	bool unread;            /* something was passed through unread */
	struct compared_destroyed *destroyed; /* as the companion says */
	size_t n_destroyed;
	int64_t run, next_file, next_flow;
};

/* Opens nothing for longer than it takes. What is in the case and its companion: files (of one
 * session, or of all if that is 0), proxies, numbers. Errors: those of reading, USAGE (it is a
 * companion), LIMIT. */
bool crosscheck_find(
	struct crosscheck *c, const char *case_path, int64_t session, struct err *err);
/* A file that the case does not speak of. path, keys: borrowed; keys may be NULL. why: it is of
 * that session, in words. */
bool crosscheck_add(struct crosscheck *c, const char *path, const char *keys,
	enum capture_side side, int64_t session, const char *why, struct err *err);
/* From here on files are given: those that the case speaks of are only what a given one may be
 * recognised by. */
void crosscheck_given(struct crosscheck *c);
/* By its SHA-256, or its name; else the newest. why: which of them, in words. */
int64_t crosscheck_session_of(struct crosscheck *c, const char *path, const char **why);
void crosscheck_fini(struct crosscheck *c);

/* Reads all that is not missing into the companion, and puts the custody act last. False: what
 * was put stays there, but no act says that it is whole. */
bool crosscheck_read(struct crosscheck *c, const char *seal_dir, struct err *err);

/* What came of comparing. */
struct crosscheck_said {
	const struct crosscheck *c;
	struct compared_counts counts;
	uint64_t sides[3][VERDICT_COUNT]; /* by enum capture_side; the last: of no side */
	struct compared_keep keep;
	struct verdict *kept; /* up to CROSSCHECK_KEPT that are not agree */
	size_t n_kept;
	size_t n_keyless;
	size_t keyless[CAPTURE_SIDE_COUNT]; /* connections whose keys were destroyed */
	struct arena arena;
};
enum { CROSSCHECK_KEPT = 1000 };

/* Compares by what the companion holds now, and stores the verdicts there, too. said->c is set.
 * To be freed by crosscheck_said_fini in either case. */
bool crosscheck_compare(struct crosscheck_said *said, struct err *err);
void crosscheck_said_fini(struct crosscheck_said *said);
void crosscheck_text(const struct crosscheck_said *said, struct buf *out);
void crosscheck_json(const struct crosscheck_said *said, struct buf *out);
/* 0, 2 or 4: the exit code. */
int crosscheck_code(const struct compared_counts *counts);

#endif
