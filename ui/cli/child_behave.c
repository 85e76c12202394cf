#include "ui/cli/child_behave.h"

#include <signal.h>

int child_behave(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	int failed = posix_spawnattr_setsigmask(attributes, &none);
	if (failed == 0)
		failed = posix_spawnattr_setsigdefault(attributes, &all);
	if (failed == 0)
		failed = posix_spawnattr_setflags(attributes,
			POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	return failed;
}
