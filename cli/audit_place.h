/* audit_place.h -- where the feed lies.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_PLACE_H
#define AUDIT_PLACE_H
#include <hf/why.h>
#include "cli.h"

/* The path that was named, or $XDG_DATA_HOME/holdfast/feed.db, or ~/.local/share/holdfast/feed.db.
 * Errors: HF_ERR_FILE_PATH. */
HF_MUST_CHECK hf_err audit_feed_place(const char *named, char out[static CLI_PATH_MAX], struct hf_why *why);
#endif
