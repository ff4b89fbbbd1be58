/* The operations every agent knows. Each row says its class; arguments are a CBOR map with text keys and are
 * checked before anything of the command is stored. Results are CBOR maps with text keys.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <holdfast/cbor.h>
#include <stdio.h>
#include <string.h>

enum { REBOOT_DELAY_MS = 2000, IDENTIFY_MAX_S = 300 };

/* The boot at which a reboot was accepted; a later one proves that it happened. */
#define REBOOT_NOTE ".reboot"

static hf_bytes text(const char *s)
{
	return (hf_bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- arguments --------------------------------------------------------------------------------- */

static bool read_seconds(hf_bytes args, uint64_t *seconds)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, args);
	hf_cbor_expect_map(&r, 1);
	hf_cbor_expect_text(&r, HF_STR("seconds"));
	hf_cbor_read_uint_max(&r, IDENTIFY_MAX_S, seconds);
	return hf_cbor_done(&r) == HF_OK && *seconds > 0;
}

static bool read_setting(hf_bytes args, hf_bytes *name, hf_bytes *value)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, args);
	hf_cbor_expect_map(&r, 2);
	hf_cbor_expect_text(&r, HF_STR("name"));
	hf_cbor_read_text(&r, name);
	hf_cbor_expect_text(&r, HF_STR("value"));
	hf_cbor_read_text(&r, value);
	return hf_cbor_done(&r) == HF_OK && key_setting_is_valid(*name, *value);
}

static bool read_level(hf_bytes args, int *level)
{
	static const char *const words[] = { "err", "warn", "info", "debug" };
	struct hf_cborr r;
	hf_bytes word;

	hf_cbor_reader(&r, args);
	hf_cbor_expect_map(&r, 1);
	hf_cbor_expect_text(&r, HF_STR("level"));
	hf_cbor_read_text(&r, &word);
	if (hf_cbor_done(&r) != HF_OK)
		return false;
	for (*level = 0; *level < 4; (*level)++)
		if (hf_bytes_equal(word, text(words[*level])))
			return true;
	return false;
}

static bool read_owners(hf_bytes args, hf_bytes point[static HF_SEAL_MAX_OWNERS], size_t *n)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, args);
	hf_cbor_expect_map(&r, 1);
	hf_cbor_expect_text(&r, HF_STR("keys"));
	hf_cbor_read_array(&r, n);
	if (*n > HF_SEAL_MAX_OWNERS)
		return false;
	for (size_t i = 0; i < *n; i++)
		hf_cbor_read_bytes(&r, &point[i]);
	if (hf_cbor_done(&r) != HF_OK)
		return false;
	for (size_t i = 0; i < *n; i++)
		if (point[i].len != HF_P256_POINT_LEN || hf_crypto_p256_check(point[i].ptr) != HF_OK)
			return false;
	return true;
}

static bool read_from(hf_bytes args, uint64_t *from)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, args);
	hf_cbor_expect_map(&r, 1);
	hf_cbor_expect_text(&r, HF_STR("from"));
	hf_cbor_read_uint(&r, from);
	return hf_cbor_done(&r) == HF_OK;
}

static unsigned reason_of(bool ok)
{
	return ok ? HF_REASON_NONE : HF_REASON_UNKNOWN;
}

static unsigned check_identify(void *ctx, const struct hf_claims *c)
{
	uint64_t seconds;

	(void)ctx;
	return reason_of(read_seconds(c->args, &seconds));
}

static unsigned check_config(void *ctx, const struct hf_claims *c)
{
	hf_bytes name, value;

	(void)ctx;
	return reason_of(read_setting(c->args, &name, &value));
}

static unsigned check_level(void *ctx, const struct hf_claims *c)
{
	int level;

	(void)ctx;
	return reason_of(read_level(c->args, &level));
}

static unsigned check_owners(void *ctx, const struct hf_claims *c)
{
	hf_bytes point[HF_SEAL_MAX_OWNERS];
	size_t n;

	(void)ctx;
	return reason_of(read_owners(c->args, point, &n));
}

static unsigned check_receipts(void *ctx, const struct hf_claims *c)
{
	uint64_t from;

	(void)ctx;
	return reason_of(read_from(c->args, &from));
}

/* ---- acts -------------------------------------------------------------------------------------- */

static unsigned status_of(hf_err err)
{
	if (err == HF_OK)
		return HF_STATUS_DONE;
	hf_log_why(HF_LOG_WARN, "command", "failed", err, NULL);
	return HF_STATUS_FAILED;
}

static unsigned do_nop(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	(void)k;
	(void)task;
	(void)result;
	return HF_STATUS_DONE;
}

static unsigned do_ping(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	struct hf_clock now = { 0 };
	struct hf_cborw w;

	(void)task;
	if (hf_port_clock(&k->port, &now) != HF_OK)
		return HF_STATUS_FAILED;
	hf_cbor_writer(&w, result);
	hf_cbor_put_map(&w, 2);
	hf_cbor_put_text(&w, HF_STR("uptime"));
	hf_cbor_put_uint(&w, now.boot_ms / 1000);
	hf_cbor_put_text(&w, HF_STR("version"));
	hf_cbor_put_text(&w, HF_STR(AGENT_VERSION));
	return status_of(hf_cbor_finish(&w));
}

static hf_err tell_main(struct keyproc *k, uint16_t type, uint64_t number)
{
	uint8_t mem[16];
	struct hf_out body = HF_OUT(mem);

	HF_TRY(msg_numbers_write(&number, 1, &body));
	return hf_ipc_notify(k->todo, type, hf_out_bytes(&body));
}

static unsigned do_identify(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	uint64_t seconds = 0;

	(void)result;
	if (!read_seconds(task->claims.args, &seconds))
		return HF_STATUS_FAILED;
	return status_of(tell_main(k, MSG_DO_IDENTIFY, seconds));
}

static unsigned do_config(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	hf_bytes name, value;
	hf_err err;

	(void)result;
	if (!read_setting(task->claims.args, &name, &value))
		return HF_STATUS_FAILED;
	err = key_setting_put(k, name, value);
	key_look(k);
	return status_of(err);
}

static unsigned do_level(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	int level = 0;

	(void)result;
	if (!read_level(task->claims.args, &level))
		return HF_STATUS_FAILED;
	hf_log_set_level(level);
	return status_of(tell_main(k, MSG_DO_LOG, (uint64_t)level));
}

static unsigned do_owners(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	hf_bytes point[HF_SEAL_MAX_OWNERS];
	size_t n = 0;

	(void)result;
	if (!read_owners(task->claims.args, point, &n))
		return HF_STATUS_FAILED;
	return status_of(key_owners_put(k, point, n));
}

/* Stored receipts go up once more; the result says how many. */
static unsigned do_receipts(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	uint64_t from = 0, sent = 0;
	struct hf_cborw w;

	if (!read_from(task->claims.args, &from))
		return HF_STATUS_FAILED;
	for (uint64_t n = from > 0 ? from : 1; n <= k->cmd.obey.count && sent < HF_OBEY_RING; n++)
		sent += key_cmd_publish(k, n) == HF_OK;
	hf_cbor_writer(&w, result);
	hf_cbor_put_map(&w, 1);
	hf_cbor_put_text(&w, HF_STR("receipts"));
	hf_cbor_put_uint(&w, sent);
	return status_of(hf_cbor_finish(&w));
}

/* Main verifies the command again before it acts, so it gets the signed bytes. */
static unsigned do_reboot(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	struct hf_out body = HF_OUT(k->cmd.reboot_body);
	char boot[24];

	(void)result;
	(void)snprintf(boot, sizeof(boot), "%llu", (unsigned long long)k->port.boot_count);
	if (msg_pair_write(text(k->cmd.dev), task->inner, &body) != HF_OK ||
	    key_setting_put(k, HF_STR(REBOOT_NOTE), text(boot)) != HF_OK)
		return HF_STATUS_FAILED;
	k->cmd.reboot_len = body.len;
	if (hf_timer_start(&k->cmd.reboot, REBOOT_DELAY_MS) != HF_OK)
		return HF_STATUS_FAILED;
	return HF_STATUS_ACCEPTED;
}

void key_on_reboot_timer(void *ctx)
{
	struct keyproc *k = ctx;
	hf_bytes body = { k->cmd.reboot_body, k->cmd.reboot_len };

	if (hf_ipc_notify(k->todo, MSG_DO_REBOOT, body) != HF_OK)
		hf_log(HF_LOG_ERR, "command", "reboot not handed over", "");
}

/* The receipt leaves first; the key that signs it is erased after. */
static unsigned do_release(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	(void)task;
	(void)result;
	return status_of(key_release_order(k)) == HF_STATUS_DONE ? HF_STATUS_ACCEPTED : HF_STATUS_FAILED;
}

/* ---- the table --------------------------------------------------------------------------------- */

static const struct {
	struct hf_op op;
	unsigned (*run)(struct keyproc *k, const struct hf_task *task, struct hf_out *result);
} rows[] = {
	{ { "ping", HF_COMMAND_READ, NULL }, do_ping },
	{ { "receipts.get", HF_COMMAND_READ, check_receipts }, do_receipts },
	{ { "nop", HF_COMMAND_ACT, NULL }, do_nop },
	{ { "identify", HF_COMMAND_ACT, check_identify }, do_identify },
	{ { "config.set", HF_COMMAND_ACT, check_config }, do_config },
	{ { "log.level", HF_COMMAND_ACT, check_level }, do_level },
	{ { "owners.set", HF_COMMAND_DANGER, check_owners }, do_owners },
	{ { "reboot", HF_COMMAND_DANGER, NULL }, do_reboot },
	{ { "release", HF_COMMAND_DANGER, NULL }, do_release },
};
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };
_Static_assert((int)N_ROWS <= (int)KEY_OWN_OPS_MAX, "operations of applications need their room");

void key_ops_fill(struct keyproc *k)
{
	for (size_t i = 0; i < N_ROWS; i++)
		k->cmd.op[i] = rows[i].op;
	k->cmd.n_own_ops = k->cmd.n_ops = N_ROWS;
}

unsigned key_op_run(struct keyproc *k, const struct hf_task *task, struct hf_out *result)
{
	return rows[task->op - k->cmd.op].run(k, task, result);
}

unsigned key_op_recover(void *ctx, const struct hf_obey_job *job)
{
	struct keyproc *k = ctx;
	uint64_t boot = key_setting_number(k, REBOOT_NOTE, UINT64_MAX);

	if (hf_bytes_equal((hf_bytes){ (const uint8_t *)job->op, job->op_len }, HF_STR("reboot")) &&
	    job->phase == HF_JOB_ACCEPTED)
		return k->port.boot_count > boot ? HF_STATUS_DONE : HF_STATUS_UNKNOWN;
	return HF_STATUS_UNKNOWN;
}
