/*
 * --referer with a real browser: what the origin, the page and the record see of it. One test
 * thread.
 */
#ifndef TESTS_KIT_BROWSER_REFERER_H
#define TESTS_KIT_BROWSER_REFERER_H

void browser_referer(const char *browser); /* as --browser takes it */

#endif
