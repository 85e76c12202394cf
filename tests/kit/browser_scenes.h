/*
 * Each trick of the lab alone, and each way to end, with a real browser: the trail must be what
 * the lab served. All scenes with CLICKTRAIL_SOAK, else the telling ones. One test thread.
 */
#ifndef TESTS_KIT_BROWSER_SCENES_H
#define TESTS_KIT_BROWSER_SCENES_H

void browser_scenes(const char *browser); /* as --browser takes it */

#endif
