/*
 * Prepares a folder for an nginx that serves the benchmark: a CA, a certificate per host,
 * files, and the configuration, all unprivileged and in that folder. Starts nothing.
 *   bench_origin DIR TLS_PORT H2_PORT PLAIN_PORT HOSTS [FILES SIZE]...
 */
#include "tests/bench/load_body.h"
#include "tests/kit/make_cert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN = 3 + BODY_DIGITS, TRAIL_HOPS = 5, NAME_MAX_LEN = 64, FILE_PATH_MAX = 512 };

static const char *dir;

static void die(const char *what)
{
	fprintf(stderr, "bench_origin: %s: %s\n", what, strerror(errno));
	exit(2);
}

static char *in_dir(char path[FILE_PATH_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static char *in_dir(char path[FILE_PATH_MAX], const char *format, ...)
{
	int n = snprintf(path, FILE_PATH_MAX, "%s/", dir);
	va_list args;
	va_start(args, format);
	n += vsnprintf(path + n, FILE_PATH_MAX - (size_t)n, format, args);
	va_end(args);
	if (n >= FILE_PATH_MAX)
		die("path too long");
	return path;
}

static FILE *create(const char *name)
{
	char path[FILE_PATH_MAX];
	FILE *f = fopen(in_dir(path, "%s", name), "w");
	if (f == NULL)
		die(path);
	return f;
}

static void finish(FILE *f, const char *name)
{
	if (ferror(f) != 0 || fclose(f) != 0)
		die(name);
}

static void make_folder(const char *name)
{
	char path[FILE_PATH_MAX];
	if (mkdir(in_dir(path, "%s", name), 0755) != 0 && errno != EEXIST)
		die(path);
}

static void make_host(const struct made *ca, const char *host)
{
	char san[NAME_MAX_LEN + 8], path[FILE_PATH_MAX];
	snprintf(san, sizeof san, "DNS:%s", host);
	struct made leaf = make_leaf(san, ca);
	made_write_pem(&leaf, in_dir(path, "certs/%s.crt", host));
	made_write_key(&leaf, in_dir(path, "certs/%s.key", host));
	made_free(&leaf);
}

/* A server per host: certificates are loaded once, not per handshake. */
static void put_server(FILE *f, const char *host, const char *listen, const char *more)
{
	fprintf(f,
		"server {\n\tlisten %s;\n\tserver_name %s;\n"
		"\tssl_certificate certs/%s.crt;\n\tssl_certificate_key certs/%s.key;\n"
		"\t%s\n\tinclude locations.conf;\n}\n",
		listen, host, host, host, more);
}

static void put_padding(FILE *f, const char *name, size_t block_len)
{
	char padding[BODY_BLOCK];
	size_t n = body_padding(padding, block_len, PATH_LEN);
	fprintf(f, "map $host $%s {\n\tdefault \"%.*s\";\n}\n", name, (int)n, padding);
}

static void put_main(FILE *f)
{
	/* Run as root, the worker would become nobody, who may not write in our folder. */
	if (geteuid() == 0)
		fputs("user root;\n", f);
	fputs("worker_processes 1;\ndaemon off;\npid nginx.pid;\nerror_log error.log warn;\n"
	      "worker_rlimit_nofile 60000;\n"
	      "events {\n\tworker_connections 30000;\n}\n"
	      "http {\naccess_log off;\ndefault_type text/html;\n"
	      "client_body_temp_path tmp/body;\nproxy_temp_path tmp/proxy;\n"
	      "fastcgi_temp_path tmp/fastcgi;\nuwsgi_temp_path tmp/uwsgi;\n"
	      "scgi_temp_path tmp/scgi;\n"
	      "server_names_hash_max_size 16384;\nmap_hash_max_size 16384;\n"
	      "keepalive_requests 1000000000;\nkeepalive_timeout 3600;\n"
	      "keepalive_time 100h;\nclient_body_timeout 600;\nsend_timeout 600;\n"
	      "http2_max_concurrent_streams 256;\n"
	      "ssl_session_cache off;\nssl_session_tickets off;\n"
	      "ssl_protocols TLSv1.2 TLSv1.3;\nsendfile on;\ntcp_nopush on;\n"
	      "client_max_body_size 0;\n",
		f);
}

static void put_locations(void)
{
	FILE *f = create("locations.conf");
	fprintf(f, "location /r/ {\n\treturn 200 \"" BODY_BEFORE "$request_uri" BODY_AFTER
		   "$pad_small\";\n}\n"
		   "location /t/ {\n\treturn 200 \"" BODY_BEFORE "$request_uri" BODY_AFTER
		   "$pad_small\";\n}\n"
		   "location /p/ {\n\treturn 200 \"");
	for (int i = 0; i < BODY_PAGE_BLOCKS; i++)
		fputs(BODY_BEFORE "$request_uri" BODY_AFTER "$pad_block", f);
	fputs("\";\n}\n"
	      "location /d/ {\n\troot files;\n\tdefault_type application/octet-stream;\n}\n"
	      "location /u/ {\n\troot files;\n\tdav_methods PUT;\n}\n",
		f);
	finish(f, "locations.conf");
}

static void put_trail(FILE *f, const struct made *ca, const char *listen, int tls_port)
{
	for (int hop = 1; hop <= TRAIL_HOPS; hop++) {
		char host[NAME_MAX_LEN], more[256] = "";
		snprintf(host, sizeof host, "t%d.bench.test", hop);
		make_host(ca, host);
		if (hop < TRAIL_HOPS)
			snprintf(more, sizeof more,
				"location ~ ^/t/ { return 302 "
				"https://t%d.bench.test:%d$request_uri; }",
				hop + 1, tls_port);
		put_server(f, host, listen, more);
	}
}

static void put_config(
	const struct made *ca, int tls_port, int h2_port, int plain_port, int hosts)
{
	char listen[64];
	FILE *f = create("nginx.conf");
	put_main(f);
	put_padding(f, "pad_small", BODY_SMALL);
	put_padding(f, "pad_block", BODY_BLOCK);
	make_host(ca, "bench.test");
	snprintf(listen, sizeof listen, "127.0.0.1:%d ssl default_server backlog=8192",
		tls_port);
	put_server(f, "bench.test", listen, "");
	snprintf(listen, sizeof listen, "127.0.0.1:%d ssl http2 backlog=8192", h2_port);
	put_server(f, "bench.test", listen, "");
	snprintf(listen, sizeof listen, "127.0.0.1:%d ssl", tls_port);
	put_trail(f, ca, listen, tls_port);
	for (int i = 0; i < hosts; i++) {
		char host[NAME_MAX_LEN];
		snprintf(host, sizeof host, "h%04d.bench.test", i);
		make_host(ca, host);
		put_server(f, host, listen, "");
	}
	fprintf(f,
		"server {\n\tlisten 127.0.0.1:%d backlog=8192;\n\tserver_name bench.test;\n"
		"\tinclude locations.conf;\n}\n}\n",
		plain_port);
	finish(f, "nginx.conf");
	put_locations();
}

/* Names for those proxies that read a hosts file. */
static void put_hosts(int hosts)
{
	FILE *f = create("hosts");
	fputs("127.0.0.1 localhost bench.test\n", f);
	for (int i = 1; i <= TRAIL_HOPS; i++)
		fprintf(f, "127.0.0.1 t%d.bench.test\n", i);
	for (int i = 0; i < hosts; i++)
		fprintf(f, "127.0.0.1 h%04d.bench.test\n", i);
	finish(f, "hosts");
}

static void put_file(unsigned number, uint64_t size)
{
	char name[NAME_MAX_LEN], bytes[64 * 1024];
	struct body body;
	snprintf(name, sizeof name, "files/d/%08u-%llu", number, (unsigned long long)size);
	FILE *f = create(name);
	body_init(&body, BODY_KIND_FILE, "", number, size);
	for (size_t n; (n = body_make(&body, bytes, sizeof bytes)) > 0;)
		if (fwrite(bytes, 1, n, f) != n)
			die(name);
	finish(f, name);
}

int main(int argc, char **argv)
{
	char path[FILE_PATH_MAX];
	if (argc < 6 || (argc - 6) % 2 != 0) {
		fputs("usage: bench_origin DIR TLS_PORT H2_PORT PLAIN_PORT HOSTS "
		      "[FILES SIZE]...\n",
			stderr);
		return 1;
	}
	dir = argv[1];
	static const char *const folders[] = {"certs", "tmp", "files", "files/d", "files/u"};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		make_folder(folders[i]);
	struct made ca = make_root("clicktrail bench origin CA");
	made_write_pem(&ca, in_dir(path, "ca.crt"));
	/* For those proxies that bring none of their own. */
	struct made proxy_ca = make_root("clicktrail bench proxy CA");
	made_write_pem(&proxy_ca, in_dir(path, "proxy-ca.crt"));
	made_write_key(&proxy_ca, in_dir(path, "proxy-ca.key"));
	made_free(&proxy_ca);
	int hosts = atoi(argv[5]);
	put_config(&ca, atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), hosts);
	put_hosts(hosts);
	for (int i = 6; i < argc; i += 2)
		for (unsigned n = 0; n < (unsigned)atoi(argv[i]); n++)
			put_file(n, strtoull(argv[i + 1], NULL, 10));
	made_free(&ca);
	return 0;
}
