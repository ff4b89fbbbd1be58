/* busd -- the bus process of holdfastd alone, for system tests: real store, real broker, and a line at a
 * time on standard input to change the store as other processes would.
 * usage: busd DB PLUGIN_SOCKET MQTT_SOCKET
 *   device DEV SERIAL SHA256 PUB NOT_AFTER PARENT|-     a certificate, and its device when it is new
 *   state SERIAL N      certificate state               command DEV CTI BYTES   queue a command
 *   quiet BOOL          no nudges: polling has to find it
 * Queries answer one line: cert SERIAL -> state; outbox DEV CTI -> state; count TABLE DEV -> rows;
 *   here DEV -> 0 or 1; event KIND -> how many
 * Binary values are hex. Each line is answered, "ok" or the code of the error.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hf/busproc.h>
#include <hf/ipc.h>
#include <hf/log.h>
#include <hf/loop.h>
#include <hf/store.h>

enum { LINE_CAP = 40000, WORDS = 8 };

struct busd {
	struct hf_loop *loop;
	struct hf_store *store;
	int nudge[2];
	bool quiet;
	char line[LINE_CAP];
	size_t len;
	char *word[WORDS];
	int64_t result;
	bool has_result;
};

static bool hex(const char *text, uint8_t *out, size_t len)
{
	struct hf_out o = { out, len, 0 };

	return text != NULL &&
	       hf_hex_decode((hf_bytes){ (const uint8_t *)text, strlen(text) }, &o) == HF_OK && o.len == len;
}

static void answer(struct busd *b, int64_t value)
{
	b->result = value;
	b->has_result = true;
}

static hf_err find_device(struct hf_db *db, const char *dev, int64_t *id)
{
	struct hf_device_row d = { 0 };
	hf_err err = hf_device_by_dev(db, dev, &d);

	if (err == HF_ERR_STORE_ABSENT) {
		d = (struct hf_device_row){
			.line = "lamp", .owner = "main", .state = HF_DEVICE_ACTIVE, .budget = 2
		};
		snprintf(d.dev, sizeof(d.dev), "%s", dev);
		err = hf_device_add(db, &d);
	}
	*id = d.id;
	return err;
}

static hf_err do_device(struct hf_db *db, struct busd *b)
{
	struct hf_cert_row c = {
		.kind = HF_CERT_LDEVID, .state = HF_CERT_ISSUED, .budget = 2, .identity = "test"
	};

	if (b->word[6] == NULL || !hex(b->word[2], c.serial, sizeof(c.serial)) ||
	    !hex(b->word[3], c.sha256, sizeof(c.sha256)) || !hex(b->word[4], c.pub, sizeof(c.pub)))
		return HF_ERR_BASE_MISUSE;
	HF_TRY(find_device(db, b->word[1], &c.device));
	snprintf(c.dev, sizeof(c.dev), "%s", b->word[1]);
	c.not_after = strtoll(b->word[5], NULL, 10);
	c.has_parent = hex(b->word[6], c.parent, sizeof(c.parent));
	memcpy(c.lineage, c.has_parent ? c.parent : c.serial, sizeof(c.lineage));
	memcpy(c.spki_sha256, c.sha256, sizeof(c.spki_sha256)); /* only has to be unique */
	return hf_cert_add(db, &c, HF_STR("der"));
}

static hf_err do_state(struct hf_db *db, struct busd *b)
{
	uint8_t serial[HF_STORE_SERIAL_LEN];

	if (b->word[2] == NULL || !hex(b->word[1], serial, sizeof(serial)))
		return HF_ERR_BASE_MISUSE;
	return hf_cert_set_state(db, serial, atoi(b->word[2]));
}

static hf_err do_command(struct hf_db *db, struct busd *b)
{
	uint8_t cti[HF_STORE_CTI_LEN], bytes[16384];
	struct hf_out out = HF_OUT(bytes);

	if (b->word[3] == NULL || !hex(b->word[2], cti, sizeof(cti)) ||
	    hf_hex_decode((hf_bytes){ (const uint8_t *)b->word[3], strlen(b->word[3]) }, &out) != HF_OK)
		return HF_ERR_BASE_MISUSE;
	return hf_command_add(db, b->word[1], cti, hf_out_bytes(&out), "alice");
}

static hf_err ask_cert(struct hf_db *db, struct busd *b)
{
	uint8_t serial[HF_STORE_SERIAL_LEN];
	struct hf_cert_row c;

	if (!hex(b->word[1], serial, sizeof(serial)))
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_cert_by_serial(db, serial, &c));
	answer(b, c.state);
	return HF_OK;
}

static hf_err ask_outbox(struct hf_db *db, struct busd *b)
{
	uint8_t cti[HF_STORE_CTI_LEN];
	struct hf_command_row row;

	if (b->word[2] == NULL || !hex(b->word[2], cti, sizeof(cti)))
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_command_get(db, b->word[1], cti, &row, NULL));
	answer(b, row.state);
	return HF_OK;
}

static hf_err count_object(void *ctx, const struct hf_object *o)
{
	(void)o;
	++*(int64_t *)ctx;
	return HF_OK;
}

static hf_err count_frame(void *ctx, const struct hf_frame_row *f)
{
	(void)f;
	++*(int64_t *)ctx;
	return HF_OK;
}

static hf_err ask_count(struct hf_db *db, struct busd *b)
{
	const char *what = b->word[1], *dev = b->word[2];
	int64_t n = 0;
	hf_err err;

	if (dev == NULL)
		return HF_ERR_BASE_MISUSE;
	if (strcmp(what, "rcpt") == 0)
		err = hf_receipt_list(db, dev, 0, HF_STORE_LIST_MAX, count_object, &n);
	else if (strcmp(what, "endorse") == 0)
		err = hf_endorsement_list(db, dev, count_object, &n);
	else if (strcmp(what, "seal") == 0)
		err = hf_frame_list(db, dev, (hf_bytes){ NULL, 0 }, 0, HF_STORE_LIST_MAX, count_frame, &n);
	else
		err = hf_message_list(db, dev, what, 0, HF_STORE_LIST_MAX, count_object, &n);
	answer(b, n);
	return err;
}

static hf_err ask_here(struct hf_db *db, struct busd *b)
{
	struct hf_presence_row p = { .up = false };
	hf_err err = hf_presence_get(db, b->word[1], &p);

	answer(b, p.up);
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

struct tally {
	const char *kind;
	int64_t n;
};

static hf_err count_event(void *ctx, const struct hf_event_row *e)
{
	struct tally *t = ctx;

	t->n += strcmp(e->kind, t->kind) == 0;
	return HF_OK;
}

static hf_err ask_event(struct hf_db *db, struct busd *b)
{
	struct tally t = { b->word[1], 0 };
	hf_err err = hf_event_list(db, NULL, NULL, 0, HF_STORE_LIST_MAX, count_event, &t);

	answer(b, t.n);
	return err;
}

static const struct {
	const char *name;
	hf_err (*fn)(struct hf_db *db, struct busd *b);
	bool writes;
} verbs[] = {
	{ "device", do_device, true }, { "state", do_state, true },     { "command", do_command, true },
	{ "cert", ask_cert, false },   { "outbox", ask_outbox, false }, { "count", ask_count, false },
	{ "here", ask_here, false },   { "event", ask_event, false },
};

static hf_err run_job(struct hf_db *db, void *ctx)
{
	struct busd *b = ctx;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(b->word[0], verbs[i].name) == 0)
			return b->word[1] == NULL ? HF_ERR_BASE_MISUSE : verbs[i].fn(db, b);
	return HF_ERR_BASE_MISUSE;
}

static bool is_write(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(name, verbs[i].name) == 0)
			return verbs[i].writes;
	return false;
}

static void run_line(struct busd *b, char *line)
{
	char name[8];
	hf_err err;

	memset(b->word, 0, sizeof(b->word));
	for (int i = 0; i < WORDS && (b->word[i] = strtok(i == 0 ? line : NULL, " ")) != NULL; i++)
		;
	if (b->word[0] == NULL)
		return;
	b->has_result = false;
	if (strcmp(b->word[0], "quiet") == 0) {
		b->quiet = true;
		err = HF_OK;
	} else if (is_write(b->word[0])) {
		err = hf_store_write(b->store, run_job, b);
		/* What another process does after its commit. */
		if (!b->quiet && write(b->nudge[0], "", 1) != 1)
			hf_log(HF_LOG_ERR, "busd", "nudge", "");
	} else {
		err = hf_store_read(b->store, run_job, b);
	}
	hf_err_name(err, name);
	if (err == HF_OK && b->has_result)
		printf("%" PRId64 "\n", b->result);
	else
		printf("%s\n", err == HF_OK ? "ok" : name);
	fflush(stdout);
}

static void on_input(void *ctx, int fd, unsigned what)
{
	struct busd *b = ctx;
	ssize_t n = read(fd, b->line + b->len, sizeof(b->line) - 1 - b->len);
	char *end;

	(void)what;
	if (n <= 0) {
		hf_loop_stop(b->loop);
		return;
	}
	b->len += (size_t)n;
	b->line[b->len] = '\0';
	while ((end = strchr(b->line, '\n')) != NULL) {
		size_t used = (size_t)(end - b->line) + 1;

		*end = '\0';
		run_line(b, b->line);
		b->len -= used;
		memmove(b->line, end + 1, b->len + 1);
	}
}

static hf_err run(struct busd *b, char **argv, struct hf_why *why)
{
	struct hf_store_conf store = { .path = argv[1] };
	struct hf_busproc_conf conf = { .bus = { argv[3], argv[2], -1 } };
	struct hf_busproc *proc = NULL;
	struct hf_watch input;
	hf_err err;

	if (access(argv[1], F_OK) != 0)
		HF_TRY(hf_store_create(argv[1], why));
	HF_TRY(hf_store_open(&store, &b->store, why));
	HF_TRY(hf_loop_new(&b->loop));
	HF_TRY(hf_ipc_pair(b->nudge, why));
	conf.store = b->store;
	conf.nudge_fd = b->nudge[1];
	HF_TRY(hf_busproc_new(b->loop, &conf, &proc));
	HF_TRY(hf_watch_open(&input, b->loop, 0, HF_WATCH_READ, on_input, b));
	err = hf_loop_run(b->loop);
	hf_watch_close(&input);
	hf_busproc_free(proc);
	hf_store_close(b->store);
	hf_loop_free(b->loop);
	return err;
}

int main(int argc, char **argv)
{
	static struct busd b;
	struct hf_why why = { 0 };
	hf_err err;

	if (argc != 4) {
		fputs("usage: busd DB PLUGIN_SOCKET MQTT_SOCKET\n", stderr);
		return 2;
	}
	hf_log_open("busd", HF_LOG_DEBUG);
	err = run(&b, argv, &why);
	if (err != HF_OK)
		hf_log_why(HF_LOG_ERR, "busd", "run", err, &why);
	return err == HF_OK ? 0 : 1;
}
