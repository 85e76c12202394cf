/*
 * What the reader of a message may ask of the kernel from now on: memory, its pipe, and files
 * to read. No sockets, no other processes, nothing that writes or changes a file (seccomp), and
 * no rights of root. It dies with its parent. There is no way back. Called in the reader's
 * process alone.
 */
#ifndef UI_MAIL_MAIL_JAIL_H
#define UI_MAIL_MAIL_JAIL_H

#include <stdbool.h>
#include <sys/types.h>

bool mail_jail(pid_t parent);

#endif
