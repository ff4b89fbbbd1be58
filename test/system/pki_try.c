/* pki_try -- reads one object by hf/pki.h and prints what came of it; test_pki_foreign.py runs it.
 *
 * usage: pki_try csr FILE | cert FILE | certs FILE | verify LEAF ANCHOR TIME | bundle OUT CERT...
 * First line: the code's class-free name as in "CR7", or "OK"; then fields, one per line.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/pki.h>

enum { FILE_MAX = 65536 };

static hf_bytes read_file(const char *path, uint8_t mem[static FILE_MAX])
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		exit(3);
	n = fread(mem, 1, FILE_MAX, f);
	(void)fclose(f);
	return (hf_bytes){ mem, n };
}

static int said(hf_err err)
{
	char name[8] = "OK";

	if (err != HF_OK)
		hf_err_name(err, name);
	puts(name);
	return err == HF_OK ? 0 : 1;
}

static int try_csr(hf_bytes der)
{
	struct hf_pki_csr csr;
	int rc = said(hf_pki_csr_read(der, &csr));

	if (rc == 0)
		printf("cn=%s\nuri=%s\nchallenge=%s\nsubject=%d\nsan=%d\nplain=%d\n", csr.cn, csr.uri,
		       csr.challenge, csr.has_subject, csr.has_san, csr.plain_names);
	return rc;
}

static int try_cert(hf_bytes der)
{
	struct hf_pki_cert cert;
	int rc = said(hf_pki_cert_read(der, &cert));

	if (rc == 0)
		printf("cn=%s\nuri=%s\ndns=%s\nhandle=%s\nserial=%zu\nusage=%u\ncurve=%d\nfrom=%" PRId64
		       "\nto=%" PRId64 "\n",
		       cert.cn, cert.uri, cert.dns, cert.handle, cert.serial_len, cert.usage, cert.curve,
		       cert.not_before, cert.not_after);
	return rc;
}

static int try_certs(hf_bytes der)
{
	hf_bytes certs[HF_PKI_CERTS_MAX];
	size_t n = 0;
	int rc = said(hf_pki_certs_only_read(der, certs, &n));

	if (rc == 0)
		printf("n=%zu\n", n);
	return rc;
}

/* Certificates as a certs-only object, for a foreign reader. */
static int bundle(const char *path, char **names, size_t n)
{
	static uint8_t mem[HF_PKI_CERTS_MAX][FILE_MAX], room[HF_PKI_CERTS_MAX * FILE_MAX];
	hf_bytes certs[HF_PKI_CERTS_MAX];
	struct hf_out out = HF_OUT(room);
	FILE *f = fopen(path, "wb");
	int rc;

	for (size_t i = 0; i < n; i++)
		certs[i] = read_file(names[i], mem[i]);
	rc = said(hf_pki_certs_only_write(certs, n, &out));
	if (f == NULL || fwrite(room, 1, out.len, f) != out.len || fclose(f) != 0)
		exit(3);
	return rc;
}

int main(int argc, char **argv)
{
	static uint8_t one[FILE_MAX], two[FILE_MAX];
	hf_bytes first = { NULL, 0 }, anchor;
	unsigned marks = 0;

	if (argc > 3 && argc <= 3 + HF_PKI_CERTS_MAX && strcmp(argv[1], "bundle") == 0)
		return bundle(argv[2], argv + 3, (size_t)argc - 3);
	if (argc > 2)
		first = read_file(argv[2], one);
	if (argc == 3 && strcmp(argv[1], "csr") == 0)
		return try_csr(first);
	if (argc == 3 && strcmp(argv[1], "cert") == 0)
		return try_cert(first);
	if (argc == 3 && strcmp(argv[1], "certs") == 0)
		return try_certs(first);
	if (argc != 5 || strcmp(argv[1], "verify") != 0)
		return 2;
	anchor = read_file(argv[3], two);
	argc = said(hf_pki_verify(first, &anchor, 1, HF_PKI_USE_CLIENT, strtoll(argv[4], NULL, 10), &marks));
	printf("marks=%u\n", marks);
	return argc;
}
