/*
 * Chromium, as far as we have to know it: where it is, what goes into its profile and onto its
 * command line so that evidence is not distorted and the browser stays quiet. Pure but for
 * looking at the installed files. Its version is not in any file: the program must be asked.
 */
#ifndef UI_BROWSER_CHROMIUM_H
#define UI_BROWSER_CHROMIUM_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "ui/browser/setup.h"

/* Fills name and path. program_dir (may be NULL) is set to the folder when that is outside
 * /usr. */
bool chromium_find(struct browser_about *about, const char **program_dir, struct arena *a,
	struct err *err);
/* What it answers to --product-version, "156.0.8078.79", into about->version. */
bool chromium_version(const char *line, struct browser_about *about, struct err *err);

/* Below the home: the certificate database that it reads. */
#define CHROMIUM_TRUST ".pki/nssdb"
/* Where it reads policies, inside. */
#define CHROMIUM_POLICIES "/etc/chromium/policies/managed/clicktrail.json"
/* One more argument, where the machine allows no namespaces for its own sandbox. */
#define CHROMIUM_WALLED "--no-sandbox"

/* Text of Default/Preferences, of Local State and of the policy file. */
void chromium_preferences(const struct browser_setup *s, struct buf *out);
const char *chromium_local_state(void);
const char *chromium_policies(const struct browser_launch *launch);

/* The extension that makes the client hints agree with --device: file names below the home and
 * their text. False: none is needed. */
#define CHROMIUM_DEVICE "device"
#define CHROMIUM_DEVICE_MANIFEST CHROMIUM_DEVICE "/manifest.json"
#define CHROMIUM_DEVICE_RULES CHROMIUM_DEVICE "/rules.json"
#define CHROMIUM_DEVICE_SCRIPT CHROMIUM_DEVICE "/hints.js"
bool chromium_needs_device(const struct browser_setup *s);
const char *chromium_device_manifest(void);
void chromium_device_rules(const struct browser_setup *s, struct buf *out);
void chromium_device_script(const struct browser_setup *s, struct buf *out);

/* Command line without URLs; environment; both NULL at the end. */
const char *const *chromium_argv(const struct browser_setup *s, struct arena *a);
const char *const *chromium_env(const struct browser_setup *s, struct arena *a);

/* The fixed part of the command line, NULL at the end (chromium_flags.c), and the features that
 * are switched off. */
extern const char *const chromium_fixed_flags[];
extern const char *const chromium_features_off[];
/* The one of them that a site sees in the handshake: left on for own_tls. */
#define CHROMIUM_ECH_FEATURE "EncryptedClientHello"

#endif
