/*
 * What a parameter's name says about its value, whoever runs the link. Shared by link_*.c only.
 */
#ifndef STORE_DERIVE_LINK_NAMES_H
#define STORE_DERIVE_LINK_NAMES_H

#include "store/derive/wrapper.h"

/* Case, '-', '_' and '.' make no difference. LABEL_OTHER: nothing. */
enum wrapper_label link_name_label(struct span name);

#endif
