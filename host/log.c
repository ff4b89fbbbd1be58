/* The level is one atomic, the name is set before threads exist: no lock is needed, and each line is a
 * single write(), which the kernel keeps whole for pipes and terminals.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/log.h>

static const char *program_name = "";
static atomic_int level_kept = HF_LOG_INFO;
static bool to_journal;

static const char *const level_names[] = { "err", "warn", "info", "debug" };

void hf_log_open(const char *program, int level)
{
	program_name = program;
	to_journal = getenv("JOURNAL_STREAM") != NULL;
	hf_log_set_level(level);
}

void hf_log_set_level(int level)
{
	atomic_store(&level_kept, level);
}

int hf_log_level(void)
{
	return atomic_load(&level_kept);
}

int hf_log_level_of(const char *name)
{
	for (int i = HF_LOG_ERR; i <= HF_LOG_DEBUG; i++)
		if (strcmp(name, level_names[i]) == 0)
			return i;
	return -1;
}

static size_t put_head(char *line, size_t cap, int level)
{
	static const int syslog_level[] = { 3, 4, 6, 7 };
	struct timespec ts = { 0 };
	struct tm tm = { 0 };
	char when[32] = "";
	int n;

	if (to_journal) {
		n = snprintf(line, cap, "<%d>", syslog_level[level]);
		return n > 0 ? (size_t)n : 0;
	}
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(line, cap, "%s.%03ldZ %s%s%s ", when, ts.tv_nsec / 1000000, program_name,
		     program_name[0] != 0 ? " " : "", level_names[level]);
	return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

static void write_line(char *line, size_t len)
{
	/* A newline or escape sequence smuggled in by a caller must not make a second line. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[len] = '\n';
	/* Nobody is left to be told when stderr is gone. */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return;
}

static size_t append(char *line, size_t used, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static size_t append(char *line, size_t used, const char *fmt, va_list ap)
{
	int n = vsnprintf(line + used, HF_LOG_LINE_MAX - used, fmt, ap);

	if (n < 0)
		return used;
	used += (size_t)n;
	return used < HF_LOG_LINE_MAX - 1 ? used : HF_LOG_LINE_MAX - 2;
}

static size_t appendf(char *line, size_t used, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static size_t appendf(char *line, size_t used, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	used = append(line, used, fmt, ap);
	va_end(ap);
	return used;
}

void hf_log(int level, const char *area, const char *act, const char *fmt, ...)
{
	char line[HF_LOG_LINE_MAX] = "";
	size_t used;
	va_list ap;

	if (level > hf_log_level())
		return;
	used = put_head(line, sizeof(line), level);
	used = appendf(line, used, "%s: %s%s", area, act, fmt[0] != 0 ? " " : "");
	va_start(ap, fmt);
	used = append(line, used, fmt, ap);
	va_end(ap);
	write_line(line, used);
}

void hf_log_why(int level, const char *area, const char *act, hf_err err, const struct hf_why *why)
{
	char name[8];

	hf_err_name(err, name);
	hf_log(level, area, act, "code=%s why=\"%s\"", name,
	       why != NULL ? hf_why_text(why) : hf_err_text(err));
}

static bool is_plain(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

const char *hf_log_escape(struct hf_log_text *t, hf_bytes foreign)
{
	size_t used = 0;

	for (size_t i = 0; i < foreign.len; i++) {
		uint8_t c = foreign.ptr[i];
		size_t need = is_plain(c) ? 1 : 4;

		if (used + need > HF_LOG_TEXT_MAX) {
			memcpy(t->text + used, "..", 3);
			return t->text;
		}
		if (need == 1)
			t->text[used] = (char)c;
		else
			(void)snprintf(t->text + used, 5, "\\x%02x", c);
		used += need;
	}
	t->text[used] = 0;
	return t->text;
}
