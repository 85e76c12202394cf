/*
 * Firefox, as far as we have to know it: where it is, what goes into its profile so that
 * evidence is not distorted and the browser stays quiet, its command line and environment. Pure
 * but for looking at the installed files.
 */
#ifndef UI_BROWSER_FIREFOX_H
#define UI_BROWSER_FIREFOX_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "ui/browser/setup.h"

/* Fills name, version, path. program_dir (may be NULL) is set to the folder when that is
 * outside /usr. */
bool firefox_find(struct browser_about *about, const char **program_dir, struct arena *a,
	struct err *err);

/* Text of user.js, of xulstore.json (window size) and of policies.json. */
void firefox_prefs(const struct browser_setup *s, struct buf *out);
void firefox_window(const struct browser_setup *s, struct buf *out);
const char *firefox_policies(const struct browser_launch *launch);
/* The one of the fixed preferences that a site sees in the handshake: left out for own_tls. */
#define FIREFOX_GREASE_PREF "security.tls.ech.grease_probability"
const char *firefox_chrome_css(
	const struct browser_setup *s); /* userChrome.css; NULL: none is needed */

/* Command line without URLs; environment; both NULL at the end. */
const char *const *firefox_argv(const struct browser_setup *s, struct arena *a);
const char *const *firefox_env(const struct browser_setup *s, struct arena *a);

/* The fixed part of user.js: name and value as a JavaScript literal (firefox_prefs.c). */
struct firefox_pref {
	const char *name, *value;
};
extern const struct firefox_pref firefox_fixed_prefs[];
extern const size_t firefox_fixed_prefs_n;

#endif
