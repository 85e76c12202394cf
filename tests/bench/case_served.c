#include "tests/bench/case_served.h"

#include <stdlib.h>
#include <zlib.h>

uint32_t chance(struct maker *m, uint32_t n)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return (uint32_t)(m->seed >> 32) % n;
}

static void add_words(struct maker *m, struct buf *b, size_t until)
{
	static const char *const words[] = {"the", "offer", "of", "a", "week", "that", "reader",
		"will", "find", "beside", "prices", "and", "more", "news", "from", "our",
		"gardens", "kitchen", "without", "delay"};
	while (buf_len(b) < until)
		buf_addf(b, "%s ", words[chance(m, sizeof words / sizeof *words)]);
}

struct span packed(struct buf *out, struct span text)
{
	z_stream z = {0};
	buf_clear(out);
	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t room = deflateBound(&z, text.n);
	z.next_in = (z_const Bytef *)(uintptr_t)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = buf_room(out, room);
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	buf_grew(out, room - z.avail_out);
	deflateEnd(&z);
	return buf_span(out);
}

/* As minified code of widgets and measuring looks: functions, tables of words, a few URLs. */
void write_script(struct maker *m, struct buf *b, unsigned number)
{
	size_t until = 8 * 1024 + chance(m, 32 * 1024);
	buf_clear(b);
	buf_addf(b,
		"!function(e,t){\"use strict\";var n=\"https://cdn%u.widgets.test/v2/\",r={};",
		number % 40);
	for (unsigned i = 0; buf_len(b) < until; i++) {
		buf_addf(b,
			"function f%u(e,t){for(var n=0,r=e.length;n<r;n++)if(e[n]&&e[n].k===t)"
			"return e[n].v||\"key%u\";return null}r.m%u=function(t,o){var "
			"i=this.q[%u]"
			"||(this.q[%u]={name:\"item-%u\",on:!0,max:%u});return "
			"i.on?o.apply(this,"
			"[t,i]):t.replace(/[^a-z0-9]+/gi,\"_\")};",
			i, i, i, i % 64, i % 64, i, i * 3);
		if (i % 9 == 4)
			buf_addf(b, "r.u%u=n+\"collect?id=\"+f%u(t,\"id\");", i, i);
		if (i % 23 == 7)
			buf_addf(b,
				"window.setTimeout(function(){e.dataLayer.push({event:\"view.%"
				"u\"})},%u);",
				i, 500 + i);
		if (i % 41 == 11)
			buf_addf(b, "fetch(\"https://api%u.widgets.test/v1/event/%u\");",
				number % 40, i);
	}
	buf_add_str(b, "}(window,document);");
}

void write_sheet(struct maker *m, struct buf *b, unsigned number)
{
	buf_clear(b);
	for (unsigned i = 0; i < 30 + chance(m, 60); i++)
		buf_addf(b, ".c%u-%u>a:hover{margin:0 %upx;background:url(/i/%u.png)}", number,
			i, chance(m, 40), i);
}

void write_page(struct maker *m, struct buf *b)
{
	long long v = (long long)m->visit;
	buf_clear(b);
	buf_addf(b,
		"<!doctype html><html lang=en><head><meta charset=utf-8><title>Visit "
		"%lld</title>"
		"<link rel=stylesheet href=/css/%lld.css><script src=/js/%lld.js></script>",
		v, v % SHEETS, v % SCRIPTS);
	/* Some pages send on to the next: by meta refresh or by script. */
	if (v % 10 == 3)
		buf_addf(b, "<meta http-equiv=refresh content='1; url=/on/%lld'>", v);
	if (v % 10 == 7)
		buf_addf(b,
			"<script>setTimeout(function(){location.href='/on/%lld'},900)</script>",
			v);
	buf_add_str(b, "</head><body><noscript><img src=/pixel.gif></noscript><nav>");
	for (int i = 0; i < 12; i++)
		buf_addf(b, "<a class='n%d' href='/part/%d'>part %d</a>", i, i, i);
	buf_addf(b,
		"</nav><form action=/search><input name=q><input type=hidden name=v value=%lld>"
		"</form><script>window.cfg={page:\"%lld\",api:\"/api/v1\"};</script>",
		v, v);
	for (int i = 0; buf_len(b) < PAGE - 300; i++) {
		buf_addf(b, "<div class=card><h2>Card %d</h2><img src=/i/%d.png alt=''><p>", i,
			i);
		add_words(m, b, buf_len(b) + 280);
		buf_addf(b, "<a href=\"https://%s/item/%lld/%d?ref=list\">more</a></div>",
			m->site, v, i);
	}
	add_words(m, b, PAGE - 16);
	buf_add_str(b, "</body></html>");
}

void write_answer(struct maker *m, struct buf *b, int n)
{
	buf_clear(b);
	buf_addf(b, "{\"ok\":true,\"visit\":%lld,\"n\":%d,\"next\":\"/api/v1/%d\",\"items\":[",
		(long long)m->visit, n, n + 1);
	for (uint32_t i = 0, many = chance(m, 24); i <= many; i++)
		buf_addf(b, "%s{\"id\":\"%08x\",\"name\":\"item %u\",\"price\":%u}",
			i ? "," : "", chance(m, UINT32_MAX), i, chance(m, 5000));
	buf_add_str(b, "]}");
}

void write_noise(struct maker *m, struct buf *b, uint32_t n)
{
	buf_clear(b);
	buf_add_str(b, "\x89PNG\r\n\x1a\n");
	for (uint32_t i = 0; i < n; i += 4) {
		uint32_t r = chance(m, UINT32_MAX);
		buf_add(b, &r, sizeof r);
	}
}
