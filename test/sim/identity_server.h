/* identity_server.h -- doors of the server's model. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_TEST_IDENTITY_SERVER_H
#define HF_TEST_IDENTITY_SERVER_H
#include "identity_world.h"

enum hf_renew_kind server_enrol(struct server *s, const uint8_t *pub, struct hf_leaf *leaf);
enum hf_renew_kind server_renew(struct server *s, const struct hf_leaf *with, const uint8_t *pub,
				struct hf_leaf *leaf);
bool server_connect(struct server *s, const struct hf_leaf *with);
void server_endorse(struct server *s, hf_bytes object);
void server_hello(struct server *s, hf_bytes object, const struct hf_leaf *with, struct hf_out *ack);
#endif
