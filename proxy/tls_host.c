#include "proxy/tls_host.h"

#include <arpa/inet.h>

static bool name_char(char c)
{
	return ascii_alpha((uint8_t)c) || ascii_digit((uint8_t)c) || c == '-' || c == '_';
}

static bool refuse(struct err *err, const char *host, const char *why)
{
	return err_set(err, ERR_TARGET, "\"%.80s%s\" %s", host,
		strnlen(host, 81) > 80 ? "..." : "", why);
}

bool tls_host_parse(const char *host, struct tls_host *out, struct err *err)
{
	*out = (struct tls_host){0};
	if (inet_pton(AF_INET, host, out->ip) == 1) {
		out->ip_len = 4;
		return true;
	}
	if (inet_pton(AF_INET6, host, out->ip) == 1) {
		out->ip_len = 16;
		return true;
	}
	size_t n = strlen(host);
	if (n > 0 && host[n - 1] == '.')
		n--;
	if (n == 0)
		return refuse(err, host, "is no host name: it is empty");
	if (n > TLS_HOST_MAX)
		return refuse(err, host, "is no host name: it is longer than 253 bytes");
	size_t label = 0;
	for (size_t i = 0; i < n; i++) {
		label = host[i] == '.' ? 0 : label + 1;
		if (host[i] == '.' && (i == 0 || host[i - 1] == '.'))
			return refuse(err, host, "is no host name: a label is empty");
		if (label > TLS_LABEL_MAX)
			return refuse(
				err, host, "is no host name: a label is longer than 63 bytes");
		if (host[i] != '.' && !name_char(host[i]))
			return refuse(err, host,
				"is no host name: it holds other bytes than letters, "
				"digits, hyphens, underscores and dots");
		out->name[i] = (char)ascii_lower((uint8_t)host[i]);
	}
	if (host[n - 1] == '.') /* "a.." */
		return refuse(err, host, "is no host name: a label is empty");
	return true;
}

bool tls_host_covered(const struct tls_host *host, struct span dns_name)
{
	struct span name = span_str(host->name);
	if (host->ip_len > 0 || name.n == 0)
		return false;
	if (span_eq_nocase(dns_name, name))
		return true;
	if (!span_starts(dns_name, "*."))
		return false;
	size_t dot = span_find_byte(name, '.', 0);
	struct span rest = span_from(dns_name, 1); /* ".example.com" */
	return dot != SIZE_MAX && span_find_byte(rest, '.', 1) != SIZE_MAX &&
	       span_eq_nocase(rest, span_from(name, dot));
}
