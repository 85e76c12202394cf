/*
 * The words that facts of flows may carry. Only ever appended.
 */
#ifndef STORE_FACT_FLOW_H
#define STORE_FACT_FLOW_H

/* How a TCP connection ended, as packets show it. */
#define FLOW_ENDS(X)                                                                           \
	X(OPEN, "open")           /* it went on when the file ended */                         \
	X(FIN, "fin")             /* both sides ended it */                                    \
	X(HALF, "half")           /* one side ended it, and nothing more was seen */           \
	X(RESET, "reset")         /* RST */                                                    \
	X(REFUSED, "refused")     /* SYN, answered by RST */                                   \
	X(NO_ANSWER, "no-answer") /* SYN, not answered */

enum flow_ended {
#define X(name, word) FLOW_ENDED_##name,
	FLOW_ENDS(X)
#undef X
};

static inline const char *flow_ended_word(enum flow_ended ended)
{
	static const char *const words[] = {
#define X(name, word) word,
		FLOW_ENDS(X)
#undef X
	};
	return words[ended];
}

/* Were the secrets of a TLS connection at hand? */
#define FLOW_KEYS(X)                                                                           \
	X(NONE, "none")     /* no line of the key log is of this connection */                 \
	X(FOUND, "found")   /* and its records decrypt */                                      \
	X(WRONG, "wrong")   /* there are lines, but its records do not decrypt by them */      \
	X(UNUSED, "unused") /* nothing encrypted was seen */                                   \
	X(UNKNOWN, "unknown-cipher") /* a cipher suite that cannot be decrypted here */

enum flow_keys {
#define X(name, word) FLOW_KEYS_##name,
	FLOW_KEYS(X)
#undef X
};

static inline const char *flow_keys_word(enum flow_keys keys)
{
	static const char *const words[] = {
#define X(name, word) word,
		FLOW_KEYS(X)
#undef X
	};
	return words[keys];
}

/* 0-RTT (RFC 8446 2.3). */
#define FLOW_EARLY(X)                                                                          \
	X(NONE, "none")                                                                        \
	X(OFFERED, "offered") /* what came of it was not seen */                               \
	X(REFUSED, "refused")                                                                  \
	X(ACCEPTED, "accepted")

enum flow_early {
#define X(name, word) FLOW_EARLY_##name,
	FLOW_EARLY(X)
#undef X
};

static inline const char *flow_early_word(enum flow_early early)
{
	static const char *const words[] = {
#define X(name, word) word,
		FLOW_EARLY(X)
#undef X
	};
	return words[early];
}

#endif
