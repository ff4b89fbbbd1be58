/* version_tool -- compares versions for the tests: lines "scheme<TAB>a<TAB>b" in, -1, 0 or 1 out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/version.h>

static hf_bytes text(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, strlen(t) };
}

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		char *a = strchr(line, '\t');
		char *b = a ? strchr(a + 1, '\t') : NULL;

		if (!b)
			return 2;
		*a++ = 0;
		*b++ = 0;
		b[strcspn(b, "\n")] = 0;
		printf("%d\n", hf_version_compare((unsigned)atoi(line), text(a), text(b)));
	}
	return 0;
}
