#include "ui/browser/browser.h"

/*
 * Measured with Firefox ESR 153 behind a logging proxy, 120 seconds, in the jail: with our
 * preferences, policies and MOZ_REMOTE_SETTINGS_DEVTOOLS nothing but the pages asked for was
 * requested. Without that variable it is the first of these, once; without the policies some of
 * the others. They stay listed for other versions of Firefox, where a switch may have gone.
 */
const char *const browser_noise_hosts[] = {
	"firefox.settings.services.mozilla.com",
	"firefox-settings-attachments.cdn.mozilla.net",
	"firefox-settings.mozilla-backup.org",
	"content-signature-2.cdn.mozilla.net",
	"push.services.mozilla.com",
	"normandy.cdn.mozilla.net",
	"location.services.mozilla.com",
	"detectportal.firefox.com",
	"aus5.mozilla.org",
	"services.addons.mozilla.org",
	"versioncheck.addons.mozilla.org",
	"versioncheck-bg.addons.mozilla.org",
	"incoming.telemetry.mozilla.org",
	"contile.services.mozilla.com",
	"ads.mozilla.org",
	"merino.services.mozilla.com",
	"safebrowsing.googleapis.com",
	"shavar.services.mozilla.com",
	"update.googleapis.com",
	NULL,
};
