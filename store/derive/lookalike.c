#include "store/derive/lookalike.h"
#include "store/base/buf.h"
#include "store/derive/url_parts.h"

#include <idn2.h>
#include <pthread.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>

enum { SKELETON_MAX = 256 }; /* bytes; what a label of 63 could become is far less */

/* Made once and never changed: ICU allows that from any thread. NULL: ICU has no data. */
static USpoofChecker *checker;
static pthread_once_t checker_once = PTHREAD_ONCE_INIT;

static void checker_load(void)
{
	UErrorCode status = U_ZERO_ERROR;
	USpoofChecker *c = uspoof_open(&status);
	if (U_FAILURE(status))
		return;
	uspoof_setChecks(c, USPOOF_RESTRICTION_LEVEL, &status);
	/* UTS 39 5.2: one script, or Latin with those that are written together with it in
	 * Chinese, Japanese and Korean. */
	uspoof_setRestrictionLevel(c, USPOOF_HIGHLY_RESTRICTIVE);
	if (U_FAILURE(status)) {
		uspoof_close(c);
		return;
	}
	checker = c;
}

static bool ascii_only(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

/* The label as people read it; itself where it is ASCII, or stands for nothing: what libidn2
 * decodes (to a control character even) counts only if it is encoded to the same again. */
static struct span label_text(struct arena *a, struct span label)
{
	char *text = NULL, *back = NULL;
	struct span out = label;
	if (!span_starts_nocase(label, "xn--"))
		return label;
	if (idn2_to_unicode_8z8z(arena_str(a, label), &text, IDN2_NONTRANSITIONAL) == IDN2_OK &&
		idn2_to_ascii_8z(text, &back, IDN2_NONTRANSITIONAL) == IDN2_OK &&
		span_is_nocase(label, back))
		out = arena_copy(a, span_str(text));
	idn2_free(text);
	idn2_free(back);
	return text_valid(out) ? out : label;
}

static uint32_t code_at(struct span s, size_t *i)
{
	static const uint8_t masks[] = {0x7f, 0, 0x1f, 0x0f, 0x07};
	size_t n = s.p[*i] < 0x80 ? 1 : s.p[*i] < 0xe0 ? 2 : s.p[*i] < 0xf0 ? 3 : 4;
	uint32_t c = s.p[*i] & masks[n];
	for (size_t k = 1; k < n; k++)
		c = c << 6 | (s.p[*i + k] & 0x3f);
	*i += n;
	return c;
}

/* The script of its letters, Latin if one is; s: well-formed. */
static UScriptCode script_of(struct span s)
{
	UScriptCode found = USCRIPT_COMMON;
	for (size_t i = 0; i < s.n;) {
		UErrorCode status = U_ZERO_ERROR;
		UScriptCode script = uscript_getScript((UChar32)code_at(s, &i), &status);
		if (U_FAILURE(status) || script == USCRIPT_COMMON ||
			script == USCRIPT_INHERITED)
			continue;
		if (found == USCRIPT_COMMON || script == USCRIPT_LATIN)
			found = script;
	}
	return found;
}

/* What a label of another script than Latin looks like, if that is ASCII throughout (UTS 39 4,
 * whole-script confusables); absent otherwise. */
static struct span twin_of(struct arena *a, struct span label)
{
	char text[SKELETON_MAX];
	UErrorCode status = U_ZERO_ERROR;
	int32_t n = uspoof_getSkeletonUTF8(checker, 0, (const char *)label.p, (int32_t)label.n,
		text, sizeof text, &status);
	if (U_FAILURE(status) || n <= 0 || n > (int32_t)sizeof text)
		return SPAN_NONE;
	struct span twin = span_of(text, (size_t)n);
	return ascii_only(twin) ? arena_copy(a, twin) : SPAN_NONE;
}

static void judge_label(
	struct arena *a, struct span label, UScriptCode top, struct lookalike *out)
{
	UErrorCode status = U_ZERO_ERROR;
	if (checker == NULL || ascii_only(label))
		return;
	int32_t found = uspoof_check2UTF8(
		checker, (const char *)label.p, (int32_t)label.n, NULL, &status);
	if (U_SUCCESS(status) && (found & USPOOF_RESTRICTION_LEVEL) != 0) {
		out->mixed_scripts = true;
		return;
	}
	UScriptCode script = script_of(label);
	if (script == USCRIPT_LATIN || script == USCRIPT_COMMON || script == top ||
		out->whole_script)
		return;
	out->looks_like = twin_of(a, label);
	out->whole_script = out->looks_like.p != NULL;
}

void lookalike_read(struct arena *a, struct span host, struct lookalike *out)
{
	struct buf name = {0};
	struct span labels[LOOKALIKE_NAME_MAX / 2 + 1];
	size_t n = 0;
	*out = (struct lookalike){0};
	if (host.n == 0 || host.n > LOOKALIKE_NAME_MAX || !text_valid(host) ||
		host.p[0] == '[' || url_ends_in_number(host))
		return;
	pthread_once(&checker_once, checker_load);
	for (struct span left = host; left.n > 0 && n < sizeof labels / sizeof *labels;) {
		struct span label = span_first(left, span_find_byte(left, '.', 0));
		left = span_from(left, label.n + 1);
		if (label.n > 0)
			labels[n++] = label_text(a, label);
	}
	UScriptCode top = n > 1 ? script_of(labels[n - 1]) : USCRIPT_LATIN;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_byte(&name, '.');
		buf_add_span(&name, labels[i]);
		judge_label(a, labels[i], top, out);
	}
	if (!ascii_only(buf_span(&name)))
		out->unicode = arena_copy(a, buf_span(&name));
	buf_fini(&name);
}
