/* check_mcu.c -- images for chips without an operating system.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_util.h"

extern const struct hf_rule hf_rules_mcu[];
extern const size_t hf_n_rules_mcu;

enum { COMMANDS_ENOUGH = 2 };

static void run_signed(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SETTING, f, i)
	{
		struct hf__chk_where at = { .path = f->path, .key = f->text[HF_SETTING_NAME] };

		if (f->num[HF_SETTING_SUBJECT] != HF_SUBJECT_MCUSIGN)
			continue;
		if (f->num[HF_SETTING_STATE] == HF_STATE_YES)
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "%.*s image without a signature",
				       HF__CHK_ARG(f->text[HF_SETTING_NAME], 40u));
	}
	/* An ELF file is what an image is made from: the signature comes later. */
	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	if ((f->num[HF_ELF_FLAGS] & HF_ELFF_MCU) != 0)
		hf_unknown(c, rule, f->path, "an ELF file: audit the image that is flashed");
}

static void run_commands(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		size_t first = 0, n = hf_model_of(m, HF_FACT_HIT, f->path, &first);
		const struct hf_fact *shown = NULL;
		unsigned commands = 0;

		if (f->num[HF_FILE_KIND] != HF_KIND_MCU)
			continue;
		for (size_t k = first; k < first + n; k++) {
			const struct hf_fact *hit = hf_model_at(m, HF_FACT_HIT, k);

			if (hit->num[HF_HIT_CLASS] != HF_HITC_MCUDEBUG)
				continue;
			shown = shown == NULL ? hit : shown;
			commands++;
		}
		if (commands >= COMMANDS_ENOUGH) {
			struct hf__chk_where at = { .path = f->path,
						    .offset = shown->num[HF_HIT_OFFSET],
						    .length = shown->num[HF_HIT_LENGTH],
						    .key = shown->text[HF_HIT_NAME] };

			hf__chk_report(c, rule, &at, "%.*s and %u more",
				       HF__CHK_ARG(shown->text[HF_HIT_NAME], 60u), commands - 1);
		} else if (commands == 1) {
			hf_unknown(c, rule, f->path, "one word of a debug command, which may be chance");
		} else {
			hf_pass(c, rule);
		}
	}
}

static void run_keys(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	{
		uint64_t class = f->num[HF_KEY_CLASS];
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_KEY_OFFSET],
					    .length = f->num[HF_KEY_LENGTH],
					    .key = f->text[HF_KEY_SPKI] };

		if (f->num[HF_KEY_KIND] != HF_KIND_MCU)
			continue;
		if (class == HF_KEYC_ENCRYPTED)
			hf_unknown(c, rule, f->path,
				   "an encrypted key: where its passphrase lies is not seen");
		else if (class == HF_KEYC_PRIVATE)
			hf__chk_report(c, rule, &at, "private key, %u bit, %.*s",
				       (unsigned)f->num[HF_KEY_BITS],
				       HF__CHK_ARG(f->text[HF_KEY_EVIDENCE], 40u));
		else
			hf_pass(c, rule);
	}
}

const struct hf_rule hf_rules_mcu[] = {
	{ "MCU-001", HF_SEV_HIGH, 347, "an image has no signature that a boot loader could check",
	  "sign it (imgtool sign, wolfBoot's sign) and let the boot loader refuse others",
	  "EN303645:5.7-1 IEC62443:EDR3.11", run_signed },
	{ "MCU-002", HF_SEV_MEDIUM, 489, "an image answers debug or factory commands",
	  "leave them out of the product build, or let them ask for a signed command", "EN303645:5.6-4",
	  run_commands },
	{ "MCU-003", HF_SEV_CRITICAL, 321, "a private key lies in plain in an image",
	  "make keys on the chip, in its secure storage; this one is known to whoever reads one image",
	  "EN303645:5.4-1 EN303645:5.4-3 EN18031:CCK", run_keys },
};
const size_t hf_n_rules_mcu = sizeof(hf_rules_mcu) / sizeof(hf_rules_mcu[0]);
