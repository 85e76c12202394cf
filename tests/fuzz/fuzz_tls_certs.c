/* Certificates and what hangs on them: the first byte says what the rest is read as. */
#include "capture/wire/tls_certs.h"
#include "capture/wire/tls_certs_detail.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_scts(const struct tls_scts *s)
{
	MUST(s->n <= TLS_SCTS_MAX);
	for (size_t i = 0; i < s->n; i++)
		MUST(s->list[i].log_id.n == 32);
}

static void check_cert(struct span der, struct arena *a)
{
	struct tls_cert texts;
	struct tls_cert_detail d;
	struct err err = {0};
	bool good = tls_cert_detail(der, a, &d, &err);
	MUST(good == tls_cert_decode(der, a, &texts, &err));
	if (!good)
		return;
	check_scts(&d.scts);
	MUST(!d.self_signed || d.self_issued);
	MUST(d.issuer_org.p == NULL || d.issuer_org.n <= der.n * 4);
	MUST(span_find_byte(texts.subject, '\n', 0) == SIZE_MAX);
	MUST(span_find_byte(texts.san, '\n', 0) == SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct tls_scts scts;
	if (size == 0)
		return 0;
	struct span rest = span_of(data + 1, size - 1);
	if (data[0] % 3 == 0) {
		check_cert(rest, &a);
	} else if (data[0] % 3 == 1) {
		tls_sct_list(rest, &a, &scts);
		check_scts(&scts);
	} else {
		tls_ocsp_scts(rest, &a, &scts);
		check_scts(&scts);
	}
	arena_fini(&a);
	return 0;
}
