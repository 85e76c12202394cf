/* What a time, a random number or a token looks like: narrow shapes, for whatever has one may
 * be another next time, and whatever has none must be the same. */
#include "proxy/replay_match_inner.h"
#include "store/base/codec.h"
#include "store/derive/url.h"

enum {
	FRACTION_MIN = 8, /* digits behind "0."; Math.random() gives 16 or so */
	FRACTION_MAX = 20,
	NUMBER_MIN =
		4, /* digits of a number that only its name makes volatile: not t=1, page 1 */
	NUMBER_MAX = 24,
	HEX_MIN = 8,
	HEX_CHANGES_MIN = 2, /* between digits and letters: "cafe2024" has one */
	TOKEN_MIN = 16,
	TOKEN_SLACK = 2,   /* bytes that two tokens may differ in length */
	TOKEN_CHANGES = 5, /* one change of class in so many bytes at least */
	TEXT_MIN = 8,      /* bytes that are printable by chance once in 3000 times */
	DOTTED_PARTS = 8
};

static size_t digits(struct span s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && ascii_digit(s.p[at + n]))
		n++;
	return n;
}

/* Seconds from 2010 to 2040, so that of all numbers of ten digits one in ten is a time. Milli-
 * and microseconds from 2001, when they got so many digits, to 2100: longer numbers are rarely
 * anything else. */
static bool is_epoch(struct span s)
{
	static const struct {
		size_t digits;
		uint64_t from, to;
	} units[] = {{10, 1262304000, 2208988800}, {13, 1000000000000, 4102444800000},
		{16, 1000000000000000, 4102444800000000}};
	uint64_t v;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (s.n == units[i].digits && span_u64(s, &v))
			return v >= units[i].from && v < units[i].to;
	return false;
}

/* RFC 3339 5.6, date-time; a date alone is too often what is asked about. */
static bool is_date_time(struct span s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	size_t at = sizeof form - 1;
	if (s.n <= at)
		return false;
	for (size_t i = 0; i < at; i++) {
		uint8_t c = s.p[i] == 't' ? 'T' : s.p[i];
		if (form[i] == 'd' ? !ascii_digit(c) : c != form[i])
			return false;
	}
	if (s.p[at] == '.') {
		size_t n = digits(s, at + 1);
		if (n == 0)
			return false;
		at += 1 + n;
	}
	struct span zone = span_from(s, at);
	if (zone.n == 1)
		return zone.p[0] == 'Z' || zone.p[0] == 'z';
	return zone.n == 6 && (zone.p[0] == '+' || zone.p[0] == '-') && zone.p[3] == ':' &&
	       digits(zone, 1) == 2 && digits(zone, 4) == 2;
}

static bool is_fraction(struct span s)
{
	return span_starts(s, "0.") && s.n >= FRACTION_MIN + 2 && s.n <= FRACTION_MAX + 2 &&
	       digits(s, 2) == s.n - 2;
}

static bool is_uuid(struct span s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? s.p[i] != '-' : ascii_hex(s.p[i]) < 0)
			return false;
	}
	return true;
}

/* A decimal number with or without fraction, as performance.now() and counters give. */
static bool is_number(struct span s)
{
	size_t whole = digits(s, 0), rest = 0;
	if (whole == 0)
		return false;
	if (whole < s.n) {
		rest = digits(s, whole + 1);
		if (s.p[whole] != '.' || rest == 0 || whole + 1 + rest != s.n)
			return false;
	}
	return whole + rest >= NUMBER_MIN && whole + rest <= NUMBER_MAX;
}

/* Names that say that the value is there to be new each time, or is a time. A small table:
 * jQuery and Ext, ad servers, Google's and Facebook's tags, and what people write by hand. */
static bool is_volatile_name(struct span name)
{
	static const char *const names[] = {"_", "__", "_t", "_ts", "_r", "_rnd", "_cb", "_dc",
		"_nocache", "bust", "cache", "cachebust", "cachebuster", "cache_buster", "cb",
		"cbust", "correlator", "dc", "dt", "epoch", "nc", "nocache", "no_cache", "now",
		"ord", "r", "rand", "random", "rn", "rnd", "t", "time", "timestamp", "tm", "ts",
		"unixtime", "z", "zx"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is_nocase(name, names[i]))
			return true;
	return false;
}

enum { CLASS_DIGIT = 1, CLASS_LOWER = 2, CLASS_UPPER = 4, CLASS_OTHER = 8 };

static unsigned class_of(uint8_t c)
{
	if (ascii_digit(c))
		return CLASS_DIGIT;
	if (!ascii_alpha(c))
		return CLASS_OTHER;
	return c == ascii_lower(c) ? CLASS_LOWER : CLASS_UPPER;
}

/* How often digits and letters, or a small letter and a capital, stand side by side. A capital
 * before a small letter does not count: words begin so. */
static size_t changes(struct span s, unsigned *classes)
{
	size_t n = 0;
	unsigned last = 0;
	*classes = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned class = class_of(s.p[i]);
		*classes |= class;
		if (last != 0 && class != CLASS_OTHER && last != class &&
			!(last == CLASS_UPPER && class == CLASS_LOWER))
			n++;
		last = class == CLASS_OTHER ? 0 : class;
	}
	return n;
}

/* What is text once decoded, or holds an address, is a message: another one asks for something
 * else. */
static bool is_message(struct span s, bool (*decode)(struct span, struct buf *))
{
	struct buf b = {0};
	bool decoded = decode(s, &b) && buf_len(&b) >= TEXT_MIN;
	struct span d = buf_span(&b);
	bool address = decoded && span_find_nocase(d, span_str("http"), 0) != SIZE_MAX;
	bool text = decoded && text_valid(d);
	for (size_t i = 0; text && i < d.n; i++)
		text = (d.p[i] >= ' ' && d.p[i] != 0x7f) || d.p[i] == '\n' || d.p[i] == '\r' ||
		       d.p[i] == '\t';
	buf_fini(&b);
	return text || address;
}

static bool is_hex(struct span s)
{
	unsigned classes;
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0)
			return false;
	if (s.n < HEX_MIN || changes(s, &classes) < HEX_CHANGES_MIN)
		return false;
	return (classes == (CLASS_DIGIT | CLASS_LOWER) ||
		       classes == (CLASS_DIGIT | CLASS_UPPER)) &&
	       !is_message(s, hex_read);
}

/* Letters and digits as chance mixes them. Signs (of either base64 alphabet) only beside
 * capitals, small letters and digits: "top-10-of-2024" is a title. */
static bool is_token(struct span s)
{
	unsigned classes;
	size_t n = s.n;
	while (n > 0 && s.n - n < 2 && s.p[n - 1] == '=')
		n--;
	s = span_first(s, n);
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]) && !ascii_alpha(s.p[i]) && s.p[i] != '-' &&
			s.p[i] != '_' && s.p[i] != '+' && s.p[i] != '/')
			return false;
	if (s.n < TOKEN_MIN || changes(s, &classes) < s.n / TOKEN_CHANGES)
		return false;
	unsigned letters = classes & (CLASS_LOWER | CLASS_UPPER);
	if (letters == 0 || (classes & CLASS_DIGIT) == 0)
		return false;
	if ((classes & CLASS_OTHER) != 0 && letters != (CLASS_LOWER | CLASS_UPPER))
		return false;
	return !is_message(s, base64_read) && !is_message(s, hex_read);
}

static bool near_length(struct span a, struct span b)
{
	return (a.n > b.n ? a.n - b.n : b.n - a.n) <= TOKEN_SLACK;
}

static size_t split_dots(struct span s, struct span parts[DOTTED_PARTS + 1])
{
	size_t n = 0;
	for (size_t at = 0; at <= s.n && n <= DOTTED_PARTS;) {
		size_t end = span_find_byte(s, '.', at);
		if (end == SIZE_MAX)
			end = s.n;
		parts[n++] = span_of(s.p + at, end - at);
		at = end + 1;
	}
	return n;
}

static bool is_number_part(struct span s)
{
	return s.n > 0 && s.n <= NUMBER_MAX && digits(s, 0) == s.n;
}

/* "GA1.2.1234567890.1700000000", "fb.1.1700000000000.123": numbers about a time, with a mark in
 * front that is the same. */
static bool are_dotted(struct span r, struct span k)
{
	struct span rs[DOTTED_PARTS + 1], ks[DOTTED_PARTS + 1];
	size_t n = split_dots(r, rs);
	bool time = false;
	if (n < 2 || n > DOTTED_PARTS || split_dots(k, ks) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!span_eq(rs[i], ks[i]) && !(is_number_part(rs[i]) && is_number_part(ks[i])))
			return false;
		time |= is_epoch(rs[i]) && is_epoch(ks[i]);
	}
	return time;
}

/* RFC 7519, as RFC 7515 7.1 writes it: the same header, claims, a signature. Both start with
 * `{"`. */
static bool are_jwt(struct span r, struct span k)
{
	struct span rs[DOTTED_PARTS + 1], ks[DOTTED_PARTS + 1];
	if (split_dots(r, rs) != 3 || split_dots(k, ks) != 3)
		return false;
	if (!span_eq(rs[0], ks[0]) || !span_starts(rs[0], "eyJ") ||
		!span_starts(rs[1], "eyJ") || !span_starts(ks[1], "eyJ"))
		return false;
	return near_length(rs[1], ks[1]) && near_length(rs[2], ks[2]) && is_token(rs[2]) &&
	       is_token(ks[2]);
}

static struct shape shape_of_decoded(
	enum shape_place place, struct span name, struct span r, struct span k)
{
	bool known = place == SHAPE_VALUE && is_volatile_name(name);
	if (is_epoch(r) && is_epoch(k) && r.n == k.n)
		return (struct shape){"time", known ? 1 : 4};
	if (is_date_time(r) && is_date_time(k))
		return (struct shape){"time", known ? 1 : 4};
	if (is_fraction(r) && is_fraction(k))
		return (struct shape){"random", known ? 1 : 2};
	if (known && is_number(r) && is_number(k))
		return (struct shape){"number", 2};
	if (is_uuid(r) && is_uuid(k))
		return (struct shape){"uuid", 8};
	if (r.n == k.n && is_hex(r) && is_hex(k))
		return (struct shape){"hex", 8};
	if (near_length(r, k) && is_token(r) && is_token(k))
		return (struct shape){"token", 8};
	if (are_jwt(r, k))
		return (struct shape){"jwt", 8};
	if (place == SHAPE_VALUE && are_dotted(r, k))
		return (struct shape){"client", 4};
	return (struct shape){NULL, 0};
}

static struct span unescaped(struct arena *a, struct span s)
{
	return span_find_byte(s, '%', 0) == SIZE_MAX ? s : url_unescape(a, s, false);
}

struct shape shape_of_both(struct arena *a, enum shape_place place, struct span name,
	struct span recorded, struct span asked)
{
	if (recorded.p == NULL || asked.p == NULL)
		return (struct shape){NULL, 0};
	return shape_of_decoded(place, name, unescaped(a, recorded), unescaped(a, asked));
}
