#include "store/derive/html_cue_parse.h"

#include <setjmp.h>
#include <stdlib.h>

/* Before each block that gumbo asks for, so that its pointers can be told from strangers'
 * bytes. */
struct block {
	size_t size;
	size_t magic;
};
enum { BLOCK_MAGIC = 0x6b6f6f62 };

struct meter {
	struct html_parse *parse;
	struct span html;
	size_t used;
	size_t attributes;     /* since the last node */
	const GumboNode *last; /* the newest block that has a node's size */
	size_t reached; /* offset of the newest start tag that became a node; SIZE_MAX: none yet
			 */
	jmp_buf stop;
};

/* Is p the start of a block of ours with room for a node? Only such pointers are followed. */
static bool is_node(const struct meter *m, const void *p)
{
	uintptr_t at = (uintptr_t)p, from = (uintptr_t)m->parse->memory;
	if (at < from + sizeof(struct block) || at >= from + m->used || at % 16 != 0)
		return false;
	const struct block *b =
		(const struct block *)(const void *)((const uint8_t *)p - sizeof *b);
	return b->magic == BLOCK_MAGIC && b->size == sizeof(GumboNode);
}

/* How far into the source was the newest node's tag? */
static void note_reached(struct meter *m)
{
	const GumboNode *n = m->last;
	if (n == NULL || (n->type != GUMBO_NODE_ELEMENT && n->type != GUMBO_NODE_TEMPLATE))
		return;
	uintptr_t at = (uintptr_t)n->v.element.original_tag.data, from = (uintptr_t)m->html.p;
	if (at >= from && at < from + m->html.n)
		m->reached = at - from;
}

static size_t depth_of_last(const struct meter *m)
{
	size_t depth = 0;
	for (const GumboNode *n = m->last; depth <= HTML_DEPTH_MAX && is_node(m, n);
		n = n->parent)
		depth++;
	return depth;
}

static void *meter_alloc(void *ctx, size_t size)
{
	struct meter *m = ctx;
	size_t need = sizeof(struct block) + ((size + 15) & ~(size_t)15);
	bool node = size == sizeof(GumboNode), deep = false;
	m->attributes = node ? 0 : m->attributes + (size == sizeof(GumboAttribute));
	if (node) {
		/* By the time that gumbo wants another node, the one before has its place in
		 * the tree. */
		note_reached(m);
		deep = depth_of_last(m) > HTML_DEPTH_MAX;
	}
	if (deep || size > m->parse->size || m->used + need > m->parse->size ||
		m->parse->work + need > HTML_WORK_MAX || m->attributes > HTML_ATTRIBUTES_MAX) {
		note_reached(m);
		longjmp(m->stop, 1);
	}
	uint8_t *p = m->parse->memory + m->used;
	memset(p, 0, need);
	*(struct block *)(void *)p = (struct block){size, BLOCK_MAGIC};
	m->used += need;
	m->parse->work += need;
	p += sizeof(struct block);
	if (node)
		m->last = (const GumboNode *)(const void *)p;
	return p;
}

/* Everything goes at once when the piece is done: no walk over a hostile tree. */
static void meter_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

void html_parse_init(struct html_parse *p, size_t html_bytes)
{
	size_t size = html_bytes > HTML_MEMORY_MAX / HTML_MEMORY_RATIO
			      ? HTML_MEMORY_MAX
			      : html_bytes * HTML_MEMORY_RATIO;
	*p = (struct html_parse){.size = size < HTML_MEMORY_MIN ? HTML_MEMORY_MIN : size};
	p->memory = malloc(p->size);
	if (p->memory == NULL)
		abort();
}

void html_parse_fini(struct html_parse *p)
{
	free(p->memory);
	*p = (struct html_parse){0};
}

/* Parse one piece to its end and show it; false if a limit stopped it, m->reached is then
 * where. *m is the caller's, so that its content survives the jump. */
static bool parse_piece(struct meter *m, struct span html, html_visit_fn *visit, void *ctx)
{
	*m = (struct meter){.parse = m->parse, .html = html, .reached = SIZE_MAX};
	GumboOptions options = kGumboDefaultOptions;
	options.allocator = meter_alloc;
	options.deallocator = meter_free;
	options.userdata = m;
	options.max_errors = 0;
	if (setjmp(m->stop) != 0)
		return false;
	const GumboOutput *out =
		gumbo_parse_with_options(&options, (const char *)html.p, html.n);
	if (out != NULL && out->root != NULL)
		visit(ctx, out->root);
	return true;
}

void html_parse_each(struct html_parse *p, struct span html, html_visit_fn *visit, void *ctx)
{
	struct meter m = {.parse = p};
	while (html.n > 0 && p->work < HTML_WORK_MAX) {
		if (parse_piece(&m, html, visit, ctx))
			return;
		p->limits = true;
		size_t reached = m.reached;
		if (reached != SIZE_MAX && reached > 0) {
			/* What came before the tag that was too much is a document of its own,
			 * the rest another. */
			(void)parse_piece(&m, span_first(html, reached), visit, ctx);
		} else {
			reached = span_find_byte(html, '>', 0);
			reached = reached == SIZE_MAX ? html.n : reached + 1;
		}
		html = span_from(html, reached);
	}
	p->limits |= html.n > 0;
}
