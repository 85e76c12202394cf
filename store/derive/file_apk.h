/*
 * What an Android package says of itself: its package name, and the certificates that it is
 * signed with, by the APK Signature Scheme v2 or v3, or else by JAR signing (v1). The
 * signatures are not checked: that a certificate is there is the fact, and is how such packages
 * are known. Pure; any thread.
 */
#ifndef STORE_DERIVE_FILE_APK_H
#define STORE_DERIVE_FILE_APK_H

#include "store/base/hash.h"
#include "store/derive/file_zip.h"

enum { APK_SIGNERS_MAX = 4, APK_PACKAGE_MAX = 255 };

struct apk {
	struct span package, version; /* absent: the manifest cannot be read */
	struct apk_signer {
		const char *scheme;         /* "v3", "v2", "v1" */
		uint8_t sha256[SHA256_LEN]; /* of the certificate (DER) */
	} signers[APK_SIGNERS_MAX];
	size_t n_signers;
};

/* z: of an archive that has an AndroidManifest.xml. */
void apk_read(struct arena *a, const struct zip_listing *z, struct apk *out);

#endif
