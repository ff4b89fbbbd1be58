/* factscan.h -- kinds of facts that scans of single files give, and what their slots mean.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FACTSCAN_H
#define HF_FACTSCAN_H
#include <hf/fact.h>

enum {
	HF_FACT_ELF = HF_FACT_SCAN_FIRST, /* one program or library: hardening, needs, imports */
	HF_FACT_IMPORT,                   /* one undefined or defined dynamic symbol that a check asks for */
	HF_FACT_ACCOUNT,                  /* a line of passwd, shadow, htpasswd */
	HF_FACT_KEY,                      /* a private key, certificate, authorized key, token */
	HF_FACT_SERVICE,                  /* something that is started, and by what */
	HF_FACT_LISTENER,                 /* an address that a configuration listens on */
	HF_FACT_HIT,                      /* a literal or pattern of the automaton: rule, evidence */
	HF_FACT_SETTING,                  /* name and value of a configuration that a check asks for */
	HF_FACT_KERNEL,                   /* version, vermagic, EOL */
	HF_FACT_FLAG,                     /* one compiler flag missing or present in a build */
	HF_FACT_RESULT,                   /* one imported SARIF result */
};
#endif
