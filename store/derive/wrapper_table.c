/* The built-in rules as one list, joined once: those with hosts of their own first, shapes for
 * any host last. */
#include "store/derive/wrapper_table.h"

#include <assert.h>
#include <pthread.h>

enum { RULES_MAX = 160 };
static struct wrapper_rule all[RULES_MAX];
static size_t n_all;

static void join(void)
{
	static const struct wrapper_table *const tables[] = {&wrapper_table_security,
		&wrapper_table_esp, &wrapper_table_redirector, &wrapper_table_affiliate,
		&wrapper_table_shape};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		assert(n_all + tables[i]->n <= RULES_MAX);
		memcpy(all + n_all, tables[i]->rules, tables[i]->n * sizeof *all);
		n_all += tables[i]->n;
	}
}

const struct wrapper_rule *wrapper_builtin(size_t *n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, join);
	*n = n_all;
	return all;
}
