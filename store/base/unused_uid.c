#include "store/base/unused_uid.h"

#include <ctype.h>
#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum {
	/* Of the range that neither Debian (60000-64999 is "created on demand") nor systemd
	 * (60001-60577 homes and users, 61184-65519 dynamic users) gives out. */
	UID_FIRST = 60578,
	UID_LAST = 61183
};

/* True if a process runs as uid: two jails side by side shall not share one, for then either
 * could signal the other's launcher and they would share the limit on processes. They could not
 * see each other even so: each has its own pid namespace. Two that start in the same instant
 * may still pick the same one; that costs only this separation. */
static bool uid_runs(uid_t uid)
{
	DIR *proc = opendir("/proc");
	if (proc == NULL)
		return false;
	bool runs = false;
	for (struct dirent *e; !runs && (e = readdir(proc)) != NULL;) {
		char path[300], line[256];
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%s/status", e->d_name);
		FILE *f = fopen(path, "re");
		if (f == NULL)
			continue;
		unsigned real;
		while (!runs && fgets(line, sizeof line, f) != NULL)
			runs = sscanf(line, "Uid: %u", &real) == 1 && real == uid;
		fclose(f);
	}
	closedir(proc);
	return runs;
}

uid_t unused_uid(void)
{
	enum { COUNT = UID_LAST - UID_FIRST + 1 };
	/* Starting at our pid spreads parallel jails over the range. */
	unsigned start = (unsigned)getpid() % COUNT;
	for (unsigned i = 0; i < COUNT; i++) {
		uid_t uid = UID_FIRST + (start + i) % COUNT;
		if (getpwuid(uid) == NULL && getgrgid(uid) == NULL && !uid_runs(uid))
			return uid;
	}
	return 0;
}
