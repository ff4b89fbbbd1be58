/* logwitness_priv.h -- messages between the two processes of a witness.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGWITNESS_PRIV_H
#define LOGWITNESS_PRIV_H
enum { HF__WITNESS_KEYS = 1, HF__WITNESS_ASK = 2, HF__WITNESS_ASK_LEN = 112, HF__WITNESS_ANSWER_LEN = 82 };
#endif
