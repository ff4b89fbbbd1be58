/* logfront_priv.h -- shared by the files of the log's HTTP interface.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGFRONT_PRIV_H
#define LOGFRONT_PRIV_H
#include <hf/logfront.h>

void hf__logfront_say(struct hf_http_call *call, int status, const char *type, hf_bytes body);
void hf__logfront_refuse(struct hf_http_call *call, int status, const char *text);
void hf__logfront_inclusion(void *ctx, const struct hf_http_req *req, struct hf_http_call *call);
void hf__logfront_consistency(void *ctx, const struct hf_http_req *req, struct hf_http_call *call);
void hf__logfront_leaves(void *ctx, const struct hf_http_req *req, struct hf_http_call *call);
void hf__logfront_object(void *ctx, const struct hf_http_req *req, struct hf_http_call *call);
bool hf__logfront_is_publisher(const struct hf_policy *policy, const uint8_t *pub);
#endif
