/* errors.h -- the one table of error codes.
 * A code is two capital letters for the module, a number from 1 and a class that tells the caller what
 * to do. Extend only: never renumber or reuse a row, because receipts and logs carry the code.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_ERRORS_H
#define HOLDFAST_ERRORS_H

enum {
	HF_CLASS_MISUSE = 1,    /* our bug */
	HF_CLASS_LIMIT = 2,     /* too large, no room; retry only after making room */
	HF_CLASS_MALFORMED = 3, /* foreign bytes do not parse */
	HF_CLASS_REFUSED = 4,   /* parsed, not allowed: signature, policy, replay, expiry */
	HF_CLASS_GONE = 5,      /* erased or absent */
	HF_CLASS_MACHINE = 6,   /* storage, randomness, network failed; the only class worth a plain retry */
};

/* X(name, letter, letter, number, class, text) */
#define HF_ERROR_TABLE(X) \
	/* base */ \
	X(HF_ERR_BASE_NO_ROOM, 'B', 'A', 1, HF_CLASS_LIMIT, "output does not fit") \
	X(HF_ERR_BASE_TEXT, 'B', 'A', 2, HF_CLASS_MALFORMED, "text is not in its alphabet") \
	X(HF_ERR_BASE_MISUSE, 'B', 'A', 3, HF_CLASS_MISUSE, "called against its contract") \
	/* cbor */ \
	X(HF_ERR_CBOR_SHORT, 'C', 'B', 1, HF_CLASS_MALFORMED, "CBOR ends too early") \
	X(HF_ERR_CBOR_TYPE, 'C', 'B', 2, HF_CLASS_MALFORMED, "CBOR item has another type") \
	X(HF_ERR_CBOR_FORM, 'C', 'B', 3, HF_CLASS_MALFORMED, "CBOR is not deterministic") \
	X(HF_ERR_CBOR_TRAILING, 'C', 'B', 4, HF_CLASS_MALFORMED, "bytes follow the CBOR item") \
	X(HF_ERR_CBOR_DEPTH, 'C', 'B', 5, HF_CLASS_LIMIT, "CBOR is nested too deep") \
	X(HF_ERR_CBOR_RANGE, 'C', 'B', 6, HF_CLASS_MALFORMED, "CBOR value is out of range") \
	X(HF_ERR_CBOR_COUNT, 'C', 'B', 7, HF_CLASS_MALFORMED, "CBOR container has another number of items") \
	X(HF_ERR_CBOR_KEY, 'C', 'B', 8, HF_CLASS_MALFORMED, "CBOR map has another key here") \
	/* cose */ \
	X(HF_ERR_COSE_SHAPE, 'C', 'O', 1, HF_CLASS_MALFORMED, "not the COSE structure expected") \
	X(HF_ERR_COSE_ALG, 'C', 'O', 2, HF_CLASS_REFUSED, "algorithm is not the one the policy names") \
	X(HF_ERR_COSE_SIGNATURE, 'C', 'O', 3, HF_CLASS_REFUSED, "signature does not verify") \
	X(HF_ERR_COSE_DECRYPT, 'C', 'O', 4, HF_CLASS_REFUSED, "decryption failed") \
	X(HF_ERR_COSE_POINT, 'C', 'O', 5, HF_CLASS_REFUSED, "point is not on the curve") \
	X(HF_ERR_COSE_LIMIT, 'C', 'O', 6, HF_CLASS_LIMIT, "COSE object exceeds a limit") \
	/* seal */ \
	X(HF_ERR_SEAL_SPENT, 'S', 'L', 1, HF_CLASS_LIMIT, "stream key is used up") \
	X(HF_ERR_SEAL_TOO_LARGE, 'S', 'L', 2, HF_CLASS_LIMIT, "data does not fit one frame") \
	X(HF_ERR_SEAL_SHAPE, 'S', 'L', 3, HF_CLASS_MALFORMED, "not a stream key or frame") \
	X(HF_ERR_SEAL_DEV, 'S', 'L', 4, HF_CLASS_REFUSED, "stream key names another device") \
	X(HF_ERR_SEAL_KEY, 'S', 'L', 5, HF_CLASS_REFUSED, "frame belongs to another stream key") \
	/* production order */ \
	X(HF_ERR_ORDER_SHAPE, 'O', 'D', 1, HF_CLASS_MALFORMED, "not a production order or unit") \
	X(HF_ERR_ORDER_RANGE, 'O', 'D', 2, HF_CLASS_MALFORMED, "value of the order is out of range") \
	X(HF_ERR_ORDER_POLICY, 'O', 'D', 3, HF_CLASS_REFUSED, "order was made under another policy") \
	X(HF_ERR_ORDER_WINDOW, 'O', 'D', 4, HF_CLASS_REFUSED, "order is not yet or no longer open") \
	X(HF_ERR_ORDER_STATION, 'O', 'D', 5, HF_CLASS_REFUSED, "station is not named in the order") \
	X(HF_ERR_ORDER_UNIT, 'O', 'D', 6, HF_CLASS_REFUSED, "units do not fit the order") \
	/* command */ \
	X(HF_ERR_COMMAND_SHAPE, 'C', 'M', 1, HF_CLASS_MALFORMED, "not a command") \
	X(HF_ERR_COMMAND_CLAIMS, 'C', 'M', 2, HF_CLASS_MALFORMED, "claims of the command are not valid") \
	X(HF_ERR_COMMAND_LIMIT, 'C', 'M', 3, HF_CLASS_LIMIT, "command is too long") \
	X(HF_ERR_COMMAND_KEY, 'C', 'M', 4, HF_CLASS_REFUSED, "command is sealed to another key") \
	X(HF_ERR_COMMAND_PADDING, 'C', 'M', 5, HF_CLASS_MALFORMED, "padding of the command is not zero") \
	X(HF_ERR_COMMAND_SIGNATURE, 'C', 'M', 6, HF_CLASS_REFUSED, "command is not signed by a known key") \
	X(HF_ERR_COMMAND_SIGNER, 'C', 'M', 7, HF_CLASS_MISUSE, "lead signer of the command is another key") \
	/* obey */ \
	X(HF_ERR_OBEY_NO_JOB, 'O', 'B', 1, HF_CLASS_GONE, "no such command under way") \
	X(HF_ERR_OBEY_NO_RECEIPT, 'O', 'B', 2, HF_CLASS_GONE, "no such receipt stored") \
	X(HF_ERR_OBEY_BUSY, 'O', 'B', 3, HF_CLASS_LIMIT, "too many refusals at once") \
	/* receipt */ \
	X(HF_ERR_RECEIPT_SHAPE, 'R', 'C', 1, HF_CLASS_MALFORMED, "not a receipt or state") \
	X(HF_ERR_RECEIPT_SIGNATURE, 'R', 'C', 2, HF_CLASS_REFUSED, "not signed by this device") \
	X(HF_ERR_RECEIPT_DEV, 'R', 'C', 3, HF_CLASS_REFUSED, "signed for another device") \
	X(HF_ERR_RECEIPT_FOREIGN, 'R', 'C', 4, HF_CLASS_REFUSED, "receipt answers another command") \
	X(HF_ERR_RECEIPT_REPEAT, 'R', 'C', 5, HF_CLASS_REFUSED, "receipt was seen before") \
	X(HF_ERR_RECEIPT_GAP, 'R', 'C', 6, HF_CLASS_REFUSED, "receipts before this one are missing") \
	X(HF_ERR_RECEIPT_CHAIN, 'R', 'C', 7, HF_CLASS_REFUSED, "receipt does not follow the one before") \
	X(HF_ERR_RECEIPT_LIMIT, 'R', 'C', 8, HF_CLASS_LIMIT, "result does not fit a receipt") \
	X(HF_ERR_RECEIPT_NO_RESULT, 'R', 'C', 9, HF_CLASS_GONE, "receipt carries no result") \
	/* crypto */ \
	X(HF_ERR_CRYPTO_FAILED, 'C', 'R', 1, HF_CLASS_MACHINE, "crypto library failed") \
	X(HF_ERR_CRYPTO_SIGNATURE, 'C', 'R', 2, HF_CLASS_REFUSED, "signature does not verify") \
	X(HF_ERR_CRYPTO_TAG, 'C', 'R', 3, HF_CLASS_REFUSED, "authentication tag does not verify") \
	X(HF_ERR_CRYPTO_POINT, 'C', 'R', 4, HF_CLASS_REFUSED, "point or public key is not valid") \
	X(HF_ERR_CRYPTO_KEY, 'C', 'R', 5, HF_CLASS_MALFORMED, "key does not parse") \
	X(HF_ERR_CRYPTO_CERT, 'C', 'R', 6, HF_CLASS_MALFORMED, "certificate does not parse") \
	X(HF_ERR_CRYPTO_CSR, 'C', 'R', 7, HF_CLASS_MALFORMED, "certificate request does not parse") \
	X(HF_ERR_CRYPTO_CHAIN, 'C', 'R', 8, HF_CLASS_REFUSED, "certificate does not chain to a trusted one") \
	/* port */ \
	X(HF_ERR_PORT_RANDOM, 'P', 'T', 1, HF_CLASS_MACHINE, "no randomness") \
	X(HF_ERR_PORT_STORAGE, 'P', 'T', 2, HF_CLASS_MACHINE, "storage failed") \
	X(HF_ERR_PORT_ABSENT, 'P', 'T', 3, HF_CLASS_GONE, "no such record") \
	X(HF_ERR_PORT_CORRUPT, 'P', 'T', 4, HF_CLASS_MALFORMED, "record is damaged") \
	X(HF_ERR_PORT_KEY, 'P', 'T', 5, HF_CLASS_MACHINE, "key backend failed") \
	X(HF_ERR_PORT_BUSY, 'P', 'T', 6, HF_CLASS_MACHINE, "storage is in use by another process") \
	/* bus */ \
	X(HF_ERR_BUS_DOWN, 'B', 'U', 1, HF_CLASS_MACHINE, "no connection to the broker") \
	X(HF_ERR_BUS_MESSAGE, 'B', 'U', 2, HF_CLASS_MISUSE, "message does not fit a topic of the channel") \
	X(HF_ERR_BUS_SOCKET, 'B', 'U', 3, HF_CLASS_MACHINE, "cannot listen for the broker plugin") \
	/* broker configuration */ \
	X(HF_ERR_BROKER_CONF, 'B', 'K', 1, HF_CLASS_MISUSE, "value cannot stand in a broker configuration") \
	X(HF_ERR_BROKER_FILE, 'B', 'K', 2, HF_CLASS_MACHINE, "broker configuration cannot be written") \
	X(HF_ERR_BROKER_ABSENT, 'B', 'K', 3, HF_CLASS_GONE, "mosquitto is not installed") \
	/* plugin */ \
	X(HF_ERR_PLUGIN_FRAME, 'P', 'L', 1, HF_CLASS_MALFORMED, "plugin frame does not parse") \
	X(HF_ERR_PLUGIN_ROOM, 'P', 'L', 2, HF_CLASS_LIMIT, "plugin table is full") \
	/* host */ \
	X(HF_ERR_HOST_MEMORY, 'H', 'O', 1, HF_CLASS_MACHINE, "no memory") \
	X(HF_ERR_FILE_ABSENT, 'F', 'I', 1, HF_CLASS_GONE, "no such file") \
	X(HF_ERR_FILE_EXISTS, 'F', 'I', 2, HF_CLASS_REFUSED, "file exists already") \
	X(HF_ERR_FILE_TOO_LARGE, 'F', 'I', 3, HF_CLASS_LIMIT, "file is too large") \
	X(HF_ERR_FILE_MODE, 'F', 'I', 4, HF_CLASS_REFUSED, "file can be reached by other users") \
	X(HF_ERR_FILE_IO, 'F', 'I', 5, HF_CLASS_MACHINE, "file cannot be read or written") \
	X(HF_ERR_FILE_PATH, 'F', 'I', 6, HF_CLASS_LIMIT, "path is too long") \
	X(HF_ERR_CONF_SYNTAX, 'C', 'F', 1, HF_CLASS_MALFORMED, "line is not `key = value`") \
	X(HF_ERR_CONF_UNKNOWN, 'C', 'F', 2, HF_CLASS_MALFORMED, "key is not known") \
	X(HF_ERR_CONF_TWICE, 'C', 'F', 3, HF_CLASS_MALFORMED, "key is given twice") \
	X(HF_ERR_CONF_VALUE, 'C', 'F', 4, HF_CLASS_MALFORMED, "value is not allowed") \
	X(HF_ERR_CONF_MISSING, 'C', 'F', 5, HF_CLASS_MALFORMED, "required key is missing") \
	X(HF_ERR_LOOP_FAILED, 'L', 'O', 1, HF_CLASS_MACHINE, "event loop failed") \
	X(HF_ERR_IPC_FRAME, 'I', 'P', 1, HF_CLASS_MALFORMED, "message frame is not valid") \
	X(HF_ERR_IPC_TYPE, 'I', 'P', 2, HF_CLASS_REFUSED, "message type is not served here") \
	X(HF_ERR_IPC_TIMEOUT, 'I', 'P', 3, HF_CLASS_MACHINE, "other process did not answer in time") \
	X(HF_ERR_IPC_CLOSED, 'I', 'P', 4, HF_CLASS_MACHINE, "other process is gone") \
	X(HF_ERR_IPC_SOCKET, 'I', 'P', 5, HF_CLASS_MACHINE, "socket between processes failed") \
	X(HF_ERR_IPC_BUSY, 'I', 'P', 6, HF_CLASS_LIMIT, "queue to the other process is full") \
	X(HF_ERR_IPC_KEY, 'I', 'P', 7, HF_CLASS_GONE, "no such key in the other process") \
	X(HF_ERR_PROC_TABLE, 'P', 'R', 1, HF_CLASS_MISUSE, "process table is not valid") \
	X(HF_ERR_PROC_START, 'P', 'R', 2, HF_CLASS_MACHINE, "process cannot be started") \
	X(HF_ERR_PROC_ORPHAN, 'P', 'R', 3, HF_CLASS_GONE, "no supervisor started this process") \
	X(HF_ERR_SANDBOX_USER, 'S', 'B', 1, HF_CLASS_MACHINE, "cannot change to the user") \
	X(HF_ERR_SANDBOX_LIMIT, 'S', 'B', 2, HF_CLASS_MACHINE, "cannot set a resource limit") \
	X(HF_ERR_SANDBOX_LANDLOCK, 'S', 'B', 3, HF_CLASS_MACHINE, "cannot enter Landlock") \
	X(HF_ERR_SANDBOX_SECCOMP, 'S', 'B', 4, HF_CLASS_MACHINE, "cannot load the system call filter") \
	X(HF_ERR_JSON_SYNTAX, 'J', 'S', 1, HF_CLASS_MALFORMED, "JSON does not parse") \
	X(HF_ERR_JSON_UNKNOWN, 'J', 'S', 2, HF_CLASS_MALFORMED, "JSON member is not known") \
	X(HF_ERR_JSON_TYPE, 'J', 'S', 3, HF_CLASS_MALFORMED, "JSON value has another type") \
	X(HF_ERR_JSON_MISSING, 'J', 'S', 4, HF_CLASS_MALFORMED, "JSON member is missing") \
	X(HF_ERR_JSON_RANGE, 'J', 'S', 5, HF_CLASS_MALFORMED, "JSON value is out of range") \
	X(HF_ERR_JSON_LIMIT, 'J', 'S', 6, HF_CLASS_LIMIT, "JSON is too large or nested too deep") \
	X(HF_ERR_TLS_CONTEXT, 'T', 'L', 1, HF_CLASS_MACHINE, "TLS context cannot be made") \
	X(HF_ERR_TLS_KEY, 'T', 'L', 2, HF_CLASS_MISUSE, "key and certificate do not match") \
	X(HF_ERR_TLS_HANDSHAKE, 'T', 'L', 3, HF_CLASS_MACHINE, "TLS handshake failed") \
	X(HF_ERR_TLS_VERIFY, 'T', 'L', 4, HF_CLASS_REFUSED, "TLS peer is not the one wanted") \
	X(HF_ERR_HTTP_CONF, 'H', 'T', 1, HF_CLASS_MISUSE, "HTTP server is set up wrongly") \
	X(HF_ERR_HTTP_LISTEN, 'H', 'T', 2, HF_CLASS_MACHINE, "cannot listen") \
	X(HF_ERR_HTTP_ABSENT, 'H', 'T', 3, HF_CLASS_GONE, "query has no such name") \
	X(HF_ERR_HTTP_QUERY, 'H', 'T', 4, HF_CLASS_MALFORMED, "query is not valid") \
	X(HF_ERR_HTTP_FRAME, 'H', 'T', 5, HF_CLASS_MALFORMED, "HTTP request is not strict") \
	X(HF_ERR_HTTPC_RESOLVE, 'H', 'C', 1, HF_CLASS_MACHINE, "host name is not known") \
	X(HF_ERR_HTTPC_CONNECT, 'H', 'C', 2, HF_CLASS_MACHINE, "cannot connect") \
	X(HF_ERR_HTTPC_TIMEOUT, 'H', 'C', 3, HF_CLASS_MACHINE, "server did not answer in time") \
	X(HF_ERR_HTTPC_CLOSED, 'H', 'C', 4, HF_CLASS_MACHINE, "server closed the connection") \
	X(HF_ERR_HTTPC_ANSWER, 'H', 'C', 5, HF_CLASS_MALFORMED, "answer is not HTTP") \
	X(HF_ERR_HTTPC_TOO_LARGE, 'H', 'C', 6, HF_CLASS_LIMIT, "answer is too large") \
	X(HF_ERR_MQTT_CONF, 'M', 'Q', 1, HF_CLASS_MISUSE, "MQTT client is set up wrongly") \
	X(HF_ERR_MQTT_FAILED, 'M', 'Q', 2, HF_CLASS_MACHINE, "MQTT library failed") \
	X(HF_ERR_MQTT_CONNECT, 'M', 'Q', 3, HF_CLASS_MACHINE, "cannot connect to the broker") \
	X(HF_ERR_MQTT_DOWN, 'M', 'Q', 4, HF_CLASS_MACHINE, "not connected to the broker") \
	X(HF_ERR_MQTT_TOO_LARGE, 'M', 'Q', 5, HF_CLASS_LIMIT, "MQTT message is too large") \
	/* identity */ \
	X(HF_ERR_IDENTITY_NAME, 'I', 'D', 1, HF_CLASS_MALFORMED, "device name is not well formed") \
	X(HF_ERR_CLAIM_CODE, 'C', 'L', 1, HF_CLASS_MALFORMED, "not a claim code: 28 characters after HF1:") \
	X(HF_ERR_CLAIM_CHECK, 'C', 'L', 2, HF_CLASS_MALFORMED, "claim code has a typing error") \
	X(HF_ERR_CLAIM_MAC, 'C', 'L', 3, HF_CLASS_REFUSED, "claim proof does not verify") \
	X(HF_ERR_CLAIM_HEADER, 'C', 'L', 4, HF_CLASS_MALFORMED, "claim header is not well formed") \
	X(HF_ERR_ENDORSE_SHAPE, 'E', 'N', 1, HF_CLASS_MALFORMED, "not a key endorsement") \
	X(HF_ERR_ENDORSE_PROOF, 'E', 'N', 2, HF_CLASS_REFUSED, "key endorsement is not the device's") \
	X(HF_ERR_ENDORSE_DEV, 'E', 'N', 3, HF_CLASS_REFUSED, "key endorsement is for another device") \
	X(HF_ERR_ENDORSE_GENERATION, 'E', 'N', 4, HF_CLASS_REFUSED, \
	  "key endorsement does not follow the last") \
	X(HF_ERR_ENDORSE_KEY, 'E', 'N', 5, HF_CLASS_REFUSED, "endorsed key is not the certificate's") \
	X(HF_ERR_HELLO_SHAPE, 'H', 'E', 1, HF_CLASS_MALFORMED, "not a hello or its answer") \
	X(HF_ERR_HELLO_OTHER, 'H', 'E', 2, HF_CLASS_REFUSED, "answer is for another hello") \
	X(HF_ERR_RENEW_EVENT, 'R', 'N', 1, HF_CLASS_MISUSE, "event does not fit the renewal state") \
	X(HF_ERR_RENEW_KEY, 'R', 'N', 2, HF_CLASS_REFUSED, "certificate is for another key") \
	X(HF_ERR_RENEW_NAME, 'R', 'N', 3, HF_CLASS_REFUSED, "certificate is for another device") \
	X(HF_ERR_RENEW_LIFE, 'R', 'N', 4, HF_CLASS_REFUSED, "certificate life is not usable") \
	X(HF_ERR_RENEW_RECORD, 'R', 'N', 5, HF_CLASS_MALFORMED, "identity record is damaged") \
	/* store */ \
	X(HF_ERR_STORE_IO, 'S', 'T', 1, HF_CLASS_MACHINE, "store failed") \
	X(HF_ERR_STORE_BUSY, 'S', 'T', 2, HF_CLASS_MACHINE, "store is locked by another process") \
	X(HF_ERR_STORE_FULL, 'S', 'T', 3, HF_CLASS_LIMIT, "no space left for the store") \
	X(HF_ERR_STORE_ABSENT, 'S', 'T', 4, HF_CLASS_GONE, "no such row") \
	X(HF_ERR_STORE_EXISTS, 'S', 'T', 5, HF_CLASS_REFUSED, "name is taken") \
	X(HF_ERR_STORE_STALE, 'S', 'T', 6, HF_CLASS_REFUSED, "row was changed by somebody else") \
	X(HF_ERR_STORE_LIMIT, 'S', 'T', 7, HF_CLASS_LIMIT, "too many rows of this kind") \
	X(HF_ERR_STORE_EXISTS_FILE, 'S', 'T', 8, HF_CLASS_REFUSED, "store exists already") \
	X(HF_ERR_STORE_NONE, 'S', 'T', 9, HF_CLASS_GONE, "there is no store here") \
	X(HF_ERR_STORE_NEWER, 'S', 'T', 10, HF_CLASS_REFUSED, "store was made by a newer program") \
	X(HF_ERR_STORE_FOREIGN, 'S', 'T', 11, HF_CLASS_MALFORMED, "file is not a store or is damaged") \
	X(HF_ERR_STORE_CHAIN, 'S', 'T', 12, HF_CLASS_MALFORMED, "event journal does not fit its hashes") \
	/* key URIs */ \
	X(HF_ERR_KEYURI_SYNTAX, 'K', 'U', 1, HF_CLASS_MALFORMED, "key URI is not well formed") \
	X(HF_ERR_KEYURI_KIND, 'K', 'U', 2, HF_CLASS_MALFORMED, "no backend has such a key") \
	X(HF_ERR_KEYURI_ABSENT, 'K', 'U', 3, HF_CLASS_GONE, "no such key") \
	X(HF_ERR_KEYURI_EXISTS, 'K', 'U', 4, HF_CLASS_REFUSED, "a key of this name exists already") \
	X(HF_ERR_KEYURI_MODE, 'K', 'U', 5, HF_CLASS_REFUSED, \
	  "key or PIN file can be reached by other users") \
	X(HF_ERR_KEYURI_FILE, 'K', 'U', 6, HF_CLASS_MACHINE, "key or PIN file cannot be read or written") \
	X(HF_ERR_KEYURI_PASSPHRASE, 'K', 'U', 7, HF_CLASS_REFUSED, "passphrase is missing or wrong") \
	X(HF_ERR_KEYURI_CURVE, 'K', 'U', 8, HF_CLASS_REFUSED, "key is neither P-256 nor P-384") \
	X(HF_ERR_KEYURI_TPM, 'K', 'U', 9, HF_CLASS_MACHINE, "TPM failed") \
	X(HF_ERR_KEYURI_BLOB, 'K', 'U', 10, HF_CLASS_MALFORMED, "key blob is damaged or of another machine") \
	X(HF_ERR_KEYURI_MODULE, 'K', 'U', 11, HF_CLASS_MACHINE, "PKCS#11 module or token failed") \
	X(HF_ERR_KEYURI_TOKEN, 'K', 'U', 12, HF_CLASS_GONE, "no such PKCS#11 token, or two fit") \
	X(HF_ERR_KEYURI_PIN, 'K', 'U', 13, HF_CLASS_REFUSED, "PKCS#11 PIN is missing or wrong") \
	/* merkle */ \
	X(HF_ERR_MERKLE_RANGE, 'M', 'K', 1, HF_CLASS_MISUSE, "index or size is outside the tree") \
	X(HF_ERR_MERKLE_PROOF, 'M', 'K', 2, HF_CLASS_REFUSED, "tree proof does not verify") \
	/* agent */ \
	X(HF_ERR_AGENT_STATE, 'A', 'G', 1, HF_CLASS_MISUSE, "state directory is not usable") \
	X(HF_ERR_AGENT_PROVISIONED, 'A', 'G', 2, HF_CLASS_REFUSED, "device is provisioned already") \
	X(HF_ERR_AGENT_FULL, 'A', 'G', 3, HF_CLASS_LIMIT, "no room for messages that wait") \
	X(HF_ERR_AGENT_APP, 'A', 'G', 4, HF_CLASS_MALFORMED, "not a message of the application socket") \
	X(HF_ERR_AGENT_AWAY, 'A', 'G', 5, HF_CLASS_MACHINE, "agent does not answer") \
	X(HF_ERR_AGENT_RELEASED, 'A', 'G', 7, HF_CLASS_REFUSED, "device was not released") \
	/* fleet */ \
	X(HF_ERR_FLEET_CHANGED, 'F', 'L', 1, HF_CLASS_MACHINE, \
	  "rows changed while the certificate was made") \
	X(HF_ERR_FLEET_CLAIMED, 'F', 'L', 2, HF_CLASS_REFUSED, "claim belongs to another account") \
	X(HF_ERR_FLEET_PROOF, 'F', 'L', 3, HF_CLASS_REFUSED, "claim proof is wrong or locked") \
	X(HF_ERR_FLEET_STATE, 'F', 'L', 4, HF_CLASS_REFUSED, "state does not allow this") \
	X(HF_ERR_FLEET_ORDER, 'F', 'L', 5, HF_CLASS_REFUSED, "production order does not allow this") \
	X(HF_ERR_AGENT_OWNER, 'A', 'G', 6, HF_CLASS_GONE, \
	  "nobody may read sealed data: no owner key is set") \
	X(HF_ERR_AGENT_LOOK, 'A', 'G', 8, HF_CLASS_REFUSED, "bundle is not the one that was named") \
	X(HF_ERR_POOL_FULL, 'P', 'O', 1, HF_CLASS_LIMIT, "too much work is waiting") \
	X(HF_ERR_CA_REQUEST, 'C', 'A', 1, HF_CLASS_MALFORMED, \
	  "request to the CA process is not well formed") \
	X(HF_ERR_CA_PROFILE, 'C', 'A', 2, HF_CLASS_REFUSED, "certificate profile is not for this process") \
	X(HF_ERR_CA_KEY, 'C', 'A', 3, HF_CLASS_GONE, "CA process has no such key") \
	/* release */ \
	X(HF_ERR_RELEASE_ENVELOPE, 'R', 'L', 1, HF_CLASS_MALFORMED, \
	  "not a release envelope, or its digest is wrong") \
	X(HF_ERR_RELEASE_SIGNATURE, 'R', 'L', 2, HF_CLASS_REFUSED, "a signature of the release is wrong") \
	X(HF_ERR_RELEASE_QUORUM, 'R', 'L', 3, HF_CLASS_REFUSED, "too few release signers") \
	X(HF_ERR_RELEASE_PROFILE, 'R', 'L', 4, HF_CLASS_REFUSED, "manifest is not of the release profile") \
	X(HF_ERR_RELEASE_CLASS, 'R', 'L', 5, HF_CLASS_REFUSED, "release is for another product") \
	X(HF_ERR_RELEASE_ROLLBACK, 'R', 'L', 6, HF_CLASS_REFUSED, "release is older than the floor") \
	X(HF_ERR_RELEASE_CONDITION, 'R', 'L', 7, HF_CLASS_REFUSED, \
	  "device does not meet a condition of the release") \
	X(HF_ERR_RELEASE_REBUILD, 'R', 'L', 8, HF_CLASS_REFUSED, "too few rebuilders confirm the release") \
	/* proof */ \
	X(HF_ERR_PROOF_NONE, 'P', 'F', 1, HF_CLASS_REFUSED, "no proof under the policy in force") \
	X(HF_ERR_PROOF_LEAF, 'P', 'F', 2, HF_CLASS_REFUSED, "leaf is not signed by a publisher") \
	X(HF_ERR_PROOF_INCLUSION, 'P', 'F', 3, HF_CLASS_REFUSED, "path does not fit index and size") \
	X(HF_ERR_PROOF_LOG, 'P', 'F', 4, HF_CLASS_REFUSED, "tree head is not signed by a log") \
	X(HF_ERR_PROOF_WITNESS, 'P', 'F', 5, HF_CLASS_REFUSED, \
	  "tree head is not cosigned by a witness quorum") \
	X(HF_ERR_PROOF_EXPIRED, 'P', 'F', 6, HF_CLASS_REFUSED, "a needed key had ended at quorum time") \
	/* bundle */ \
	X(HF_ERR_BUNDLE_FORMAT, 'B', 'D', 1, HF_CLASS_MALFORMED, "not an offline bundle") \
	X(HF_ERR_BUNDLE_CHAIN, 'B', 'D', 2, HF_CLASS_REFUSED, "policy link of the bundle does not hold") \
	/* log */ \
	X(HF_ERR_LOG_LOCKED, 'L', 'G', 1, HF_CLASS_REFUSED, "another process serves this log") \
	X(HF_ERR_LOG_STATE, 'L', 'G', 2, HF_CLASS_MALFORMED, "not a state file of a log") \
	X(HF_ERR_LOG_DIFFERS, 'L', 'G', 3, HF_CLASS_REFUSED, \
	  "a file of the log has other bytes than its tree") \
	X(HF_ERR_LOG_ABSENT, 'L', 'G', 4, HF_CLASS_GONE, "not in this log") \
	X(HF_ERR_LOG_NAME, 'L', 'G', 5, HF_CLASS_MALFORMED, "not the name of a tile") \
	X(HF_ERR_LOG_NOTE, 'L', 'G', 6, HF_CLASS_MALFORMED, "not a checkpoint, or not a request for one") \
	X(HF_ERR_LOG_BACK, 'L', 'G', 7, HF_CLASS_REFUSED, "a larger tree was signed already") \
	X(HF_ERR_LOG_FORK, 'L', 'G', 8, HF_CLASS_REFUSED, "tree does not extend the one that was signed") \
	X(HF_ERR_LOG_WITNESS, 'L', 'G', 9, HF_CLASS_REFUSED, "witness refused") \
	X(HF_ERR_LOG_ROLLBACK, 'L', 'G', 10, HF_CLASS_REFUSED, "this log was rolled back") \
	X(HF_ERR_LOG_REQUEST, 'L', 'G', 11, HF_CLASS_MALFORMED, "not a submission to a log") \
	X(HF_ERR_LOG_KEY, 'L', 'G', 12, HF_CLASS_MALFORMED, "not an Ed25519 key as OpenSSH writes it") \
	X(HF_ERR_LOG_OBJECT, 'L', 'G', 13, HF_CLASS_MALFORMED, "neither a release nor a statement") \
	/* keys as OpenSSH writes them */ \
	X(HF_ERR_SSHKEY_FORMAT, 'S', 'K', 1, HF_CLASS_MALFORMED, "not an OpenSSH key") \
	X(HF_ERR_SSHKEY_KIND, 'S', 'K', 2, HF_CLASS_REFUSED, "not a plain ssh-ed25519 key") \
	X(HF_ERR_SSHKEY_LOCKED, 'S', 'K', 3, HF_CLASS_REFUSED, "OpenSSH key has a passphrase") \
	/* who signs a release */ \
	X(HF_ERR_SIGNER_URI, 'S', 'G', 1, HF_CLASS_MALFORMED, "not a signer: file:, agent: or exec:") \
	X(HF_ERR_SIGNER_ABSENT, 'S', 'G', 2, HF_CLASS_GONE, "no such signing key") \
	X(HF_ERR_SIGNER_FAILED, 'S', 'G', 3, HF_CLASS_MACHINE, "signer did not sign") \
	X(HF_ERR_SIGNER_WRONG, 'S', 'G', 4, HF_CLASS_REFUSED, "signature of the signer does not verify") \
	/* maker's releases */ \
	X(HF_ERR_SHELF_DAMAGED, 'S', 'H', 1, HF_CLASS_MALFORMED, "stored file is not what its name says") \
	X(HF_ERR_SHELF_NAME, 'S', 'H', 2, HF_CLASS_GONE, "no such release") \
	X(HF_ERR_SHELF_POLICY, 'S', 'H', 3, HF_CLASS_GONE, "no such policy") \
	X(HF_ERR_RECORD_SHAPE, 'R', 'R', 1, HF_CLASS_MALFORMED, "not a release record") \
	X(HF_ERR_CAPABILITY_LINE, 'C', 'P', 1, HF_CLASS_MALFORMED, "not a capability") \
	X(HF_ERR_CAPABILITY_LIMIT, 'C', 'P', 2, HF_CLASS_LIMIT, "too many capabilities") \
	X(HF_ERR_CAPABILITY_SHAPE, 'C', 'P', 3, HF_CLASS_MALFORMED, "not a capability manifest") \
	X(HF_ERR_CAPABILITY_ADDED, 'C', 'P', 4, HF_CLASS_REFUSED, "capability was added and not accepted") \
	X(HF_ERR_REVOCATION_SHAPE, 'R', 'V', 1, HF_CLASS_MALFORMED, "not a revocation") \
	X(HF_ERR_POLICY_TEXT, 'P', 'W', 1, HF_CLASS_MALFORMED, "policy file is not usable") \
	X(HF_ERR_POLICY_LOCKOUT, 'P', 'W', 2, HF_CLASS_REFUSED, "policy would lock its owner out") \
	X(HF_ERR_LOG_TEXT, 'L', 'T', 1, HF_CLASS_MALFORMED, "answer of the log is not well formed") \
	X(HF_ERR_LOG_URL, 'L', 'T', 2, HF_CLASS_MALFORMED, "not the URL of a log") \
	X(HF_ERR_LOG_REFUSED, 'L', 'T', 3, HF_CLASS_REFUSED, "log refused") \
	X(HF_ERR_LOG_WAIT, 'L', 'T', 4, HF_CLASS_MACHINE, "log has not published the leaf yet") \
	X(HF_ERR_VERIFY_IMAGE, 'V', 'F', 1, HF_CLASS_REFUSED, "image is not the released one") \
	/* audit: facts, the model made of them, policy files, runs */ \
	X(HF_ERR_FACT_SHAPE, 'F', 'C', 1, HF_CLASS_MALFORMED, "not a fact") \
	X(HF_ERR_MODEL_LIMIT, 'M', 'D', 1, HF_CLASS_LIMIT, "more facts than an audit may hold") \
	X(HF_ERR_TOML_SYNTAX, 'T', 'M', 1, HF_CLASS_MALFORMED, "not a line of the TOML subset") \
	X(HF_ERR_TOML_TWICE, 'T', 'M', 2, HF_CLASS_MALFORMED, "table or key is given twice") \
	X(HF_ERR_TOML_LIMIT, 'T', 'M', 3, HF_CLASS_LIMIT, "policy file is too large") \
	X(HF_ERR_AUDITPOLICY_KEY, 'A', 'Y', 1, HF_CLASS_MALFORMED, "audit policy has no such table or key") \
	X(HF_ERR_AUDITPOLICY_VALUE, 'A', 'Y', 2, HF_CLASS_MALFORMED, \
	  "value of the audit policy is not allowed") \
	X(HF_ERR_AUDITPOLICY_WAIVER, 'A', 'Y', 3, HF_CLASS_REFUSED, "waiver lacks a key or lasts too long") \
	/* monitor */ \
	X(HF_ERR_MONITOR_STATE, 'M', 'N', 1, HF_CLASS_MALFORMED, "not the state of a monitor") \
	X(HF_ERR_MONITOR_HOOK, 'M', 'N', 2, HF_CLASS_MACHINE, "hook did not take the finding") \
	X(HF_ERR_MONITOR_FULL, 'M', 'N', 3, HF_CLASS_LIMIT, "more releases than a monitor remembers") \
	X(HF_ERR_MONITOR_FORK, 'M', 'N', 4, HF_CLASS_REFUSED, "log contradicts what it showed before") \
	X(HF_ERR_AUDIT_INPUT, 'A', 'U', 1, HF_CLASS_MACHINE, "input of the audit cannot be read") \
	X(HF_ERR_AUDIT_PROCESS, 'A', 'U', 2, HF_CLASS_MACHINE, "process of the audit failed") \
	X(HF_ERR_AUDIT_REPORT, 'A', 'U', 3, HF_CLASS_MALFORMED, "not a report of an audit") \
	/* suit */ \
	X(HF_ERR_SUIT_LIMIT, 'S', 'U', 2, HF_CLASS_LIMIT, "manifest or envelope exceeds a limit") \
	X(HF_ERR_SUIT_DIGEST, 'S', 'U', 3, HF_CLASS_REFUSED, \
	  "severed part of the manifest has another hash") \
	/* head */ \
	X(HF_ERR_HEAD_FORMAT, 'H', 'D', 1, HF_CLASS_MALFORMED, "not a head message") \
	X(HF_ERR_HEAD_OLD, 'H', 'D', 2, HF_CLASS_REFUSED, "head is older than one seen before") \
	X(HF_ERR_HEAD_SPLIT, 'H', 'D', 3, HF_CLASS_REFUSED, "log shows two trees of one size") \
	/* trust */ \
	X(HF_ERR_TRUST_RECORD, 'T', 'R', 1, HF_CLASS_MALFORMED, "record of trust is damaged") \
	/* images */ \
	X(HF_ERR_IMAGE_SHORT, 'I', 'M', 1, HF_CLASS_MALFORMED, "image ends before its content") \
	X(HF_ERR_IMAGE_FORMAT, 'I', 'M', 2, HF_CLASS_MALFORMED, "container is damaged") \
	X(HF_ERR_IMAGE_CAP, 'I', 'M', 3, HF_CLASS_LIMIT, "limit of the scan was hit") \
	X(HF_ERR_IMAGE_KIND, 'I', 'M', 4, HF_CLASS_REFUSED, "container of this kind is not supported") \
	/* New rows go above this line, so that every row ends in a backslash. */ \
	/* deploy */ \
	X(HF_ERR_DEPLOY_NOT_ONE, 'D', 'P', 1, HF_CLASS_GONE, "not a deployment") \
	X(HF_ERR_DEPLOY_VALUE, 'D', 'P', 2, HF_CLASS_MALFORMED, "value of a configuration key is not fit") \
	X(HF_ERR_DEPLOY_PROVISION, 'D', 'P', 3, HF_CLASS_MALFORMED, "not a provisioning file") \
	/* policy */ \
	X(HF_ERR_POLICY_FORMAT, 'P', 'Y', 1, HF_CLASS_MALFORMED, "not a trust policy") \
	X(HF_ERR_POLICY_KEY, 'P', 'Y', 2, HF_CLASS_REFUSED, \
	  "policy holds a weak key or one of a foreign kind") \
	X(HF_ERR_POLICY_TWICE, 'P', 'Y', 3, HF_CLASS_REFUSED, "policy holds a key twice") \
	X(HF_ERR_POLICY_QUORUM, 'P', 'Y', 4, HF_CLASS_REFUSED, "quorum names wrong keys or cannot be met") \
	X(HF_ERR_POLICY_ABSENT, 'P', 'Y', 5, HF_CLASS_REFUSED, "policy has no such quorum") \
	X(HF_ERR_POLICY_ORDER, 'P', 'Y', 6, HF_CLASS_REFUSED, "policy does not follow the one in force") \
	/* statement */ \
	X(HF_ERR_STATEMENT_FORMAT, 'S', 'M', 1, HF_CLASS_MALFORMED, "not a statement") \
	X(HF_ERR_STATEMENT_TYPE, 'S', 'M', 2, HF_CLASS_REFUSED, "statement is of another type") \
	X(HF_ERR_STATEMENT_SIGNATURE, 'S', 'M', 3, HF_CLASS_REFUSED, "signature on a statement is wrong") \
	X(HF_ERR_STATEMENT_QUORUM, 'S', 'M', 4, HF_CLASS_REFUSED, "too few of the right people signed") \
	/* vouch */ \
	X(HF_ERR_VOUCH_SHAPE, 'V', 'O', 1, HF_CLASS_MALFORMED, "not a vouch for a device") \
	X(HF_ERR_VOUCH_SIGNER, 'V', 'O', 2, HF_CLASS_REFUSED, \
	  "no operator of the trust policy signed the vouch") \
	X(HF_ERR_VOUCH_SIGNATURE, 'V', 'O', 3, HF_CLASS_REFUSED, "signature of the vouch does not verify") \
	/* app */ \
	X(HF_ERR_APP_LIMIT, 'A', 'A', 1, HF_CLASS_LIMIT, "message of the application exceeds a limit") \
	X(HF_ERR_APP_SHAPE, 'A', 'A', 2, HF_CLASS_MALFORMED, "not a message of the agent") \
	X(HF_ERR_APP_ARGS, 'A', 'A', 3, HF_CLASS_MALFORMED, "command has other arguments") \
	/* audit: advisories and bills of materials */ \
	X(HF_ERR_FEED_FORMAT, 'A', 'D', 1, HF_CLASS_MALFORMED, "not advisories that can be read") \
	X(HF_ERR_FEED_SHRUNK, 'A', 'D', 2, HF_CLASS_REFUSED, "source of advisories has lost records") \
	X(HF_ERR_FEED_OLDER, 'A', 'D', 3, HF_CLASS_REFUSED, "source of advisories is older than before") \
	X(HF_ERR_FEED_FUTURE, 'A', 'D', 4, HF_CLASS_REFUSED, "source of advisories is dated in the future") \
	X(HF_ERR_FEED_UNSIGNED, 'A', 'D', 5, HF_CLASS_REFUSED, "source of advisories lost its signature") \
	X(HF_ERR_FEED_SIGNATURE, 'A', 'D', 6, HF_CLASS_REFUSED, "signature of the advisories is not good") \
	X(HF_ERR_FEED_IO, 'A', 'D', 7, HF_CLASS_MACHINE, "feed database cannot be read or written") \
	X(HF_ERR_SBOM_FORMAT, 'B', 'M', 1, HF_CLASS_MALFORMED, "not a bill of materials that can be read") \
	/* api */ \
	X(HF_ERR_API_REFUSED, 'A', 'P', 1, HF_CLASS_REFUSED, "request was refused")

typedef enum hf_err {
	HF_OK = 0,
#define HF_ERR_ROW(name, a, b, number, class, text) \
	name = ((a) << 24) | ((b) << 16) | ((number) << 8) | (class),
	HF_ERROR_TABLE(HF_ERR_ROW)
#undef HF_ERR_ROW
} hf_err;
#endif
