/* log.h -- one line per event on stderr: `area: act key=value`.
 * Promise: a line never breaks in two, whatever foreign text is in it; secrets have no way in.
 * Under systemd (JOURNAL_STREAM set) lines carry the journal's <n> level; elsewhere UTC time.
 * Thread rule: every function may be called from any thread; each line is one write().
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOG_H
#define HF_LOG_H
#include <hf/why.h>

enum { HF_LOG_ERR = 0, HF_LOG_WARN = 1, HF_LOG_INFO = 2, HF_LOG_DEBUG = 3 };
enum { HF_LOG_LINE_MAX = 1024, HF_LOG_TEXT_MAX = 128 };

/* Name shown first in each line ("holdfastd[enrol]") and the level kept; call once at start.
 * Before it: no name, level info. `program` is borrowed for ever. */
void hf_log_open(const char *program, int level);
void hf_log_set_level(int level);
int hf_log_level(void);
/* "err", "warn", "info", "debug" to a level, or -1. */
int hf_log_level_of(const char *name);

/* Write "area: act key=value…"; `fmt` may be "". Control characters are escaped, long lines cut. */
void hf_log(int level, const char *area, const char *act, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Same for a failure: adds code=XX1 and why="text". A NULL why shows the code's own text. */
void hf_log_why(int level, const char *area, const char *act, hf_err err, const struct hf_why *why);

/* Foreign bytes for a %s of hf_log: non-printing bytes, quotes, spaces and backslash become \xNN, cut at
 * HF_LOG_TEXT_MAX characters and then ends in "..". Use: HF_LOG_TEXT(bytes). */
struct hf_log_text {
	char text[HF_LOG_TEXT_MAX + 4];
};
const char *hf_log_escape(struct hf_log_text *t, hf_bytes foreign);
#define HF_LOG_TEXT(bytes) hf_log_escape(&(struct hf_log_text){ { 0 } }, (bytes))
#endif
