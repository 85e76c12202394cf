/*
 * The window as its pages see it: what it shows and what it may start. Inside of ui/web. Set up
 * before the first request, and then only read; what it points to guards itself.
 */
#ifndef UI_WEB_WINDOW_STATE_H
#define UI_WEB_WINDOW_STATE_H

#include "ui/web/gate.h"
#include "ui/web/job.h"
#include "ui/web/outputs.h"
#include "ui/web/phone_here.h"
#include "ui/web/shelf.h"
#include "ui/web/upload.h"
#include "ui/web/window.h"

struct server;
struct web_route;

struct window {
	struct gate gate;
	struct gate_tries tries;
	struct shelf *shelf;
	struct jobs *jobs;
	struct outputs *outputs; /* reports */
	struct uploads *uploads;
	struct phone_here *phone_here; /* a proxy for others that was started from here */
	struct server *server;
	char folder[PATH_MAX]; /* absolute */
	char program[PATH_MAX];
	char *phone;                  /* JSON, or NULL; owned */
	const struct web_route *more; /* routes besides those of route.c; NULL but in tests */
};

#endif
