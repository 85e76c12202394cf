/*
 * The web window in a real browser: cases of several kinds, the built program's `ui` over them,
 * and tests/window/drive.js, which runs every tests/window/steps_*.js in order of name (of
 * those whose name holds $WINDOW_STEPS, where that is set). Fails the running cmocka test with
 * the driver's words. One test thread.
 *
 * What the steps get as ctx.facts:
 *   program  this build's clicktrail
 *   folder   where the window makes cases and reports; empty at first
 *   cases    number of each case on the shelf: demo (the lab's click, by the built-in client),
 *            rows (WINDOW_DRIVE_ROWS exchanges of every type), nasty (nasty_hops), broken (no
 *            case at all), live (one session like demo's: a step may record another)
 *   paths    the same as paths of files
 */
#ifndef TESTS_KIT_WINDOW_DRIVE_H
#define TESTS_KIT_WINDOW_DRIVE_H

enum { WINDOW_DRIVE_ROWS = 340 };

/* browser: "firefox" or "chromium". Ends everything that it started. */
void window_drive(const char *browser);
/* The same with tests/window/nasty.js: a case of hostile strings, page by page. */
void window_drive_nasty(const char *browser);

#endif
