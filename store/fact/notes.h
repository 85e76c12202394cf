/*
 * The words that a note fact may carry; see notes.tbl.
 */
#ifndef STORE_FACT_NOTES_H
#define STORE_FACT_NOTES_H

enum note_code {
#define NOTE(name, word, sentence) NOTE_##name,
#include "store/fact/notes.tbl"
#undef NOTE
	NOTE_COUNT
};

const char *note_word(enum note_code code);
const char *note_sentence(enum note_code code);

#endif
