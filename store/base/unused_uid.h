/*
 * A user for a process that is to be nobody: one that no account is known by and no process
 * runs as. It becomes nobody itself: that is for who asks (ui/browser/launcher.h,
 * capture/recorder_drop.c). Reads /proc and the lists of users and groups. Any thread.
 */
#ifndef STORE_BASE_UNUSED_UID_H
#define STORE_BASE_UNUSED_UID_H

#include <sys/types.h>

/* 0: there is none. */
uid_t unused_uid(void);

#endif
