#include "ui/browser/sandbox.h"
#include "ui/browser/filter.h"
#include "ui/browser/parcel.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of memory, in the end: a page that fills its disk gets an error, not our machine. */
#define SANDBOX_HOME_BYTES "1073741824"
#define SANDBOX_TMP_BYTES "536870912"

struct line {
	struct arena *a;
	const char **v;
	size_t n;
};

static void add(struct line *l, const char *word)
{
	ARENA_PUSH(l->a, l->v, l->n, word);
}

static void add2(struct line *l, const char *a, const char *b)
{
	add(l, a);
	add(l, b);
}

static void add3(struct line *l, const char *a, const char *b, const char *c)
{
	add2(l, a, b);
	add(l, c);
}

/* /bin and its like: links into /usr on a merged system, folders of their own on an older one.
 */
static void add_root_dir(struct line *l, const char *path)
{
	struct stat st;
	char target[PATH_MAX];
	if (lstat(path, &st) != 0)
		return;
	ssize_t n = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof target) : -1;
	if (n > 0)
		add3(l, "--symlink", arena_str(l->a, span_of(target, (size_t)n)), path);
	else
		add3(l, "--ro-bind", path, path);
}

static void add_namespaces(struct line *l)
{
	add(l, "--unshare-user");
	add(l, "--unshare-ipc");
	add(l, "--unshare-pid");
	add(l, "--unshare-net"); /* bubblewrap brings up lo; there is nothing else */
	add(l, "--unshare-uts");
	add(l, "--unshare-cgroup-try");
	add2(l, "--uid", "1000"); /* SANDBOX_UID */
	add2(l, "--gid", "1000");
	add2(l, "--hostname", "desktop");
	add(l, "--die-with-parent");
	add(l, "--new-session"); /* no way to type into our terminal */
	add2(l, "--seccomp", arena_printf(l->a, "%d", LAUNCHER_FILTER));
}

/* All that can be seen. /root, /home, /var, /run, /tmp, /etc, /sys, /srv, /opt, /mnt of the
 * machine are not here. */
static void add_files(struct line *l, const struct sandbox *s)
{
	static const char *const root[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64"};
	static const char *const etc[] = {"/etc/fonts", "/etc/alternatives", "/etc/ld.so.cache",
		"/etc/X11", "/etc/firefox-esr"};
	add3(l, "--ro-bind", "/usr", "/usr");
	for (size_t i = 0; i < sizeof root / sizeof *root; i++)
		add_root_dir(l, root[i]);
	for (size_t i = 0; i < sizeof etc / sizeof *etc; i++)
		add3(l, "--ro-bind-try", etc[i], etc[i]);
	add2(l, "--proc", "/proc");
	add2(l, "--dev", "/dev");
	add2(l, "--size", SANDBOX_TMP_BYTES);
	add2(l, "--tmpfs", "/dev/shm");
	add2(l, "--size", SANDBOX_TMP_BYTES);
	add2(l, "--tmpfs", "/tmp");
	add2(l, "--size", SANDBOX_HOME_BYTES);
	add2(l, "--tmpfs", "/home");
	add2(l, "--dir", "/run");
	/* After the empty /tmp: the socket of the user's own display lies there. */
	if (s->x_socket != NULL)
		add3(l, "--ro-bind", s->x_socket, s->x_socket);
	if (s->wayland != NULL)
		add3(l, "--ro-bind", s->wayland, SANDBOX_WAYLAND);
	if (s->program_dir != NULL)
		add3(l, "--ro-bind", s->program_dir, s->program_dir);
	/* By descriptor: an unprivileged user need not be able to walk to where we are
	 * installed. */
	add2(l, "--perms", "0555");
	add3(l, "--ro-bind-data", arena_printf(l->a, "%d", LAUNCHER_EXE), SANDBOX_EXE);
	if (s->policies != NULL) {
		add2(l, "--perms", "0444");
		add3(l, "--ro-bind-data", arena_printf(l->a, "%d", LAUNCHER_POLICIES),
			s->policies);
	}
	add2(l, "--perms", "0444");
	add3(l, "--ro-bind-data", arena_printf(l->a, "%d", LAUNCHER_NAMES),
		"/etc/nsswitch.conf");
	add2(l, "--remount-ro", "/");
	add2(l, "--remount-ro", "/dev");
	add2(l, "--chdir", "/home");
}

bool sandbox_order(const struct sandbox *s, const char *const *inner,
	struct launcher_order *order, struct arena *a, struct err *err)
{
	struct line l = {.a = a};
	add(&l, s->bwrap);
	add_namespaces(&l);
	add_files(&l, s);
	add(&l, "--");
	for (; *inner != NULL; inner++)
		add(&l, *inner);
	add(&l, NULL);
	order->inside = false;
	order->argv = l.v;
	int *filter = &order->given[LAUNCHER_FILTER - LAUNCHER_FILTER];
	int *names = &order->given[LAUNCHER_NAMES - LAUNCHER_FILTER];
	*filter = filter_file(!s->no_netlink, err);
	/* Without this the C library asks a name server on loopback, which nobody is: Firefox
	 * looks for the machine's own name when it locks its profile. The answer is none either
	 * way, but a sandbox that asks nobody can be seen to. */
	*names = parcel_file(span_str("hosts: files\n"), err);
	return *filter >= 0 && *names >= 0;
}

bool sandbox_is_program(const char *path, bool runs)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (access(path, X_OK) == 0) == runs;
}

static const char *find_program(const char *name, bool runs, struct arena *a)
{
	/* Not PATH: what runs beside evidence does not depend on the caller's environment. */
	static const char *const dirs[] = {"/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin"};
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		char *path = arena_printf(a, "%s/%s", dirs[i], name);
		if (sandbox_is_program(path, runs))
			return path;
	}
	return NULL;
}

const char *sandbox_program(const char *name, struct arena *a)
{
	return find_program(name, true, a);
}

const char *sandbox_program_forbidden(const char *name, struct arena *a)
{
	return find_program(name, false, a);
}

/* The number that a file under /proc/sys holds; -1 if it cannot be read. */
static long setting(const char *path)
{
	long v = -1;
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld", &v) != 1)
		v = -1;
	fclose(f);
	return v;
}

const char *sandbox_hint(void)
{
	if (setting("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		return "sysctl kernel.unprivileged_userns_clone is 0; set it to 1, or give "
		       "--no-sandbox";
	if (setting("/proc/sys/user/max_user_namespaces") == 0)
		return "sysctl user.max_user_namespaces is 0; raise it, or give --no-sandbox";
	if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		return "AppArmor forbids them to ordinary programs "
		       "(kernel.apparmor_restrict_unprivileged_userns is 1); allow bwrap by a "
		       "profile, or give --no-sandbox";
	return "a container's filter may forbid them; run clicktrail on the machine itself, or "
	       "give "
	       "--no-sandbox";
}
