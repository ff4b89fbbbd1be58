/* cose_tool -- core/wire and core/seal on the command line, for tests that compare them with others.
 * usage: cose_tool VERB ARGUMENT...   arguments are hexadecimal, '-' is empty, numbers are decimal
 * Prints lines NAME=HEX; an error of the library is the line error=NAME and still exit 0. Exit 2: usage.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>
#include "cose_tool.h"

/* ---- foreign objects, step by step -------------------------------------------------------------- */

static void foreign_sign1(struct args *a)
{
	hf_bytes object = bytes(a);
	struct hf_cose_pub k = pub(a);
	hf_bytes aad = bytes(a);
	struct hf_out tbs = room();
	struct hf_cose_sign1 s;
	hf_err err = hf_cose_foreign_sign1_read(object, &s);

	if (err == HF_OK)
		err = hf_cose_foreign_sign1_tbs(&s, aad, &tbs);
	report("tbs", err, hf_out_bytes(&tbs));
	if (err == HF_OK)
		report("payload", hf_cose_sign1_verify(&s, &k, aad, &tbs), s.payload);
}

static void foreign_sign(struct args *a)
{
	hf_bytes object = bytes(a);
	struct hf_cose_pub k = pub(a);
	hf_bytes aad = bytes(a);
	struct hf_out tbs = room();
	struct hf_cose_sign s;
	hf_err err = hf_cose_foreign_sign_read(object, &s);

	report("kid", err, s.signature[0].kid);
	for (size_t i = 0; err == HF_OK && i < s.n; i++) {
		err = hf_cose_foreign_sign_tbs(&s, i, aad, &tbs);
		report("tbs", err, hf_out_bytes(&tbs));
		err = hf_cose_sign_verify(&s, i, &k, aad, &tbs);
		report("payload", err, s.payload);
	}
}

static void foreign_symmetric(struct args *a, bool direct)
{
	hf_bytes object = bytes(a), context = direct ? HF_STR("Encrypt") : HF_STR("Encrypt0");
	struct hf_key k = key(a);
	const uint8_t *iv = base_iv(a);
	hf_bytes external = bytes(a);
	struct hf_out aad = room(), plain = room();
	struct hf_cose_encrypt0 e;
	hf_err err;

	err = direct ? hf_cose_foreign_direct_read(object, &e) : hf_cose_foreign_encrypt0_read(object, &e);
	if (err == HF_OK)
		err = hf_cose_foreign_enc_structure(context, e.protected_header, external, &aad);
	report("aad", err, hf_out_bytes(&aad));
	if (err != HF_OK)
		return;
	err = direct ? hf_cose_foreign_direct_open(&e, &k, iv, external, &plain) :
		       hf_cose_encrypt0_open(&e, &k, iv, external, &plain);
	report("plain", err, hf_out_bytes(&plain));
}

static void foreign_encrypt0(struct args *a)
{
	foreign_symmetric(a, false);
}

static void foreign_direct(struct args *a)
{
	foreign_symmetric(a, true);
}

static void foreign_encrypt(struct args *a)
{
	hf_bytes object = bytes(a);
	struct hf_ecdhkey k = ecdh_key(a);
	hf_bytes external = bytes(a);
	struct hf_out aad = room(), context = room(), plain = room();
	struct hf_key secret = { 0 }, content = { 0 };
	struct hf_cose_encrypt e;
	hf_err err = hf_cose_foreign_encrypt_read(object, &e);

	if (err == HF_OK)
		err = hf_cose_foreign_kdf_context(&e, &context);
	report("context", err, hf_out_bytes(&context));
	if (err != HF_OK)
		return;
	err = hf_cose_foreign_content_key(&e, &k, &secret, &content);
	report("secret", err, (hf_bytes){ secret.b, secret.len });
	report("key", err, (hf_bytes){ content.b, content.len });
	err = hf_cose_foreign_enc_structure(HF_STR("Encrypt"), e.protected_header, external, &aad);
	report("aad", err, hf_out_bytes(&aad));
	err = hf_cose_encrypt_open(&e, &k, external, &plain);
	report("plain", err, hf_out_bytes(&plain));
}

/* ---- our objects: open -------------------------------------------------------------------------- */

static void open_sign1(struct args *a)
{
	hf_bytes object = bytes(a);
	struct hf_cose_pub k = pub(a);
	hf_bytes aad = bytes(a), payload;
	struct hf_out scratch = room();
	hf_err err = hf_cose_sign1_open(object, &k, aad, &scratch, &payload);

	report("payload", err, payload);
}

static void open_sign(struct args *a)
{
	hf_bytes object = bytes(a), aad = bytes(a);
	struct hf_out scratch = room();
	struct hf_cose_sign s;
	hf_err err = hf_cose_sign_read(object, &s);

	report("payload", err, s.payload);
	for (size_t i = 0; err == HF_OK && i < s.n; i++) {
		struct hf_cose_pub k = pub(a);

		report("kid", hf_cose_sign_verify(&s, i, &k, aad, &scratch), s.signature[i].kid);
	}
}

static void open_encrypt0(struct args *a)
{
	hf_bytes object = bytes(a);
	struct hf_key k = key(a);
	const uint8_t *iv = base_iv(a);
	hf_bytes aad = bytes(a);
	struct hf_out plain = room();
	struct hf_cose_encrypt0 e;
	hf_err err = hf_cose_encrypt0_read(object, &e);

	if (err == HF_OK)
		err = hf_cose_encrypt0_open(&e, &k, iv, aad, &plain);
	report("plain", err, hf_out_bytes(&plain));
}

static void open_encrypt(struct args *a)
{
	hf_bytes object = bytes(a);
	struct hf_ecdhkey k = ecdh_key(a);
	hf_bytes aad = bytes(a);
	struct hf_out plain = room();
	struct hf_cose_encrypt e;
	hf_err err = hf_cose_encrypt_read(object, &e);

	if (err == HF_OK)
		err = hf_cose_encrypt_open(&e, &k, aad, &plain);
	report("plain", err, hf_out_bytes(&plain));
}

static void open_stream(struct args *a)
{
	hf_bytes object = bytes(a);
	struct hf_ecdhkey owner = ecdh_key(a);
	struct hf_cose_pub device = pub(a);
	hf_bytes dev = bytes(a);
	struct hf_seal_key k;
	hf_err err = hf_seal_key_open(object, &owner, &device, dev, &k);

	report("stream", err, (hf_bytes){ k.stream, k.stream_len });
	while (err == HF_OK && a->n > 0) {
		struct hf_out plain = room();
		uint32_t counter;

		err = hf_seal_frame_open(bytes(a), &k, dev, &counter, &plain);
		report("plain", err, hf_out_bytes(&plain));
	}
}

/* ---- our objects: write ------------------------------------------------------------------------- */

static void write_sign1(struct args *a)
{
	struct signer_keys k;
	struct hf_cose_signer s = signer(a, &k);
	hf_bytes aad = bytes(a), payload = bytes(a);
	bool detached = number(a) != 0;
	struct hf_out scratch = room(), out = room();
	hf_err err = hf_cose_sign1_write(&s, aad, payload, detached, &scratch, &out);

	report("object", err, hf_out_bytes(&out));
}

static void write_sign(struct args *a)
{
	struct signer_keys k[HF_COSE_MAX_SIGNATURES];
	struct hf_cose_signer s[HF_COSE_MAX_SIGNATURES];
	hf_bytes aad = bytes(a), payload = bytes(a);
	struct hf_out scratch = room(), out = room();
	size_t n = 0;
	hf_err err;

	while (a->n > 0 && n < HF_COSE_MAX_SIGNATURES) {
		s[n] = signer(a, &k[n]);
		n++;
	}
	err = hf_cose_sign_write(s, n, aad, payload, &scratch, &out);
	report("object", err, hf_out_bytes(&out));
}

static void write_encrypt0(struct args *a)
{
	struct hf_key k = key(a);
	hf_bytes kid = bytes(a);
	const uint8_t *iv = base_iv(a);
	hf_bytes partial = bytes(a), aad = bytes(a), plain = bytes(a);
	struct hf_out out = room();
	hf_err err;

	if (iv == NULL)
		err = hf_cose_encrypt0_write(&a->port, &k, kid, aad, plain, &out);
	else
		err = hf_cose_encrypt0_write_partial(&k, kid, iv, partial, aad, plain, &out);
	report("object", err, hf_out_bytes(&out));
}

static void write_encrypt(struct args *a)
{
	const uint8_t *peer = point(a);
	hf_bytes kid = bytes(a), aad = bytes(a), plain = bytes(a);
	struct hf_out out = room();
	hf_err err = hf_cose_encrypt_write(&a->port, peer, kid, aad, plain, &out);

	report("object", err, hf_out_bytes(&out));
}

static void write_stream(struct args *a)
{
	struct signer_keys k;
	struct hf_cose_signer ldevid = signer(a, &k);
	const uint8_t *owner = point(a);
	hf_bytes dev = bytes(a), name = bytes(a);
	struct hf_out object = room();
	struct hf_seal s;
	hf_err err = hf_seal_start(&s, &a->port, dev, name);

	if (err == HF_OK)
		err = hf_seal_key_write(&s, &ldevid, owner, &object);
	report("key", err, hf_out_bytes(&object));
	while (err == HF_OK && a->n > 0) {
		struct hf_out frame = room();

		err = hf_seal_frame_write(&s, bytes(a), NULL, &frame);
		report("frame", err, hf_out_bytes(&frame));
	}
}

static const struct verb {
	const char *name;
	void (*run)(struct args *a);
} verbs[] = {
	{ "foreign-sign1", foreign_sign1 },
	{ "foreign-sign", foreign_sign },
	{ "foreign-encrypt0", foreign_encrypt0 },
	{ "foreign-direct", foreign_direct },
	{ "foreign-encrypt", foreign_encrypt },
	{ "open-sign1", open_sign1 },
	{ "open-sign", open_sign },
	{ "open-encrypt0", open_encrypt0 },
	{ "open-encrypt", open_encrypt },
	{ "open-stream", open_stream },
	{ "write-sign1", write_sign1 },
	{ "write-sign", write_sign },
	{ "write-encrypt0", write_encrypt0 },
	{ "write-encrypt", write_encrypt },
	{ "write-stream", write_stream },
};

int main(int argc, char **argv)
{
	struct args a = { .v = argv + 2, .n = argc - 2 };

	if (argc < 2)
		fail_usage("usage: cose_tool VERB ARGUMENT...");
	/* Ephemeral keys come from the crypto library; IVs may repeat between runs only under other keys. */
	hf_fake_init(&a.port, (uint64_t)getpid());
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			verbs[i].run(&a);
			if (a.n != 0)
				fail_usage("too many arguments");
			hf_fake_free(&a.port);
			return 0;
		}
	fail_usage("unknown verb");
}
