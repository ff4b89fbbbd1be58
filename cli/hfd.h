/* hfd.h -- a command on its way between people: deterministic CBOR ["hfd1", dev, bstr inner], no secret.
 * The reply key of the one who began it stays in FOLDER/commands.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HFD_H
#define HFD_H
#include <stdio.h>
#include "mission.h"

struct hfd {
	struct hf_buf file;
	char dev[HF_DEV_LEN + 1];
	struct hf_command c;
};
void hfd_drop(struct hfd *h);
/* Each prints its own error. */
bool hfd_write(const char *path, const char *dev, hf_bytes inner, bool fresh);
bool hfd_read(const char *path, struct hfd *h);
/* What the signed claims order; nothing comes from the file around them. */
void hfd_show(const struct hf_command *c, FILE *to);
bool hfd_reply_path(const struct session *s, const uint8_t *cti, char path[static SESSION_PATH_MAX]);
bool hfd_keep_reply(const struct mission *m);
/* Absent for everybody but the one who began the command: then the result stays sealed. */
void hfd_take_reply(struct mission *m);
#endif
