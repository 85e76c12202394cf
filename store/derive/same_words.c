/* The words and sentences of a comparison, from their tables. */
#include "store/derive/same.h"

const char *same_verdict_word(enum same_verdict v)
{
	static const char *const words[] = {
#define X(name, word) word,
		SAME_VERDICTS(X)
#undef X
	};
	return words[v];
}

const char *same_why_word(enum same_why w)
{
	static const char *const words[] = {
#define X(name, word, sentence) word,
		SAME_WHYS(X)
#undef X
	};
	return words[w];
}

const char *same_why_sentence(enum same_why w)
{
	static const char *const sentences[] = {
#define X(name, word, sentence) sentence,
		SAME_WHYS(X)
#undef X
	};
	return sentences[w];
}

const char *same_limit_word(enum same_limit l)
{
	static const char *const words[] = {
#define X(name, word, sentence) word,
		SAME_LIMITS(X)
#undef X
	};
	return words[l];
}

const char *same_limit_sentence(enum same_limit l)
{
	static const char *const sentences[] = {
#define X(name, word, sentence) sentence,
		SAME_LIMITS(X)
#undef X
	};
	return sentences[l];
}

const char *same_what_word(enum same_what w)
{
	static const char *const words[] = {
#define X(name, word) word,
		SAME_WHATS(X)
#undef X
	};
	return words[w];
}

const char *same_weight_word(enum same_weight w)
{
	static const char *const words[] = {
#define X(name, word) word,
		SAME_WEIGHTS(X)
#undef X
	};
	return words[w];
}
