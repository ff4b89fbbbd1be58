/* packet.h -- the little of MQTT 5 that a swarm speaks: packets written whole, answers read as they come.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SWARM_PACKET_H
#define HF_SWARM_PACKET_H
#include <holdfast/base.h>

enum { PACKET_BODY_KEPT = 160, PACKET_MAX = 5000 };
enum { PACKET_CONNACK = 2, PACKET_PUBLISH = 3, PACKET_PUBACK = 4, PACKET_SUBACK = 9, PACKET_DISCONNECT = 14 };

/* Each gives the length written to `out` (room for PACKET_MAX). */
size_t packet_connect(uint8_t *out, const char *id, uint16_t keepalive_s);
size_t packet_subscribe(uint8_t *out, const char *dev);
size_t packet_publish(uint8_t *out, const char *dev, uint16_t mid, size_t payload);
size_t packet_puback(uint8_t *out, uint16_t mid);
size_t packet_ping(uint8_t *out);
size_t packet_disconnect(uint8_t *out);

/* Reader over a stream: keeps the head of each body, counts the rest away. Zero it first. */
struct packet_reader {
	uint8_t type;  /* with flags; 0 while none is open */
	uint8_t shift; /* of the length's next 7 bits */
	bool in_body;
	uint32_t len, got;
	uint8_t body[PACKET_BODY_KEPT];
};
/* Feed bytes; true when a packet is complete (see type, len, body). `used` tells how many were taken. */
bool packet_read(struct packet_reader *r, const uint8_t *in, size_t len, size_t *used);
/* Reason code in a PUBACK, CONNACK or DISCONNECT. */
uint8_t packet_reason(const struct packet_reader *r);
#endif
