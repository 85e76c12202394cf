/* Facts joined by exchange, and bodies with their content codings off. */
#include "store/derive/decode.h"
#include "store/derive/model.h"
#include "tests/kit/build_facts.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

/* "the same text, the same text" in br and zstd, made by the brotli and zstd command line tools. */
