#include "store/derive/file_facts.h"
#include "store/base/codec.h"
#include "store/derive/file_apk.h"
#include "store/derive/url.h"

static void add(struct file_facts *out, const char *name, struct span value)
{
	if (value.p != NULL && out->n < FILE_DETAILS_MAX)
		out->details[out->n++] =
			(struct file_detail){name, span_first(value, FILE_TEXT_MAX)};
}

static void add_number(struct arena *a, struct file_facts *out, const char *name, uint64_t n)
{
	add(out, name, span_str(arena_printf(a, "%llu", (unsigned long long)n)));
}

/* ---- archives ---- */

static bool has_member(const struct zip_listing *z, const char *name)
{
	for (size_t i = 0; i < z->n_members; i++)
		if (span_is(z->members[i].name, name))
			return true;
	return false;
}

static bool has_folder(const struct zip_listing *z, const char *folder)
{
	for (size_t i = 0; i < z->n_members; i++)
		if (span_starts(z->members[i].name, folder))
			return true;
	return false;
}

static const char *zip_kind(const struct zip_listing *z)
{
	static const struct {
		const char *member, *kind;
		bool folder;
	} kinds[] = {{"AndroidManifest.xml", "apk", false}, {"word/", "docx", true},
		{"xl/", "xlsx", true}, {"ppt/", "pptx", true}, {"Payload/", "ipa", true},
		{"AppxManifest.xml", "msix", false}, {"manifest.json", "extension", false},
		{"META-INF/MANIFEST.MF", "jar", false}, {"mimetype", "odf-or-epub", false}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].folder ? has_folder(z, kinds[i].member)
				    : has_member(z, kinds[i].member))
			return kinds[i].kind;
	return "zip";
}

static void add_apk(struct arena *a, const struct zip_listing *z, struct file_facts *out)
{
	struct apk apk;
	apk_read(a, z, &apk);
	add(out, "package", apk.package);
	add(out, "version", apk.version);
	for (size_t i = 0; i < apk.n_signers; i++) {
		const struct apk_signer *s = &apk.signers[i];
		add(out, "signer-sha256",
			span_str(hex_str(a, span_of(s->sha256, sizeof s->sha256))));
		add(out, "signature-scheme", span_str(s->scheme));
	}
}

static void read_zip(struct arena *a, struct span bytes, bool whole, struct file_facts *out)
{
	struct zip_listing z;
	out->kind = "zip";
	/* Its table stands at its end. */
	if (!whole || !zip_read(a, bytes, &z))
		return;
	out->kind = zip_kind(&z);
	if (span_is(span_str(out->kind), "apk"))
		add_apk(a, &z, out);
	add_number(a, out, "members", z.said);
	bool encrypted = false;
	for (size_t i = 0; i < z.n_members; i++)
		encrypted |= z.members[i].encrypted;
	if (encrypted)
		add(out, "encrypted", span_str("yes"));
	if (has_folder(&z, "word/vbaProject.bin") || has_folder(&z, "xl/vbaProject.bin") ||
		has_folder(&z, "ppt/vbaProject.bin"))
		add(out, "macros", span_str("yes"));
	for (size_t i = 0; i < z.n_members && i < FILE_MEMBERS_LISTED; i++)
		add(out, "member", arena_copy(a, span_first(z.members[i].name, FILE_TEXT_MAX)));
}

/* ---- programs ---- */

/* PE/COFF of Microsoft: "PE\0\0" where the word at 0x3c points to, the COFF header, and the
 * optional one with its data directories, of which the fifth is the table of certificates. */
static void read_pe(struct arena *a, struct span s, struct file_facts *out)
{
	enum { COFF_LEN = 20, SECURITY = 4, MAGIC_64 = 0x20b, MAGIC_32 = 0x10b, DLL = 0x2000 };
	static const struct {
		uint32_t machine;
		const char *name;
	} machines[] = {{0x14c, "x86"}, {0x8664, "x64"}, {0xaa64, "arm64"}, {0x1c4, "arm"},
		{0x1c0, "arm"}};
	size_t pe = zip_u32(s, 0x3c), coff = pe + 4, optional = coff + COFF_LEN;
	out->kind = "exe";
	if (pe > s.n || s.n - pe < 4 || memcmp(s.p + pe, "PE\0\0", 4) != 0) {
		out->kind = "dos-exe";
		return;
	}
	uint32_t machine = zip_u16(s, coff);
	const char *name = "other";
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (machines[i].machine == machine)
			name = machines[i].name;
	if ((zip_u16(s, coff + 18) & DLL) != 0)
		out->kind = "dll";
	add(out, "machine", span_str(name));
	uint32_t magic = zip_u16(s, optional);
	size_t counts = optional + (magic == MAGIC_64 ? 108 : 92);
	if (magic != MAGIC_32 && magic != MAGIC_64)
		return;
	uint32_t directories = zip_u32(s, counts);
	size_t entry = counts + 4 + (size_t)SECURITY * 8;
	bool table =
		directories > SECURITY && zip_u32(s, entry) != 0 && zip_u32(s, entry + 4) > 8;
	add(out, "signature", span_str(table ? "present, not checked" : "none"));
	add_number(a, out, "link-time", zip_u32(s, coff + 4));
}

/* Compound files (MS-CFB): what they are for says the class of the root entry. */
static void read_ole(struct span s, struct file_facts *out)
{
	static const uint8_t installer[16] = {
		0x84, 0x10, 0x0c, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	uint32_t shift = zip_u16(s, 30);
	uint64_t root = shift == 9 || shift == 12 ? ((uint64_t)zip_u32(s, 48) + 1) << shift
						  : UINT64_MAX;
	out->kind = "ole";
	if (root <= s.n && s.n - root >= 96 &&
		memcmp(s.p + root + 80, installer, sizeof installer) == 0)
		out->kind = "msi";
}

static void read_pdf(struct arena *a, struct span s, struct file_facts *out)
{
	static const char *const words[] = {
		"/JavaScript", "/OpenAction", "/Launch", "/EmbeddedFile"};
	out->kind = "pdf";
	struct span version = span_from(s, 5);
	size_t n = 0;
	while (n < version.n && n < 8 && (ascii_digit(version.p[n]) || version.p[n] == '.'))
		n++;
	add(out, "version", arena_copy(a, span_first(version, n)));
	/* In objects that are not packed; there may be more in those that are. */
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_find(s, span_str(words[i]), 0) != SIZE_MAX)
			add(out, "holds", span_str(words[i]));
}

/* ---- by the first bytes ---- */

static const struct {
	const char *bytes;
	size_t n, at;
	const char *kind;
} magics[] = {
	{"PK\x03\x04", 4, 0, "zip"},
	{"PK\x05\x06", 4, 0, "zip"},
	{"MZ", 2, 0, "exe"},
	{"%PDF-", 5, 0, "pdf"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, 0, "ole"},
	{"\x7f"
	 "ELF",
		4, 0, "elf"},
	{"\xcf\xfa\xed\xfe", 4, 0, "mach-o"},
	{"\xce\xfa\xed\xfe", 4, 0, "mach-o"},
	{"\xca\xfe\xba\xbe", 4, 0, "mach-o-or-class"},
	{"Rar!\x1a\x07", 6, 0, "rar"},
	{"7z\xbc\xaf\x27\x1c", 6, 0, "7z"},
	{"\x1f\x8b", 2, 0, "gzip"},
	{"BZh", 3, 0, "bzip2"},
	{"\xfd"
	 "7zXZ\0",
		6, 0, "xz"},
	{"\x28\xb5\x2f\xfd", 4, 0, "zstd"},
	{"MSCF", 4, 0, "cab"},
	{"xar!", 4, 0, "pkg"},
	{"ustar", 5, 257, "tar"},
	{"CD001", 5, 0x8001, "iso"},
	{"L\0\0\0\x01\x14\x02\0", 8, 0, "lnk"},
	{"Cr24", 4, 0, "crx"},
	{"ITSF", 4, 0, "chm"},
	{"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", 8, 0, "one"},
	{"{\\rtf", 5, 0, "rtf"},
	{"\x89PNG\r\n\x1a\n", 8, 0, "png"},
	{"\xff\xd8\xff", 3, 0, "jpeg"},
	{"GIF8", 4, 0, "gif"},
	{"WEBP", 4, 8, "webp"},
	{"BEGIN:VCALENDAR", 15, 0, "ics"},
	{"BEGIN:VCARD", 11, 0, "vcard"},
};

static const char *by_magic(struct span s)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (s.n >= magics[i].at + magics[i].n &&
			memcmp(s.p + magics[i].at, magics[i].bytes, magics[i].n) == 0)
			return magics[i].kind;
	/* A disk image's mark stands 512 bytes before its end. */
	if (s.n >= 512 && memcmp(s.p + s.n - 512, "koly", 4) == 0)
		return "dmg";
	return NULL;
}

static const char *by_text(struct span s, struct span name)
{
	static const struct {
		const char *tail, *kind;
	} scripts[] = {{".js", "js"}, {".jse", "js"}, {".vbs", "vbs"}, {".vbe", "vbs"},
		{".wsf", "wsf"}, {".hta", "hta"}, {".ps1", "ps1"}, {".bat", "bat"},
		{".cmd", "bat"}, {".sh", "sh"}, {".url", "url"}, {".command", "sh"},
		{".scpt", "applescript"}, {".mobileconfig", "mobileconfig"}, {".svg", "svg"},
		{".eml", "eml"}};
	struct span start = span_trim(span_first(s, 1024), " \t\r\n\xef\xbb\xbf");
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		if (span_ends_nocase(name, scripts[i].tail))
			return scripts[i].kind;
	if (span_starts_nocase(start, "<!doctype html") || span_starts_nocase(start, "<html"))
		return "html";
	if (span_starts(start, "#!"))
		return "sh";
	if (span_find(start, span_str("<svg"), 0) != SIZE_MAX)
		return "svg";
	if (span_find(start, span_str("<!DOCTYPE plist"), 0) != SIZE_MAX &&
		span_find(s, span_str("PayloadType"), 0) != SIZE_MAX)
		return "mobileconfig";
	return NULL;
}

void file_facts_read(struct arena *a, struct span bytes, bool whole, struct span name,
	struct file_facts *out)
{
	*out = (struct file_facts){.kind = by_magic(bytes)};
	struct span kind = span_str(out->kind);
	if (kind.p == NULL)
		out->kind = by_text(bytes, name);
	else if (span_is(kind, "zip"))
		read_zip(a, bytes, whole, out);
	else if (span_is(kind, "exe"))
		read_pe(a, bytes, out);
	else if (span_is(kind, "ole"))
		read_ole(bytes, out);
	else if (span_is(kind, "pdf"))
		read_pdf(a, bytes, out);
}

const char *file_media_type(const char *kind)
{
	static const struct {
		const char *kind, *type;
	} types[] = {{"png", "image/png"}, {"jpeg", "image/jpeg"}, {"gif", "image/gif"},
		{"webp", "image/webp"}, {"pdf", "application/pdf"}, {"zip", "application/zip"},
		{"apk", "application/vnd.android.package-archive"}, {"html", "text/html"},
		{"svg", "image/svg+xml"}, {"eml", "message/rfc822"}, {"ics", "text/calendar"},
		{"vcard", "text/vcard"}, {"rtf", "application/rtf"},
		{"gzip", "application/gzip"},
		{"exe", "application/vnd.microsoft.portable-executable"},
		{"dll", "application/vnd.microsoft.portable-executable"}};
	for (size_t i = 0; kind != NULL && i < sizeof types / sizeof *types; i++)
		if (strcmp(kind, types[i].kind) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* ---- stores ---- */

static bool is_host(const struct url *u, const char *host)
{
	return u->host.p != NULL && span_is(u->host, host);
}

/* "123456789" of ".../id123456789". */
static struct span apple_id(struct span path)
{
	for (size_t at = span_find(path, span_str("/id"), 0); at != SIZE_MAX;
		at = span_find(path, span_str("/id"), at + 1)) {
		struct span left = span_from(path, at + 3);
		size_t n = 0;
		while (n < left.n && ascii_digit(left.p[n]))
			n++;
		if (n > 0 && (n == left.n || left.p[n] == '/'))
			return span_first(left, n);
	}
	return SPAN_NONE;
}

bool file_store_link(struct arena *a, struct span url, struct file_facts *out)
{
	struct url u;
	*out = (struct file_facts){.kind = "store-link"};
	if (!url_parse(a, NULL, url, &u))
		return false;
	struct span id = SPAN_NONE;
	const char *store = NULL, *what = "package";
	bool web = url_is_web(&u);
	if ((web && is_host(&u, "play.google.com")) || span_is(u.scheme, "market")) {
		store = "Google Play";
		id = url_parameter(u.query, "id");
		/* market://details?id=...: "details" is the host. */
		id = id.n > 0 ? url_unescape(a, id, true) : SPAN_NONE;
	} else if ((web && (is_host(&u, "apps.apple.com") ||
				   is_host(&u, "itunes.apple.com"))) ||
		   span_is(u.scheme, "itms-apps") || span_is(u.scheme, "itms-appss") ||
		   span_is(u.scheme, "itms")) {
		store = "App Store";
		what = "app-id";
		id = apple_id(u.path);
		if (id.n == 0)
			id = url_parameter(u.query, "id");
	} else if (span_is(u.scheme, "intent")) {
		store = "Android intent";
		size_t at = span_find(url, span_str(";package="), 0);
		struct span left = at != SIZE_MAX ? span_from(url, at + 9) : SPAN_NONE;
		id = span_first(left, span_find_byte(left, ';', 0));
	} else if (span_is(u.scheme, "itms-services")) {
		store = "iOS install manifest";
		what = "manifest";
		id = url_parameter(u.query, "url");
		id = id.n > 0 ? url_unescape(a, id, true) : SPAN_NONE;
	}
	if (store == NULL || id.n == 0)
		return false;
	add(out, what, arena_copy(a, id));
	add(out, "store", span_str(store));
	return true;
}
