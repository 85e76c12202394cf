#include "store/derive/html_cue_elements.h"

#include <stdlib.h>

/* In order of their names. What is not here is left to the parser: tables, select, svg, ... */
static const struct html_known elements[] = {
	{"a", HOW_FORMAT, HTML_TAG_A},
	{"abbr", HOW_PLAIN, HTML_TAG_OTHER},
	{"address", HOW_BLOCK, HTML_TAG_OTHER},
	{"area", HOW_VOID, HTML_TAG_AREA},
	{"article", HOW_BLOCK, HTML_TAG_OTHER},
	{"aside", HOW_BLOCK, HTML_TAG_OTHER},
	{"audio", HOW_PLAIN, HTML_TAG_OTHER},
	{"b", HOW_FORMAT, HTML_TAG_OTHER},
	{"base", HOW_HEAD_VOID, HTML_TAG_BASE},
	{"blockquote", HOW_BLOCK, HTML_TAG_OTHER},
	{"body", HOW_ROOT, HTML_TAG_OTHER},
	{"br", HOW_VOID, HTML_TAG_OTHER},
	{"button", HOW_ONCE, HTML_TAG_CONTROL},
	{"canvas", HOW_PLAIN, HTML_TAG_OTHER},
	{"center", HOW_BLOCK, HTML_TAG_OTHER},
	{"cite", HOW_PLAIN, HTML_TAG_OTHER},
	{"code", HOW_FORMAT, HTML_TAG_OTHER},
	{"div", HOW_BLOCK, HTML_TAG_OTHER},
	{"em", HOW_FORMAT, HTML_TAG_OTHER},
	{"embed", HOW_VOID, HTML_TAG_FRAME},
	{"fieldset", HOW_BLOCK, HTML_TAG_OTHER},
	{"figcaption", HOW_BLOCK, HTML_TAG_OTHER},
	{"figure", HOW_BLOCK, HTML_TAG_OTHER},
	{"footer", HOW_BLOCK, HTML_TAG_OTHER},
	{"form", HOW_ONCE, HTML_TAG_FORM},
	{"h1", HOW_HEADING, HTML_TAG_OTHER},
	{"h2", HOW_HEADING, HTML_TAG_OTHER},
	{"h3", HOW_HEADING, HTML_TAG_OTHER},
	{"h4", HOW_HEADING, HTML_TAG_OTHER},
	{"h5", HOW_HEADING, HTML_TAG_OTHER},
	{"h6", HOW_HEADING, HTML_TAG_OTHER},
	{"head", HOW_ROOT, HTML_TAG_OTHER},
	{"header", HOW_BLOCK, HTML_TAG_OTHER},
	{"hr", HOW_VOID, HTML_TAG_OTHER},
	{"html", HOW_ROOT, HTML_TAG_OTHER},
	{"i", HOW_FORMAT, HTML_TAG_OTHER},
	{"iframe", HOW_RAW, HTML_TAG_FRAME},
	{"img", HOW_VOID, HTML_TAG_OTHER},
	{"input", HOW_VOID, HTML_TAG_CONTROL},
	{"label", HOW_PLAIN, HTML_TAG_OTHER},
	{"legend", HOW_PLAIN, HTML_TAG_OTHER},
	{"li", HOW_ITEM, HTML_TAG_OTHER},
	{"link", HOW_HEAD_VOID, HTML_TAG_OTHER},
	{"main", HOW_BLOCK, HTML_TAG_OTHER},
	{"meta", HOW_HEAD_VOID, HTML_TAG_META},
	{"nav", HOW_BLOCK, HTML_TAG_OTHER},
	{"noscript", HOW_NOSCRIPT, HTML_TAG_OTHER},
	{"ol", HOW_LIST, HTML_TAG_OTHER},
	{"p", HOW_BLOCK, HTML_TAG_OTHER},
	{"picture", HOW_PLAIN, HTML_TAG_OTHER},
	{"script", HOW_HEAD_RAW, HTML_TAG_SCRIPT},
	{"section", HOW_BLOCK, HTML_TAG_OTHER},
	{"small", HOW_FORMAT, HTML_TAG_OTHER},
	{"source", HOW_VOID, HTML_TAG_OTHER},
	{"span", HOW_PLAIN, HTML_TAG_OTHER},
	{"strong", HOW_FORMAT, HTML_TAG_OTHER},
	{"style", HOW_HEAD_RAW, HTML_TAG_OTHER},
	{"sub", HOW_PLAIN, HTML_TAG_OTHER},
	{"sup", HOW_PLAIN, HTML_TAG_OTHER},
	{"textarea", HOW_RAW, HTML_TAG_CONTROL},
	{"time", HOW_PLAIN, HTML_TAG_OTHER},
	{"title", HOW_HEAD_RAW, HTML_TAG_OTHER},
	{"u", HOW_FORMAT, HTML_TAG_OTHER},
	{"ul", HOW_LIST, HTML_TAG_OTHER},
	{"video", HOW_PLAIN, HTML_TAG_OTHER},
	{"wbr", HOW_VOID, HTML_TAG_OTHER},
};

static int by_name(const void *key, const void *element)
{
	return strcmp(key, ((const struct html_known *)element)->name);
}

const struct html_known *html_known(const char *name)
{
	return bsearch(
		name, elements, sizeof elements / sizeof *elements, sizeof *elements, by_name);
}
