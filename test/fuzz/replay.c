/* replay.c -- runs a fuzz target over its seed corpus without libFuzzer, one TAP case per seed.
 * Each seed is tried whole, at every shorter length, and with every byte changed a few ways, so that
 * a plain test run under sanitizers already walks most refusals of a parser.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

enum {
	SEED_MAX = 1 << 17, /* bytes; larger seeds belong to a nightly run */
	CUTS_MAX = 1024,    /* tries per seed and kind: keeps the stage within seconds */
};

struct seed {
	uint8_t *bytes;
	size_t len;
};

/* A copy of exactly `len` bytes, so that the sanitizer sees a read one past the end. */
static void try_bytes(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void try_mutations(const struct seed *seed)
{
	static const uint8_t flips[] = { 0x01, 0x20, 0x80, 0xff };
	size_t step = seed->len / CUTS_MAX + 1;

	for (size_t i = 0; i < seed->len; i += step)
		try_bytes(seed->bytes, i);
	for (size_t i = 0; i < seed->len; i += step)
		for (size_t f = 0; f < sizeof(flips); f++) {
			seed->bytes[i] ^= flips[f];
			try_bytes(seed->bytes, seed->len);
			seed->bytes[i] ^= flips[f];
		}
}

static int read_seed(const char *path, struct seed *seed)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return -1;
	seed->bytes = malloc(SEED_MAX);
	if (seed->bytes == NULL)
		abort();
	seed->len = fread(seed->bytes, 1, SEED_MAX, f);
	if (ferror(f) || fgetc(f) != EOF)
		seed->len = SEED_MAX + 1;
	fclose(f);
	return seed->len <= SEED_MAX ? 0 : -1;
}

static int replay_seed(const char *dir, const char *name, int number)
{
	struct seed seed = { NULL, 0 };
	char path[4096];
	int rc = -1;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path))
		rc = read_seed(path, &seed);
	if (rc == 0) {
		try_bytes(seed.bytes, seed.len);
		try_mutations(&seed);
	}
	printf("%s %d - seed %s\n", rc == 0 ? "ok" : "not ok", number, name);
	fflush(stdout);
	free(seed.bytes);
	return rc;
}

int main(int argc, char **argv)
{
	struct dirent **names = NULL;
	int count = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
	int number = 0, failed = 0;

	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.')
			failed += replay_seed(argv[1], names[i]->d_name, ++number) != 0;
		free(names[i]);
	}
	free(names);
	if (number == 0) { /* an empty corpus proves nothing */
		printf("not ok %d - the corpus has seeds\n", ++number);
		failed++;
	}
	printf("1..%d\n", number);
	return failed == 0 ? 0 : 1;
}
