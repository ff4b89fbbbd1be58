/* order_file.h -- a signed production order in a file. Prints its own errors.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ORDER_FILE_H
#define ORDER_FILE_H
#include <hf/buf.h>
#include <holdfast/order.h>

/* Container and order borrow from `file`. Signatures are not judged here: the server does that. */
bool order_file_read(const char *path, struct hf_buf *file, struct hf_statement *st, struct hf_order *o);
/* What a person should see before signing, to stderr. */
void order_file_show(const struct hf_order *o, size_t signatures);
#endif
