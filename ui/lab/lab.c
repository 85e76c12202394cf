#include "ui/lab/lab.h"
#include "ui/lab/lab_server.h"
#include "ui/lab/lab_visit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LAB_HOSTS_MAX = 64, LAB_CLIENTS_MAX = 32, LAB_JA4_MAX = 64 };

struct lab {
	struct arena arena;
	char *dir, *cacert;
	struct ca *ca;
	struct lab_server *server;
	const char *hosts[LAB_HOSTS_MAX];
	size_t n_hosts;
	const char **rules;
	pthread_rwlock_t lock; /* over visit: read by connections, written by lab_visit */
	struct lab_visit *visit;
	/* Of this visit; under the same lock, written by connections too. */
	char clients[LAB_CLIENTS_MAX][LAB_JA4_MAX];
	size_t n_clients;
};

static void answer(void *ctx, const struct lab_request *request, struct lab_reply *reply)
{
	struct lab *lab = ctx;
	pthread_rwlock_rdlock(&lab->lock);
	lab_visit_answer(lab->visit, request, reply);
	pthread_rwlock_unlock(&lab->lock);
}

/* Those beyond the limit are left out: no test has so many browsers. */
static void hello(void *ctx, struct span ja4)
{
	struct lab *lab = ctx;
	bool known = ja4.n == 0 || ja4.n >= LAB_JA4_MAX;
	pthread_rwlock_wrlock(&lab->lock);
	for (size_t i = 0; i < lab->n_clients && !known; i++)
		known = span_is(ja4, lab->clients[i]);
	if (!known && lab->n_clients < LAB_CLIENTS_MAX)
		memcpy(lab->clients[lab->n_clients++], ja4.p, ja4.n);
	pthread_rwlock_unlock(&lab->lock);
}

static const struct lab_scene *scene_at(size_t i)
{
	const struct lab_scene_list *const lists[] = {&lab_trick_scenes, &lab_http_scenes,
		&lab_page_scenes, &lab_script_scenes, &lab_local_scenes, &lab_mixed_scenes};
	if (i-- == 0)
		return &lab_click_scene;
	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
		if (i < lists[k]->n)
			return &lists[k]->scenes[i];
		i -= lists[k]->n;
	}
	return NULL;
}

static const char *host_of(const struct lab_step *step)
{
	return strstr(step->origin, "://") + 3;
}

/* The server of a WRONG_LEAF step has a certificate for a name beside its own. */
static const char *leaf_name(void *ctx, struct span host)
{
	(void)ctx;
	const struct lab_scene *scene;
	for (size_t i = 0; (scene = scene_at(i)) != NULL; i++)
		for (size_t k = 0; k < scene->n; k++)
			if ((scene->steps[k].traits & WRONG_LEAF) &&
				span_is(host, host_of(&scene->steps[k])))
				return "another-name.tricks.test";
	return NULL;
}

static void add_host(struct lab *lab, const char *host)
{
	for (size_t i = 0; i < lab->n_hosts; i++)
		if (strcmp(lab->hosts[i], host) == 0)
			return;
	if (lab->n_hosts == LAB_HOSTS_MAX)
		abort(); /* a table of ours has outgrown the limit */
	lab->hosts[lab->n_hosts++] = host;
}

static void make_rules(struct lab *lab)
{
	size_t n = 0;
	const struct lab_scene *scene;
	for (size_t i = 0; (scene = scene_at(i)) != NULL; i++)
		for (size_t k = 0; k < scene->n; k++)
			if (span_starts(span_str(scene->steps[k].origin), "http"))
				add_host(lab, host_of(&scene->steps[k]));
	for (size_t i = 0; lab_asset_hosts[i] != NULL; i++)
		add_host(lab, lab_asset_hosts[i]);
	lab->rules = arena_alloc(&lab->arena, (2 * lab->n_hosts + 1) * sizeof *lab->rules);
	for (size_t i = 0; i < lab->n_hosts; i++) {
		lab->rules[n++] = arena_printf(
			&lab->arena, "%s:443:127.0.0.1:%u", lab->hosts[i], lab_port(lab, true));
		lab->rules[n++] = arena_printf(
			&lab->arena, "%s:80:127.0.0.1:%u", lab->hosts[i], lab_port(lab, false));
	}
}

/* A folder of our own (mkdtemp makes it 0700) with the root in it. */
static bool make_folder(struct lab *lab, const char *parent, struct err *err)
{
	if (parent == NULL || parent[0] == 0)
		parent = getenv("TMPDIR");
	if (parent == NULL || parent[0] == 0)
		parent = "/tmp";
	char *dir = arena_printf(&lab->arena, "%s/clicktrail-lab-XXXXXX", parent);
	if (mkdtemp(dir) == NULL)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", dir);
	lab->dir = dir;
	lab->cacert = arena_printf(&lab->arena, "%s/root.pem", dir);

	struct buf pem = {0};
	ca_pem(lab->ca, &pem);
	int fd = open(lab->cacert, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool fine = fd >= 0 &&
		    write(fd, pem.p + pem.start, buf_len(&pem)) == (ssize_t)buf_len(&pem);
	fine = (fd < 0 || close(fd) == 0) && fine;
	buf_fini(&pem);
	return fine || err_set_os(err, ERR_SYSTEM, errno, "%s", lab->cacert);
}

struct lab *lab_start(const struct lab_options *options, struct err *err)
{
	struct lab *lab = calloc(1, sizeof *lab);
	if (lab == NULL)
		abort();
	pthread_rwlock_init(&lab->lock, NULL);
	lab->visit = lab_visit_new(&lab_click_scene);
	lab->ca = ca_new_ephemeral("clicktrail lab (throw-away)", err);
	if (lab->ca != NULL && make_folder(lab, options->temp_dir, err)) {
		struct lab_server_options server = {.ca = lab->ca,
			.answer = answer,
			.leaf_name = leaf_name,
			.hello = hello,
			.ctx = lab};
		lab->server = lab_server_start(&server, err);
	}
	if (lab->server == NULL) {
		lab_stop(lab);
		return NULL;
	}
	make_rules(lab);
	return lab;
}

void lab_stop(struct lab *lab)
{
	if (lab == NULL)
		return;
	lab_server_stop(lab->server);
	if (lab->cacert != NULL)
		unlink(lab->cacert);
	if (lab->dir != NULL)
		rmdir(lab->dir);
	ca_free(lab->ca);
	lab_visit_free(lab->visit);
	pthread_rwlock_destroy(&lab->lock);
	arena_fini(&lab->arena);
	free(lab);
}

const char *lab_cacert(const struct lab *lab)
{
	return lab->cacert;
}

const char *const *lab_connect_to(const struct lab *lab)
{
	return lab->rules;
}

unsigned lab_port(const struct lab *lab, bool tls)
{
	return lab_server_port(lab->server, tls);
}

const char *lab_visit(struct lab *lab, const char *name, struct err *err)
{
	const struct lab_scene *scene;
	size_t i = 0;
	while ((scene = scene_at(i)) != NULL && strcmp(scene->name, name) != 0)
		i++;
	if (scene == NULL) {
		err_set(err, ERR_USAGE, "the lab has no scene '%s'", name);
		return NULL;
	}
	struct lab_visit *visit = lab_visit_new(scene);
	pthread_rwlock_wrlock(&lab->lock);
	struct lab_visit *old = lab->visit;
	lab->visit = visit;
	memset(lab->clients, 0, sizeof lab->clients);
	lab->n_clients = 0;
	pthread_rwlock_unlock(&lab->lock);
	lab_visit_free(old);
	return lab_link(lab);
}

const char *lab_link(const struct lab *lab)
{
	return lab_visit_link(lab->visit);
}

const struct lab_scene_about *lab_scenes(struct arena *a, size_t *n)
{
	struct lab_scene_about *all = NULL;
	const struct lab_scene *scene;
	for (*n = 0; (scene = scene_at(*n)) != NULL;)
		ARENA_PUSH(a, all, *n, (struct lab_scene_about){scene->name, scene->about});
	return all;
}

const char *const *lab_clients(struct lab *lab, struct arena *a, size_t *n)
{
	const char **all = NULL;
	*n = 0;
	pthread_rwlock_rdlock(&lab->lock);
	for (size_t i = 0; i < lab->n_clients; i++) {
		const char *one = arena_str(a, span_str(lab->clients[i]));
		ARENA_PUSH(a, all, *n, one);
	}
	pthread_rwlock_unlock(&lab->lock);
	return all;
}

void lab_expected(struct lab *lab, struct arena *a, struct lab_served *out)
{
	lab_visit_served(lab->visit, a, out);
}
