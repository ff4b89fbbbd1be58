/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "stats.h"

static const char *const names[SWARM_COUNTS] = {
	[SWARM_CONNECTS] = "connects",    [SWARM_RESUMED] = "resumed",   [SWARM_LATER] = "later",
	[SWARM_REFUSED] = "refused",      [SWARM_LOST] = "lost",         [SWARM_KICKS] = "kicks",
	[SWARM_PUBLISHES] = "publishes",  [SWARM_PUBACK_0] = "puback0",  [SWARM_PUBACK_16] = "puback16",
	[SWARM_PUBACK_135] = "puback135", [SWARM_COMMANDS] = "commands",
};

/* The two numbers after `skip` words. */
static bool read_fields(const char *text, unsigned skip, unsigned long *a, unsigned long *b)
{
	char *end = NULL;

	while (skip-- > 0) {
		text += strspn(text, " ");
		text += strcspn(text, " ");
	}
	*a = strtoul(text, &end, 10);
	if (end == text)
		return false;
	text = end;
	*b = strtoul(text, &end, 10);
	return end != text;
}

/* Fields 14 and 15 of /proc/PID/stat, after the name, which may hold blanks. */
static double read_cpu(int pid)
{
	char path[64], text[1024] = { 0 };
	unsigned long user = 0, system = 0;
	const char *rest;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fread(text, 1, sizeof(text) - 1, f) == 0)
		text[0] = '\0';
	fclose(f);
	rest = strrchr(text, ')');
	if (rest == NULL || !read_fields(rest + 1, 11, &user, &system))
		return 0;
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static uint64_t read_rss(int pid)
{
	char path[64], text[256];
	unsigned long rss = 0, rest = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) == NULL || !read_fields(text, 1, &rss, &rest))
		rss = 0;
	fclose(f);
	return (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

void stats_take(const struct swarm_opts *o, const struct swarm_shared *shared, struct stats *s)
{
	memset(s, 0, sizeof(*s));
	s->at_us = swarm_now_us();
	for (uint32_t w = 0; w < o->workers; w++) {
		for (int i = 0; i < SWARM_COUNTS; i++)
			s->count[i] +=
				atomic_load_explicit(&shared->worker[w].count[i], memory_order_relaxed);
		for (int i = 0; i < SWARM_BUCKETS; i++)
			s->latency[i] +=
				atomic_load_explicit(&shared->worker[w].latency[i], memory_order_relaxed);
		s->up += atomic_load_explicit(&shared->worker[w].up, memory_order_relaxed);
	}
	for (size_t i = 0; i < o->n_watch; i++) {
		s->cpu_s[i] = read_cpu(o->watch[i].pid);
		s->rss_kib[i] = read_rss(o->watch[i].pid);
	}
}

/* Lower bound of the bucket. */
static uint64_t bucket_us(unsigned bucket)
{
	return bucket < 8 ? bucket : (uint64_t)(4 + bucket % 4) << (bucket / 4 - 2);
}

uint64_t stats_percentile(const struct stats *from, const struct stats *to, double part)
{
	uint64_t total = 0, sum = 0;

	for (unsigned i = 0; i < SWARM_BUCKETS; i++)
		total += to->latency[i] - from->latency[i];
	for (unsigned i = 0; i < SWARM_BUCKETS; i++) {
		sum += to->latency[i] - from->latency[i];
		if (total > 0 && (double)sum >= part * (double)total)
			return bucket_us(i);
	}
	return 0;
}

void stats_csv_head(const struct swarm_opts *o, FILE *out)
{
	fputs("t_s,phase,up", out);
	for (int i = 0; i < SWARM_COUNTS; i++)
		fprintf(out, ",%s", names[i]);
	fputs(",p50_us,p95_us,p99_us", out);
	for (size_t i = 0; i < o->n_watch; i++)
		fprintf(out, ",%s_cpu_s,%s_rss_kib", o->watch[i].name, o->watch[i].name);
	fputc('\n', out);
}

void stats_csv(const struct swarm_opts *o, FILE *out, const char *phase, const struct stats *from,
	       const struct stats *to)
{
	static int64_t start_us;

	if (start_us == 0)
		start_us = from->at_us;
	fprintf(out, "%.1f,%s,%" PRId64, (double)(to->at_us - start_us) / 1e6, phase, to->up);
	for (int i = 0; i < SWARM_COUNTS; i++)
		fprintf(out, ",%" PRIu64, to->count[i] - from->count[i]);
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, stats_percentile(from, to, 0.5),
		stats_percentile(from, to, 0.95), stats_percentile(from, to, 0.99));
	for (size_t i = 0; i < o->n_watch; i++)
		fprintf(out, ",%.2f,%" PRIu64, to->cpu_s[i] - from->cpu_s[i], to->rss_kib[i]);
	fputc('\n', out);
	fflush(out);
}

void stats_summary(const struct swarm_opts *o, const char *phase, const struct stats *from,
		   const struct stats *to)
{
	fprintf(stderr, "summary phase=%s seconds=%.2f up=%" PRId64, phase,
		(double)(to->at_us - from->at_us) / 1e6, to->up);
	for (int i = 0; i < SWARM_COUNTS; i++)
		fprintf(stderr, " %s=%" PRIu64, names[i], to->count[i] - from->count[i]);
	fprintf(stderr, " p50_us=%" PRIu64 " p99_us=%" PRIu64, stats_percentile(from, to, 0.5),
		stats_percentile(from, to, 0.99));
	for (size_t i = 0; i < o->n_watch; i++)
		fprintf(stderr, " %s_cpu_s=%.2f %s_rss_kib=%" PRIu64, o->watch[i].name,
			to->cpu_s[i] - from->cpu_s[i], o->watch[i].name, to->rss_kib[i]);
	fputc('\n', stderr);
}
