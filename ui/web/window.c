#include "ui/web/server.h"
#include "ui/web/window_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool add_path(struct window *w, const char *path, struct err *err)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return shelf_add_folder(w->shelf, path, err);
	return shelf_add(w->shelf, path, err) != NULL;
}

static bool make_gate(struct window *w, int listen_fd, struct err *err)
{
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof at;
	char ip[INET6_ADDRSTRLEN] = "";
	if (getsockname(listen_fd, (struct sockaddr *)&at, &len) != 0)
		return err_set_os(err, ERR_SYSTEM, errno, "the window's socket");
	bool v6 = at.ss_family == AF_INET6;
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&at;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&at;
	inet_ntop(at.ss_family,
		v6 ? (const void *)&in6->sin6_addr : (const void *)&in->sin_addr, ip,
		sizeof ip);
	return gate_init(&w->gate, ip, v6, ntohs(v6 ? in6->sin6_port : in->sin_port), err);
}

struct window *window_start(const struct window_options *o, struct err *err)
{
	struct window *w = calloc(1, sizeof *w);
	if (w == NULL)
		abort();
	const char *folder = o->folder != NULL ? o->folder : ".";
	if (realpath(folder, w->folder) == NULL) {
		err_set_os(err, ERR_USAGE, errno, "%s", folder);
		close(o->listen_fd);
		free(w);
		return NULL;
	}
	gate_tries_init(&w->tries);
	snprintf(w->program, sizeof w->program, "%s", o->program);
	w->phone = o->phone != NULL ? strdup(o->phone) : NULL;
	w->shelf = shelf_new();
	w->outputs = outputs_new();
	w->jobs = jobs_new(w->program, w->folder);
	w->uploads = uploads_new();
	w->phone_here = phone_here_new();
	bool ok = make_gate(w, o->listen_fd, err);
	for (size_t i = 0; i < o->n_paths && ok; i++)
		ok = add_path(w, o->paths[i], err);
	if (ok)
		w->server = server_start(w, o->listen_fd, err);
	else
		close(o->listen_fd);
	if (w->server != NULL)
		return w;
	window_stop(w);
	return NULL;
}

void window_url(const struct window *w, char out[WINDOW_URL_MAX])
{
	snprintf(out, WINDOW_URL_MAX, "%s/#%s", w->gate.origin, w->gate.token);
}

void window_stop(struct window *w)
{
	if (w == NULL)
		return;
	if (w->jobs != NULL)
		jobs_end(w->jobs);
	server_stop(w->server);
	jobs_free(w->jobs);
	uploads_free(w->uploads);
	shelf_free(w->shelf);
	outputs_free(w->outputs);
	phone_here_free(w->phone_here);
	if (w->phone != NULL)
		explicit_bzero(w->phone, strlen(w->phone));
	free(w->phone);
	gate_tries_fini(&w->tries);
	explicit_bzero(&w->gate, sizeof w->gate);
	free(w);
}
