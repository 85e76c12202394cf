#include "tests/kit/stamp_authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PATIENCE_S = 20 };

static const char config[] = "[tsa]\ndefault_tsa = us\n[us]\nserial = ./serial\n"
			     "crypto_device = builtin\nsigner_cert = ./signer.pem\n"
			     "signer_key = ./signer.key\ncerts = ./root.pem\n"
			     "signer_digest = sha256\ndefault_policy = 1.2.3.4.1\n"
			     "digests = sha256\naccuracy = secs:1, millisecs:500\n"
			     "tsa_name = yes\ness_cert_id_chain = yes\n"
			     "ess_cert_id_alg = sha256\n";

static const char *path(struct stamp_authority *t, const char *name)
{
	return arena_printf(&t->openssl.arena, "%s/%s", t->openssl.dir, name);
}

static void write_file(struct stamp_authority *t, const char *name, struct span bytes)
{
	FILE *f = fopen(path(t, name), "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fclose(f), 0);
}

static void read_file(struct stamp_authority *t, const char *name, struct buf *out)
{
	FILE *f = fopen(path(t, name), "re");
	assert_non_null(f);
	for (size_t n; (n = fread(buf_room(out, 4096), 1, 4096, f)) > 0;)
		buf_grew(out, n);
	fclose(f);
}

void stamp_authority_start(struct stamp_authority *t)
{
	struct buf pem = {0};
	*t = (struct stamp_authority){0};
	run_program_folder(&t->openssl);
	t->openssl.program = "/usr/bin/openssl";
	t->root = make_stamp_root("Local Root");
	t->signer = make_stamp_signer("Local Authority", NULL, &t->root);
	made_write_pem(&t->root, path(t, "root.pem"));
	made_write_pem(&t->signer, path(t, "signer.pem"));
	made_write_key(&t->signer, path(t, "signer.key"));
	write_file(t, "serial", span_str("01\n"));
	write_file(t, "tsa.cnf", span_str(config));
	read_file(t, "root.pem", &pem);
	t->root_pem = arena_copy(&t->openssl.arena, buf_span(&pem));
	buf_fini(&pem);
}

void stamp_authority_answer(struct stamp_authority *t, struct span request, struct buf *reply)
{
	static const char *const args[] = {"ts", "-reply", "-config", "tsa.cnf", "-queryfile",
		"request", "-out", "reply", NULL};
	write_file(t, "request", request);
	if (run_program(&t->openssl, PATIENCE_S, args) != 0)
		fail_msg("openssl: %s", run_program_stderr(&t->openssl));
	read_file(t, "reply", reply);
}

bool stamp_authority_agrees(struct stamp_authority *t, struct span token, struct span statement)
{
	static const char *const args[] = {"ts", "-verify", "-token_in", "-in", "token",
		"-data", "statement", "-CAfile", "root.pem", NULL};
	write_file(t, "token", token);
	write_file(t, "statement", statement);
	return run_program(&t->openssl, PATIENCE_S, args) == 0;
}

void stamp_authority_end(struct stamp_authority *t)
{
	made_free(&t->signer);
	made_free(&t->root);
	run_program_end(&t->openssl);
}
