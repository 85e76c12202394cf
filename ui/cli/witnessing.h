/*
 * The second witness of a recording, from its start to its end: starts clicktrail-capture for
 * either side, tells it the proxy's connections, keeps the key log, and puts facts of how the
 * recorders began and ended. A recorder that dies stops nothing: the case says from when on
 * there was no witness. A thread of its own watches the recorders; calls from the main thread.
 */
#ifndef UI_CLI_WITNESSING_H
#define UI_CLI_WITNESSING_H

#include "proxy/tap.h"
#include "store/fact/capture.h"
#include "store/writer.h"

struct witnessing;

struct witnessing_order {
	struct writer *writer; /* borrowed */
	const char *case_path;
	int64_t session;
	/* Where the browser is: its network namespace, and all in it is recorded; -1: our own,
	 * and connections to listen_fd are. Borrowed. */
	int network_fd, listen_fd;
	bool origin;      /* record that side too */
	bool secrets;     /* keep a key log of the proxy's own */
	int browser_keys; /* read end of a pipe with the browser's own key log; -1: none.
			     Taken */
};

/* Before the first connection. Nobody can record: CAPTURE, with what to do. One side alone that
 * cannot is a fact and a line of the log, and the other goes on. */
struct witnessing *witnessing_start(const struct witnessing_order *order, struct err *err);
/* For proxy_options; lives as long as w. */
const struct tap *witnessing_tap(struct witnessing *w);
/* Did the recorder of that side begin? */
bool witnessing_records(const struct witnessing *w, enum capture_side side);
/* What is recorded, for people, and after witnessing_finish, what was: "packets of both sides
 * (x.1.browser.pcapng, x.1.origin.pcapng)", and from when on there was no witness. */
const char *witnessing_says(const struct witnessing *w);
/* Asks the recorders to write out what they have; does not wait. The browser's side grows at
 * case_beside_packets. */
void witnessing_flush(struct witnessing *w);
/* After the last connection: waits until the recorders have finished their files and puts the
 * facts; the files are whole then. witnessing_stop does it, if it was not done. */
bool witnessing_finish(struct witnessing *w, struct err *err);
/* After the last connection: waits until the recorders have finished their files, puts the
 * facts, frees. False: something could not be put. NULL is fine. */
bool witnessing_stop(struct witnessing *w, struct err *err);

#endif
