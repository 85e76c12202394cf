#include "tests/bench/load_stats.h"

#include <stdlib.h>
#include <string.h>

static const char *const error_words[LOAD_ERROR_KINDS] = {
	[LOAD_ERROR_DIAL] = "dial",
	[LOAD_ERROR_CONNECT] = "connect",
	[LOAD_ERROR_TLS] = "tls",
	[LOAD_ERROR_CUT] = "cut",
	[LOAD_ERROR_FRAMING] = "framing",
	[LOAD_ERROR_STATUS] = "status",
	[LOAD_ERROR_LENGTH] = "length",
	[LOAD_ERROR_BYTES] = "bytes",
	[LOAD_ERROR_STALLED] = "stalled",
	[LOAD_ERROR_LATE] = "late",
};

void stats_init(struct load_stats *s, unsigned room)
{
	*s = (struct load_stats){.room = room};
	s->took_us = calloc(room + 1, sizeof *s->took_us);
	s->first_us = calloc(room + 1, sizeof *s->first_us);
	if (s->took_us == NULL || s->first_us == NULL)
		abort();
}

void stats_fini(struct load_stats *s)
{
	free(s->took_us);
	free(s->first_us);
}

void stats_took(struct load_stats *s, int64_t took_us, int64_t first_us)
{
	if (s->n == s->room)
		return;
	s->took_us[s->n] = (uint32_t)took_us;
	s->first_us[s->n++] = (uint32_t)first_us;
}

unsigned stats_errors(const struct load_stats *s)
{
	unsigned sum = 0;
	for (size_t i = 0; i < LOAD_ERROR_KINDS; i++)
		sum += s->errors[i];
	return sum;
}

void stats_issuer(struct load_stats *s, const char *issuer, const char *tls)
{
	if (s->issuer[0] == 0) {
		snprintf(s->issuer, sizeof s->issuer, "%s", issuer);
		snprintf(s->tls, sizeof s->tls, "%s", tls);
	} else if (strcmp(s->issuer, issuer) != 0) {
		s->issuers_differ = true;
	}
}

static int by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double percentile_ms(const uint32_t *sorted, unsigned n, double part)
{
	if (n == 0)
		return 0;
	unsigned at = (unsigned)(part * (n - 1) + 0.5);
	return sorted[at] / 1000.0;
}

static void print_json_word(FILE *to, const char *name, const char *word)
{
	fprintf(to, ",\"%s\":\"", name);
	for (; *word != 0; word++)
		if (*word == '"' || *word == '\\')
			fprintf(to, "\\%c", *word);
		else if ((unsigned char)*word >= 0x20)
			fputc(*word, to);
	fputc('"', to);
}

static void print_json(
	const struct load_stats *s, const char *mode, unsigned connections, FILE *to)
{
	double seconds = (double)(s->end_us - s->warm_us) / 1e6;
	const struct watch_use *a = &s->before, *b = &s->after;
	fprintf(to, "{\"mode\":\"%s\",\"connections\":%u,\"requests\":%u,\"exchanges\":%u",
		mode, connections, s->n, s->exchanges);
	fprintf(to, ",\"seconds\":%.6f,\"rps\":%.3f", seconds,
		seconds > 0 ? s->n / seconds : 0);
	fprintf(to, ",\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f",
		percentile_ms(s->took_us, s->n, 0.5), percentile_ms(s->took_us, s->n, 0.99),
		percentile_ms(s->took_us, s->n, 1));
	fprintf(to, ",\"first_byte_p50_ms\":%.4f,\"first_byte_max_ms\":%.4f",
		percentile_ms(s->first_us, s->n, 0.5), percentile_ms(s->first_us, s->n, 1));
	fprintf(to, ",\"tcp_connections\":%u,\"reconnects\":%u,\"errors\":%u,\"error_kinds\":{",
		s->connections, s->reconnects, stats_errors(s));
	const char *comma = "";
	for (size_t i = 0; i < LOAD_ERROR_KINDS; i++)
		if (s->errors[i] > 0) {
			fprintf(to, "%s\"%s\":%u", comma, error_words[i], s->errors[i]);
			comma = ",";
		}
	fputc('}', to);
	print_json_word(to, "issuer", s->issuer);
	print_json_word(to, "tls", s->tls);
	print_json_word(to, "trouble", s->trouble);
	fprintf(to, ",\"issuers_differ\":%s", s->issuers_differ ? "true" : "false");
	if (b->processes > 0)
		fprintf(to,
			",\"cpu_ms\":%.4f,\"cpu_ms_per_request\":%.6f,\"processes\":%u"
			",\"rss_kb\":%llu,\"rss_before_kb\":%llu,\"hwm_kb\":%llu"
			",\"hwm_before_kb\":%llu,\"threads\":%u",
			(b->cpu_us - a->cpu_us) / 1e3,
			s->n > 0 ? (b->cpu_us - a->cpu_us) / 1e3 / s->n : 0, b->processes,
			(unsigned long long)b->rss_kb, (unsigned long long)a->rss_kb,
			(unsigned long long)b->hwm_kb, (unsigned long long)a->hwm_kb,
			b->threads);
	fputs("}\n", to);
}

void stats_print(
	struct load_stats *s, const char *mode, unsigned connections, bool json, FILE *to)
{
	qsort(s->took_us, s->n, sizeof *s->took_us, by_size);
	qsort(s->first_us, s->n, sizeof *s->first_us, by_size);
	if (json) {
		print_json(s, mode, connections, to);
		return;
	}
	double seconds = (double)(s->end_us - s->warm_us) / 1e6;
	fprintf(to, "%s: %u requests over %u connections in %.3f s: %.1f/s\n", mode, s->n,
		connections, seconds, seconds > 0 ? s->n / seconds : 0);
	fprintf(to, "p50 %.3f ms, p99 %.3f ms, max %.3f ms; first byte p50 %.3f ms\n",
		percentile_ms(s->took_us, s->n, 0.5), percentile_ms(s->took_us, s->n, 0.99),
		percentile_ms(s->took_us, s->n, 1), percentile_ms(s->first_us, s->n, 0.5));
	if (s->after.processes > 0)
		fprintf(to, "CPU %.4f ms per request, resident %llu kB, at most %llu kB\n",
			s->n > 0 ? (s->after.cpu_us - s->before.cpu_us) / 1e3 / s->n : 0,
			(unsigned long long)s->after.rss_kb,
			(unsigned long long)s->after.hwm_kb);
	fprintf(to, "issued by \"%s\"%s, %s\n", s->issuer,
		s->issuers_differ ? " and others" : "", s->tls);
	fprintf(to, "errors: %u", stats_errors(s));
	for (size_t i = 0; i < LOAD_ERROR_KINDS; i++)
		if (s->errors[i] > 0)
			fprintf(to, " %s=%u", error_words[i], s->errors[i]);
	fprintf(to, "%s%s\n", s->trouble[0] != 0 ? ": " : "", s->trouble);
}
