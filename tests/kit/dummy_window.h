/*
 * A web window that is none: a port of loopback at which nobody says anything, announced to
 * proxies as a window's is, and who arrived there counted. Every failure fails the running
 * cmocka test. One test thread.
 */
#ifndef TESTS_KIT_DUMMY_WINDOW_H
#define TESTS_KIT_DUMMY_WINDOW_H

struct dummy_window {
	unsigned port;
	int fds[2], name; /* 127.0.0.1 and, where there is IPv6, ::1; the announcement */
};

void dummy_window_start(struct dummy_window *d);
/* How many since the last look. */
unsigned dummy_window_arrived(struct dummy_window *d);
void dummy_window_end(struct dummy_window *d);

/* A socket that listens at an address of this machine, and does not block; -1: it cannot. */
int listen_at(const char *ip, unsigned port);
unsigned port_of(int fd);

#endif
