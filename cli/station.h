/* station.h -- a factory station talking to the enrolment server: its folder, its key, its order.
 * The folder holds station.uri (where the key is), station.csr, station.crt (an operator's `order station`
 * made it from the request; twelve hours) and line.hfp (whom to trust and where to go). The key signs in a
 * process of its own, as an operator's does. Every function prints its own error and returns false.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STATION_H
#define STATION_H
#include <holdfast/order.h>
#include "session.h"

enum { STATION_UNIT_MAX = HF_PKI_CSR_MAX + HF_UNIT_MAX_SEALED_LEN + 64 };

struct station {
	struct session s; /* folder, key and connection */
	uint8_t line_mem[HF_PROVISION_CEILING];
	struct hf_provision line;
	struct hf_buf order_file;
	struct hf_order order;
};
/* What a device wrote by `holdfast-agent factory csr`; borrows from the file. */
struct station_unit {
	hf_bytes csr, sealed;
	uint8_t cid[HF_UNIT_CID_LEN];
};

/* The folder, and the signed order in `order`: of this line, online, and today within its dates. */
bool station_open(const struct cli_args *args, const char *folder, const char *order, struct station *st);
void station_close(struct station *st);
/* One POST over the station's own TLS; the status is in st->s.res. */
bool station_post(struct station *st, const char *path, const char *type, hf_bytes body,
		  const struct hf_http_header *header);
/* Have one unit certified under the order; `cert` gets the certificate of exactly its key. */
bool station_enrol(struct station *st, const struct station_unit *unit, struct hf_out *cert);
HF_MUST_CHECK hf_err station_unit_read(hf_bytes file, struct station_unit *unit);
#endif
