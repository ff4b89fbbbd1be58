/* api_priv.h -- one call of the API and what its handlers use.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PRIV_H
#define API_PRIV_H
#include <pthread.h>
#include <hf/apiproc.h>
#include <hf/deploy.h>
#include <hf/fleet.h>
#include <hf/json.h>
#include <hf/pki.h>

enum { API_BODY_CEILING = 1 << 20, API_THREADS_MAX = 16, API_LIMIT_DEFAULT = 50, API_DETAIL_CAP = 192 };

/* Problems of RFC 9457; numbers and texts stand in problem.c. Extend only. */
enum api_problem {
	API_OK = 0,
	API_BAD_REQUEST = 1,
	API_FORBIDDEN = 2,
	API_NOT_FOUND = 3,
	API_METHOD = 4,
	API_CONFLICT = 5,
	API_STALE = 6,
	API_TOO_LARGE = 7,
	API_UNSUPPORTED = 8,
	API_OTHER_BODY = 9,
	API_NO_MATCH = 10,
	API_TOO_MANY = 11,
	API_INTERNAL = 12,
	API_BUSY = 13,
	API_NO_KEY = 14,
	API_RUNNING = 15,
};

struct api_route;
struct hf_api {
	struct hf_api_conf conf;
	struct hf_key cursor_key; /* authenticates cursors; the same at every start */
	struct hf_http *http;
	struct hf_http_route *http_routes;
	const struct api_route **routes; /* same order */
	/* queue of calls for the threads that may block */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct api_call *first, *last;
	bool stopping;
	size_t n_waiting; /* threads that wait for news with their call */
	size_t n_threads;
	pthread_t thread[API_THREADS_MAX];
};

/* One request on its way. Handlers write an answer (`json`, `status`) or a problem. */
struct api_call {
	struct api_call *next;
	struct hf_api *api;
	const struct api_route *route;
	const struct hf_http_req *req;
	struct hf_http_call *http;
	struct hf_person who;
	struct hf_buf body; /* of the answer */
	struct hf_json_out json;
	const char *type; /* NULL: application/json */
	int status;
	char etag[24]; /* "" = none */
	int64_t audit; /* event row, 0 = none */
	enum api_problem problem;
	char detail[API_DETAIL_CAP];
	bool replayed; /* the answer was kept from the first time */
	struct hf_idem idem;
	/* what `prepare` leaves for `run` */
	struct hf_claim_row claim;
	bool kc_fits;
	char label[HF_STORE_TEXT_CAP];
	struct hf_person person;
	uint8_t der[HF_PKI_CERT_MAX];
	size_t der_len;
	int64_t not_after;
	struct hf_buf extra;
	uint8_t pub[HF_P256_POINT_LEN];
};

enum {
	API_READ = 0,
	API_WRITE = 1, /* in a write transaction */
	API_ONCE = 2,  /* wants an Idempotency-Key */
	API_ADMIN = 4,
	API_RENEW = 16, /* an operator certificate that ended lately is enough */
};
struct api_route {
	int method;
	const char *pattern;
	unsigned flags;
	size_t body_max;
	const char *type; /* wanted Content-Type; NULL with no body */
	hf_err (*prepare)(
		struct api_call *c); /* before the transaction; may ask the ca process. May be NULL */
	hf_err (*run)(struct hf_db *db, struct api_call *c);
};
/* Tables by subject, each ends with a row without pattern. */
extern const struct api_route api_device_routes[], api_claim_routes[], api_unit_routes[],
	api_channel_routes[], api_people_routes[], api_machine_routes[], api_factory_routes[],
	api_release_routes[];

/* Refuse: the transaction is rolled back and the problem answered. Always returns an error. */
HF_MUST_CHECK hf_err api_refuse(struct api_call *c, enum api_problem problem, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A store error as the problem it means (absent: not found, stale: 412, ...). */
HF_MUST_CHECK hf_err api_refuse_store(struct api_call *c, hf_err err);
int api_problem_status(enum api_problem problem);
/* problem+json text, appended. */
HF_MUST_CHECK hf_err api_problem_print(enum api_problem problem, const char *instance, const char *detail,
				       struct hf_buf *out);

/* Queue a call for the working threads. */
void api_queue(struct api_call *c);
/* May one more call wait for news (half of the threads stay free)? `begin` false: it has waited. */
bool api_may_wait(struct hf_api *api, bool begin);
/* Run a call to its end, on a working thread. */
void api_execute(struct api_call *c);

/* Strong ETag from a row version, and the If-Match of the request against it. */
void api_set_etag(struct api_call *c, uint64_t version);
HF_MUST_CHECK hf_err api_match(struct api_call *c, uint64_t version);
/* Event row of this change; its number becomes Holdfast-Audit. `account` NULL = the caller's. */
HF_MUST_CHECK hf_err api_event(struct hf_db *db, struct api_call *c, int level, const char *kind,
			       const char *dev, const char *detail);

/* Query: limit and cursor; `after` is the row the last page ended with. */
struct api_page {
	unsigned limit;
	int64_t after;
	unsigned n;   /* rows written */
	int64_t last; /* row of the last one written */
};
HF_MUST_CHECK hf_err api_page_read(struct api_call *c, struct api_page *page);
/* Ask for one row more than the page holds; api_page_take says whether to write this one. */
unsigned api_page_ask(const struct api_page *page);
bool api_page_take(struct api_page *page, int64_t row);
/* {"items":[ ... ],"next":...} around the rows. */
void api_page_open(struct api_call *c);
void api_page_close(struct api_call *c, const struct api_page *page, bool more);

/* "operator:NAME" of the caller. */
void api_actor(const struct api_call *c, char actor[static HF_STORE_NAME_CAP + 16]);
/* {"reason": text} of the body. */
HF_MUST_CHECK hf_err api_reason(struct api_call *c, char reason[static HF_STORE_TEXT_CAP]);

/* The device of the path, of the caller's account; HF_OK or refused as not found. */
HF_MUST_CHECK hf_err api_device(struct hf_db *db, struct api_call *c, struct hf_device_row *d);
HF_MUST_CHECK hf_err api_put_device(struct hf_db *db, struct api_call *c, const struct hf_device_row *d);
void api_put_cert(struct api_call *c, const char *name, const struct hf_cert_row *row);
/* 16 bytes from hex or base64url in the path. */
HF_MUST_CHECK hf_err api_path_bytes(struct api_call *c, int param, bool hex, uint8_t out[static 16]);
/* Shared by the order handlers. */
HF_MUST_CHECK hf_err api_put_report(struct hf_db *db, struct api_call *c,
				    const uint8_t id[static HF_STORE_ORDER_LEN]);
void api_put_order(struct api_call *c, const struct hf_order_row *o);
HF_MUST_CHECK hf_err api_bring_order(struct hf_db *db, struct api_call *c);
#endif
