/*
 * What the reader of a message may ask of the kernel from now on: memory, its pipe, and files
 * to read. No sockets, no other processes, nothing that writes or changes a file (seccomp).
 * There is no way back. Called in the reader's process alone.
 */
#ifndef UI_MAIL_MAIL_JAIL_H
#define UI_MAIL_MAIL_JAIL_H

#include <stdbool.h>

bool mail_jail(void);

#endif
