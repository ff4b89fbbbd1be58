/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "packet.h"

static size_t put_head(uint8_t *out, uint8_t type, size_t len)
{
	size_t n = 0;

	out[n++] = type;
	do {
		out[n++] = (uint8_t)((len & 0x7f) | (len > 0x7f ? 0x80 : 0));
		len >>= 7;
	} while (len > 0);
	return n;
}

static size_t put_text(uint8_t *out, const char *text)
{
	size_t len = strlen(text);

	hf_put_be16(out, (uint16_t)len);
	memcpy(out + 2, text, len);
	return 2 + len;
}

size_t packet_connect(uint8_t *out, const char *id, uint16_t keepalive_s)
{
	size_t n = put_head(out, 0x10, 2 + 4 + 1 + 1 + 2 + 1 + 2 + strlen(id));

	n += put_text(out + n, "MQTT");
	out[n++] = 5;
	out[n++] = 2; /* clean start */
	hf_put_be16(out + n, keepalive_s);
	n += 2;
	out[n++] = 0; /* no properties */
	return n + put_text(out + n, id);
}

size_t packet_subscribe(uint8_t *out, const char *dev)
{
	char filter[64];
	size_t n;

	snprintf(filter, sizeof(filter), "hf/1/%s/+/dn/#", dev);
	n = put_head(out, 0x82, 2 + 1 + 2 + strlen(filter) + 1);
	hf_put_be16(out + n, 1);
	n += 2;
	out[n++] = 0;
	n += put_text(out + n, filter);
	out[n++] = 1;
	return n;
}

size_t packet_publish(uint8_t *out, const char *dev, uint16_t mid, size_t payload)
{
	char topic[64];
	size_t n;

	snprintf(topic, sizeof(topic), "hf/1/%s/-/up/tele/x", dev);
	n = put_head(out, 0x32, 2 + strlen(topic) + 2 + 1 + payload);
	n += put_text(out + n, topic);
	hf_put_be16(out + n, mid);
	n += 2;
	out[n++] = 0;
	memset(out + n, 'x', payload);
	return n + payload;
}

size_t packet_puback(uint8_t *out, uint16_t mid)
{
	size_t n = put_head(out, 0x40, 2);

	hf_put_be16(out + n, mid);
	return n + 2;
}

size_t packet_ping(uint8_t *out)
{
	return put_head(out, 0xc0, 0);
}

size_t packet_disconnect(uint8_t *out)
{
	return put_head(out, 0xe0, 0);
}

/* One byte of the fixed header; true when the body (maybe empty) begins. */
static bool read_head(struct packet_reader *r, uint8_t byte)
{
	if (r->type == 0) {
		r->type = byte;
		r->len = r->got = 0;
		r->shift = 0;
		return false;
	}
	r->len |= (uint32_t)(byte & 0x7f) << r->shift;
	r->shift = (uint8_t)((r->shift + 7) % 28);
	return (byte & 0x80) == 0;
}

bool packet_read(struct packet_reader *r, const uint8_t *in, size_t len, size_t *used)
{
	size_t at = 0;

	if (r->in_body && r->got == r->len) { /* the last one was handed out */
		r->in_body = false;
		r->type = 0;
	}
	while (at < len && !r->in_body)
		r->in_body = read_head(r, in[at++]);
	while (at < len && r->in_body && r->got < r->len) {
		if (r->got < PACKET_BODY_KEPT)
			r->body[r->got] = in[at];
		r->got++;
		at++;
	}
	*used = at;
	return r->in_body && r->got == r->len;
}

uint8_t packet_reason(const struct packet_reader *r)
{
	uint32_t at = (r->type >> 4) == PACKET_CONNACK ? 1 : (r->type >> 4) == PACKET_PUBACK ? 2 : 0;

	return r->len > at ? r->body[at] : 0;
}
