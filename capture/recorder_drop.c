#include "capture/recorder_drop.h"
#include "store/base/unused_uid.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/recorder_filter.h"
#include "capture/recorder_table.h"

enum {
	NOBODY = 65534,                 /* if no user of the unused range is free */
	MEMORY_MAX = 512 * 1024 * 1024, /* bytes of address space: the ring, at most, and
					    libraries */
	DESCRIPTORS_SPARE = 64,
	CAPS = 2, /* words of 32 */
};

size_t recorder_drop_descriptors(void)
{
	const rlim_t wanted = RECORDER_HELD_MAX + DESCRIPTORS_SPARE;
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 1;
	if (files.rlim_cur < wanted) {
		files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > DESCRIPTORS_SPARE
		       ? (size_t)(files.rlim_cur - DESCRIPTORS_SPARE)
		       : 1;
}

void recorder_drop_file_size(uint64_t bytes)
{
	struct rlimit size;
	if (getrlimit(RLIMIT_FSIZE, &size) != 0)
		return;
	if (size.rlim_cur > bytes)
		size.rlim_cur = bytes;
	if (size.rlim_max > bytes)
		size.rlim_max = bytes;
	setrlimit(RLIMIT_FSIZE, &size);
}

bool recorder_drop_prepare(int last, struct err *err)
{
	/* Of a terminal or a service manager, to the whole group: the parent ends us in order.
	 * The other two: a write that fails says so by itself. */
	static const int not_ours[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
	for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
		signal(not_ours[i], SIG_IGN);
	int null;
	do
		null = open("/dev/null", O_RDWR);
	while (null >= 0 && null <= STDERR_FILENO);
	if (null < 0)
		return err_set_os(err, ERR_CAPTURE, errno, "/dev/null");
	close(null);
	if (close_range((unsigned)last + 1, ~0U, 0) != 0)
		return err_set_os(err, ERR_CAPTURE, errno, "closing descriptors");
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	return true;
}

static bool get_caps(struct __user_cap_data_struct caps[CAPS])
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	return syscall(SYS_capget, &head, caps) == 0;
}

static bool set_caps(const struct __user_cap_data_struct caps[CAPS])
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	return syscall(SYS_capset, &head, caps) == 0;
}

bool recorder_drop_raise(struct err *err)
{
	struct __user_cap_data_struct caps[CAPS];
	if (!get_caps(caps))
		return err_set_os(err, ERR_CAPTURE, errno, "our capabilities");
	for (int i = 0; i < CAPS; i++)
		caps[i].effective = caps[i].permitted;
	return set_caps(caps) || err_set_os(err, ERR_CAPTURE, errno, "raising capabilities");
}

bool recorder_drop_root(struct err *err)
{
	if (geteuid() != 0 && getuid() != 0)
		return true;
	uid_t uid = unused_uid();
	if (uid == 0)
		uid = NOBODY;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return err_set_os(err, ERR_CAPTURE, errno, "keeping capabilities");
	/* EPERM: a user namespace that lets nobody change them. */
	if (setgroups(0, NULL) != 0 && errno != EPERM)
		return err_set_os(err, ERR_CAPTURE, errno, "leaving root's groups");
	if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0) {
		/* EINVAL: a user namespace that knows no such user. */
		return errno == EINVAL ||
		       err_set_os(err, ERR_CAPTURE, errno, "becoming an ordinary user");
	}
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	return recorder_drop_raise(err);
}

static bool join(int network, int user, struct err *err)
{
	/* EINVAL: it is our own already. That is no way round: to enter a network takes
	 * CAP_SYS_ADMIN there. */
	if (setns(user, CLONE_NEWUSER) != 0 && errno != EINVAL)
		return err_set_os(
			err, ERR_CAPTURE, errno, "entering the user namespace of a network");
	return setns(network, CLONE_NEWNET) == 0 ||
	       err_set_os(err, ERR_CAPTURE, errno, "entering a network namespace");
}

bool recorder_drop_join(int network, struct err *err)
{
	if (ioctl(network, NS_GET_NSTYPE) != CLONE_NEWNET)
		return err_set(
			err, ERR_CAPTURE, "descriptor %d is no network namespace", network);
	int user = ioctl(network, NS_GET_USERNS);
	if (user < 0)
		return err_set_os(err, ERR_CAPTURE, errno, "whose the network namespace is");
	bool ok = join(network, user, err);
	close(user);
	close(network);
	return ok;
}

static bool nothing_left(void)
{
	struct __user_cap_data_struct caps[CAPS];
	if (!get_caps(caps))
		return false;
	for (int i = 0; i < CAPS; i++)
		if (caps[i].effective != 0 || caps[i].permitted != 0 ||
			caps[i].inheritable != 0)
			return false;
	return true;
}

static void limits(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_NPROC, &(struct rlimit){0, 0});
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* Sanitizers take terabytes of address space, and speak on the standard error. */
	setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_MAX, MEMORY_MAX});
	close_range(STDIN_FILENO, STDERR_FILENO, 0);
#endif
}

bool recorder_drop_all(int packets, struct err *err)
{
	static const struct __user_cap_data_struct none[CAPS];
	/* Of no use without a program to execute, but gone is gone; EPERM: without CAP_SETPCAP
	 * nothing can be taken, nor EINVAL: beyond the last one. */
	for (int cap = 0; cap < 64; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!set_caps(none) || !nothing_left())
		return err_set_os(err, ERR_CAPTURE, errno, "giving up capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_set_os(err, ERR_CAPTURE, errno, "giving up new privileges");
	limits();
	return recorder_filter(packets, err);
}
