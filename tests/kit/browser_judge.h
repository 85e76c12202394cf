/*
 * The browser as the judge: each scene of the lab in an instrumented browser (trace
 * --instrument), whose own account of its documents (tests/lab/judge.py) is held against the
 * trail (tests/lab/compare.py). One test thread.
 */
#ifndef TESTS_KIT_BROWSER_JUDGE_H
#define TESTS_KIT_BROWSER_JUDGE_H

void browser_judge(const char *browser); /* as --browser takes it */
/* Nobody says that he watches: the link is not sent, and the socket is gone. */
void browser_unwatched(const char *browser);

#endif
