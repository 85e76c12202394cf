/*
 * The disk in the hands of the test: a program that uses this file stands in for fdatasync and
 * fsync, so that a commit can be held up, or fail, while a browser waits. With --durability
 * power every commit waits for the disk. Any thread; one test at a time.
 */
#ifndef TESTS_KIT_HOLD_DISK_H
#define TESTS_KIT_HOLD_DISK_H

#include <stdbool.h>

void hold_disk(bool held, bool broken);
/* Waits until the writer stands before the disk; fails the running cmocka test if it never
 * does. */
void hold_disk_await(void);
/* A cmocka setup: a test that failed may have left it held. */
int hold_disk_free(void **state);

#endif
