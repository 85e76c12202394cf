#include "ui/browser/chromium.h"

/* What a page could notice is left at its default. Some of these Chromium calls unsupported,
 * in a bar above the page; a policy of ours forbids the bar. */
const char *const chromium_fixed_flags[] = {
	/* The proxy is the only way, for every name and address (its port is added), and no
	   name is looked up here. */
	"--proxy-bypass-list=<-loopback>",
	"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
	"--disable-quic",
	"--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
	/* Links are followed as they are written. */
	"--allow-running-insecure-content",
	"--disable-popup-blocking",
	"--disable-auto-reload", /* of pages that failed: each would ask again */
	/* Nothing is asked for that no page asked for. The accounts of a Google user and the
	   components are looked for all the same, so they get addresses to which nothing is
	   ever sent: port 1 is one that Chromium refuses, "data:" is no server. */
	"--gaia-url=https://127.0.0.1:1",
	"--component-updater=url-source=data:,",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-component-extensions-with-background-pages",
	"--disable-client-side-phishing-detection",
	"--disable-default-apps",
	"--disable-domain-reliability",
	"--disable-field-trial-config",
	"--disable-sync",
	"--disable-breakpad",
	/* No pages of its own, no questions. */
	"--no-first-run",
	"--no-default-browser-check",
	"--disable-search-engine-choice-screen",
	"--noerrdialogs",
	"--password-store=basic",
	/* WebGL by Mesa in memory, as Firefox has it: a browser without any is a rare thing.
	   The rest is drawn without it, which is quicker. */
	"--ignore-gpu-blocklist",
	"--disable-gpu-compositing",
	"--disable-gpu-rasterization",
	NULL,
};

const char *const chromium_features_off[] = {
	/* Links are followed as they are written: no upgrade, no blocking, no mending. */
	"HttpsUpgrades",
	"HttpsFirstBalancedMode",
	"HttpsFirstBalancedModeAutoEnable",
	"HttpsFirstModeV2ForEngagedSites",
	"HttpsFirstModeV2ForTypicallySecureUsers",
	"AutoupgradeMixedContent",
	"LocalNetworkAccessChecks",
	"Btm",
	/* What is seen in the handshake is meant to be seen. */
	CHROMIUM_ECH_FEATURE,
	/* Services behind the browser. */
	"OptimizationHints",
	"OptimizationGuideManifestBroker",
	"OptimizationGuideModelDownloading",
	"OptimizationGuideModelExecution",
	"OptimizationTargetPrediction",
	"AimEnabled",
	"AimServerEligibilityEnabled",
	"MediaRouter",
	"DialMediaRouteProvider",
	"NetworkTimeServiceQuerying",
	"SegmentationPlatform",
	"Translate",
	NULL,
};

const char *chromium_local_state(void)
{
	return "{\"dns_over_https\":{\"mode\":\"off\"},\"background_mode\":{\"enabled\":false},"
	       "\"user_experience_metrics\":{\"reporting_enabled\":false}}\n";
}

/* Much of it is a flag or a preference too: of the two ways one may go with a new version. */
#define POLICIES(ech)                                                                          \
	"{\"CommandLineFlagSecurityWarningsEnabled\":false,"                                   \
	"\"AlternateErrorPagesEnabled\":false,\"BackgroundModeEnabled\":false,"                \
	"\"BrowserNetworkTimeQueriesEnabled\":false,\"BrowserSignin\":0,"                      \
	"\"BuiltInDnsClientEnabled\":false,\"ChromeVariations\":2,"                            \
	"\"ComponentUpdatesEnabled\":false,\"DefaultPopupsSetting\":1,"                        \
	"\"DefaultSearchProviderEnabled\":false,\"DnsOverHttpsMode\":\"off\"," ech             \
	"\"GenAILocalFoundationalModelSettings\":1,\"GenAiDefaultSettings\":2,"                \
	"\"HttpsOnlyMode\":\"disallowed\",\"HttpsUpgradesEnabled\":false,"                     \
	"\"InsecureFormsWarningsEnabled\":false,\"MetricsReportingEnabled\":false,"            \
	"\"NetworkPredictionOptions\":2,\"PasswordManagerEnabled\":false,"                     \
	"\"PromotionsEnabled\":false,\"PromptForDownloadLocation\":false,"                     \
	"\"QuicAllowed\":false,\"SafeBrowsingProtectionLevel\":0,"                             \
	"\"SearchSuggestEnabled\":false,\"SpellCheckServiceEnabled\":false,"                   \
	"\"SyncDisabled\":true,\"TranslateEnabled\":false,"                                    \
	"\"UrlKeyedAnonymizedDataCollectionEnabled\":false,"                                   \
	"\"WebRtcIPHandling\":\"disable_non_proxied_udp\"}\n"

const char *chromium_policies(const struct browser_launch *launch)
{
	static const char plain[] = POLICIES("\"EncryptedClientHelloEnabled\":false,"),
			  own[] = POLICIES("");
	return launch->own_tls ? own : plain;
}
