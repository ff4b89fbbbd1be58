/* factcomp.h -- kinds of facts about components, and what their slots mean.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FACTCOMP_H
#define HF_FACTCOMP_H
#include <hf/fact.h>

enum {
	HF_FACT_PACKAGE = HF_FACT_COMP_FIRST, /* one package of a package database */
	HF_FACT_OWNS,                         /* a package owns a file, and the digest it recorded */
	HF_FACT_VERSION,                      /* a version signature matched in a binary */
	HF_FACT_APPLETS,                      /* applet table of a BusyBox */
};
#endif
