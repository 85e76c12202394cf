#include "store/derive/compare_parts.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

#include <stdio.h>

const char *verdict_kind_word(enum verdict_kind k)
{
	static const char *const words[] = {
#define X(name, word) word,
		VERDICTS(X)
#undef X
	};
	return words[k];
}

const char *verdict_subject_word(enum verdict_subject s)
{
	static const char *const words[] = {
#define X(name, word) word,
		VERDICT_SUBJECTS(X)
#undef X
	};
	return words[s];
}

void compare_say(struct compare_to *to, enum verdict_kind kind, enum verdict_subject subject,
	int64_t packet, struct span proxy_value, struct span witness_value, const char *detail)
{
	if (to->stopped)
		return;
	struct verdict v = to->about;
	/* Not what is about the file itself, or about bytes that are there twice. */
	if (kind == VERDICT_DIFFER && to->missing != NULL && subject != VERDICT_OF_FILE &&
		subject != VERDICT_OF_OVERLAP && subject != VERDICT_OF_STORED_BODY) {
		kind = VERDICT_UNSEEN;
		detail = detail != NULL ? arena_printf(to->arena, "%s; %s", to->missing, detail)
					: to->missing;
	}
	v.kind = kind;
	v.subject = subject;
	v.packet = packet;
	v.proxy_value = proxy_value;
	v.witness_value = witness_value;
	v.detail = span_str(detail);
	to->stopped = !to->each(to->ctx, &v);
}

struct span compare_place(struct arena *a, struct span ip, int64_t port)
{
	if (ip.p == NULL)
		return SPAN_NONE;
	bool brackets = span_find_byte(ip, ':', 0) != SIZE_MAX;
	return span_str(arena_printf(a, brackets ? "[%.*s]:%lld" : "%.*s:%lld", (int)ip.n,
		(const char *)ip.p, port == FACT_NULL ? 0LL : (long long)port));
}

static const uint8_t no_bytes[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb,
	0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
	0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
const struct span compare_nothing = {no_bytes, sizeof no_bytes};

struct span compare_sized(struct arena *a, int64_t size, struct span digest)
{
	if (size == FACT_NULL)
		return SPAN_NONE;
	if (digest.p == NULL)
		return span_str(arena_printf(a, "%lld bytes", (long long)size));
	return span_str(
		arena_printf(a, "%lld bytes, SHA-256 %s", (long long)size, hex_str(a, digest)));
}

struct span compare_digested(struct arena *a, struct span bytes)
{
	uint8_t digest[SHA256_LEN];
	if (bytes.p == NULL)
		return SPAN_NONE;
	sha256(bytes, digest);
	return compare_sized(a, (int64_t)bytes.n, span_of(digest, sizeof digest));
}

static const char not_kept[] = "the case does not have it: it was erased, or never known";

void compare_text(struct compare_to *to, enum verdict_subject subject, int64_t packet,
	struct span ours, struct span theirs, bool absence_counts, const char *unseen)
{
	if (ours.p == NULL && theirs.p == NULL)
		return;
	if (theirs.p == NULL && unseen != NULL) {
		compare_say(to, VERDICT_UNSEEN, subject, packet, ours, theirs, unseen);
	} else if (!absence_counts && theirs.p == NULL) {
		compare_say(to, VERDICT_UNSEEN, subject, packet, ours, theirs,
			"the packets do not show it");
	} else if (!absence_counts && ours.p == NULL) {
		compare_say(to, VERDICT_UNSEEN, subject, packet, ours, theirs, not_kept);
	} else {
		bool same = (ours.p == NULL) == (theirs.p == NULL) && span_eq(ours, theirs);
		compare_say(to, same ? VERDICT_AGREE : VERDICT_DIFFER, subject, packet, ours,
			theirs, NULL);
	}
}

void compare_bytes(struct compare_to *to, enum verdict_subject subject, int64_t packet,
	struct span ours, struct span theirs, const char *unseen)
{
	if (ours.p != NULL && theirs.p != NULL && span_eq(ours, theirs)) {
		struct span said = compare_digested(to->arena, ours);
		compare_say(to, VERDICT_AGREE, subject, packet, said, said, NULL);
		return;
	}
	compare_text(to, subject, packet, compare_digested(to->arena, ours),
		compare_digested(to->arena, theirs), false, unseen);
}

static struct span said_time(struct arena *a, int64_t us)
{
	char text[CLOCK_TEXT_MAX];
	clock_text(us, text);
	return span_str(arena_printf(a, "%s", text));
}

void compare_time(struct compare_to *to, int64_t packet, const char *what, int64_t ours_us,
	int64_t kernel_us, int64_t late_us, bool *good)
{
	if (ours_us == FACT_NULL || kernel_us == FACT_NULL || !*good)
		return;
	int64_t behind;
	/* Both are from files: their difference need not be a number. */
	bool far = __builtin_sub_overflow(ours_us, kernel_us, &behind);
	if (!far && behind >= -COMPARE_EARLY_US && behind <= late_us)
		return;
	*good = false;
	bool early = far ? ours_us < kernel_us : behind < 0;
	/* A clock that was set puts the kernel's times off by as much, from then on. */
	bool set =
		!far && (early ? to->drift_us > 0 && behind >= -COMPARE_EARLY_US - to->drift_us
			       : to->drift_us < 0 && behind <= late_us - to->drift_us);
	compare_say(to, set ? VERDICT_UNSEEN : VERDICT_DIFFER, VERDICT_OF_TIME, packet,
		said_time(to->arena, ours_us), said_time(to->arena, kernel_us),
		arena_printf(to->arena,
			early ? "%s: the proxy says that it came before its packet%s"
			      : "%s: the proxy says that it came long after its packet%s",
			what, set ? "; the machine's clock was set meanwhile" : ""));
}

/* ---- packet files ---- */

void compare_file(struct compare_to *to, const struct fact_capture *left,
	const struct fact_packet_file *read)
{
	struct span theirs = compare_sized(to->arena, read->size, read->sha256);
	if (left == NULL) {
		compare_say(to, VERDICT_UNSEEN, VERDICT_OF_FILE, FACT_NULL, SPAN_NONE, theirs,
			"no recorder told what it left: it did not come to its end, or the "
			"file "
			"is not of this session");
	} else {
		struct span ours = compare_sized(to->arena, left->size, left->sha256);
		bool same = left->size == read->size && span_eq(left->sha256, read->sha256);
		bool count = left->packets == FACT_NULL || read->packets == FACT_NULL ||
			     left->packets == read->packets;
		compare_say(to, same && count ? VERDICT_AGREE : VERDICT_DIFFER, VERDICT_OF_FILE,
			FACT_NULL, ours, theirs,
			same && !count ? "the number of packets is not the recorder's" : NULL);
	}
	if (!compare_ok(read->outcome))
		compare_say(to, VERDICT_UNSEEN, VERDICT_OF_FILE, FACT_NULL, SPAN_NONE, theirs,
			arena_printf(to->arena, "the file could not be read to its end: %.*s",
				(int)read->detail.n, (const char *)read->detail.p));
	int64_t dropped = read->dropped != FACT_NULL ? read->dropped
			  : left != NULL             ? left->dropped
						     : FACT_NULL;
	if (dropped != FACT_NULL && dropped != 0)
		compare_say(to, VERDICT_UNSEEN, VERDICT_OF_FILE, FACT_NULL, SPAN_NONE, theirs,
			arena_printf(to->arena,
				"%lld packets were dropped before the recorder had them",
				(long long)dropped));
}

/* ---- name resolutions ---- */

/* "ip/ttl" tokens: is each of one list in one of the answers? */
static bool all_answered(
	struct span list, const struct fact_packet_dns *const *answers, size_t n)
{
	for (struct span rest = list; rest.n > 0;) {
		struct span word = span_first(rest, span_find_byte(rest, ' ', 0));
		bool found = word.n == 0;
		rest = span_from(rest, word.n + 1);
		for (size_t i = 0; i < n && !found; i++)
			for (struct span more = answers[i]->addresses; more.n > 0 && !found;) {
				struct span one =
					span_first(more, span_find_byte(more, ' ', 0));
				more = span_from(more, one.n + 1);
				found = span_eq(one, word);
			}
		if (!found)
			return false;
	}
	return true;
}

static struct span all_addresses(
	struct arena *a, const struct fact_packet_dns *const *answers, size_t n)
{
	struct buf text = {0};
	for (size_t i = 0; i < n; i++) {
		if (answers[i]->addresses.n == 0)
			continue;
		if (buf_len(&text) > 0)
			buf_add_byte(&text, ' ');
		buf_add_span(&text, answers[i]->addresses);
	}
	struct span out = buf_len(&text) > 0 ? arena_copy(a, buf_span(&text)) : SPAN_NONE;
	buf_fini(&text);
	return out;
}

void compare_dns(struct compare_to *to, const struct fact_dns *dns,
	const struct fact_packet_dns *const *answers, size_t n, const char *unseen)
{
	enum { NXDOMAIN = 3 }; /* RFC 1035 4.1.1 */
	struct span ours = dns->addresses.p != NULL ? dns->addresses : dns->outcome;
	bool silent = span_is(dns->outcome, "dns-timeout");
	if (n == 0) {
		compare_say(to, silent && unseen == NULL ? VERDICT_AGREE : VERDICT_UNSEEN,
			VERDICT_OF_DNS, FACT_NULL, ours, SPAN_NONE,
			unseen != NULL ? unseen
			: silent       ? "no answer of a name server is in the packets either"
				       : "no answer of a name server about this name is in the "
					 "packets");
		return;
	}
	struct span theirs = all_addresses(to->arena, answers, n);
	bool same = all_answered(dns->addresses, answers, n);
	if (span_is(dns->outcome, "dns-not-found"))
		for (size_t i = 0; i < n; i++)
			same &= answers[i]->rcode == NXDOMAIN || answers[i]->addresses.n == 0;
	if (theirs.p == NULL)
		theirs = span_str(arena_printf(
			to->arena, "no address, code %lld", (long long)answers[0]->rcode));
	compare_say(to, same ? VERDICT_AGREE : VERDICT_DIFFER, VERDICT_OF_DNS,
		answers[0]->packet, ours, theirs, NULL);
}
