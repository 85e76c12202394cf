#include "store/fact/notes.h"

static const struct {
	const char *word, *sentence;
} note_table[] = {
#define NOTE(name, word, sentence) {word, sentence},
#include "store/fact/notes.tbl"
#undef NOTE
};

const char *note_word(enum note_code code)
{
	return note_table[code].word;
}

const char *note_sentence(enum note_code code)
{
	return note_table[code].sentence;
}
