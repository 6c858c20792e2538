/* record.h -- the bytes of one audit record.
 *
 *   offset  bytes  meaning
 *   0       1      version, 1
 *   1       32     hash of the leaf before (zeros until it is appended)
 *   33      16     event id
 *   49      8      time, ms since 1970
 *   57      1      action  C R U D E
 *   58      1      outcome 0 4 8 12
 *   59      2      HTTP status
 *   61      16     salt
 *   77      32     HMAC-SHA-256(hash key, salt | sealed plaintext)
 *   109     8      SipHash of the query under the hash key, 0 for none
 *   117     ...    fields of struct audit_event, each u16 length and bytes:
 *                  request_id principal client token_id interaction reason
 *                  purpose peer resource
 *   ...     ...    u32 length and the sealed part: patient, query, each with a u32 length
 * Numbers are little-endian.  Shredding key and salt leaves the log
 * verifiable while patient and query are gone. */
#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/audit.h"
#include "base/slice.h"

struct arena;
struct env;

#define RECORD_PREVIOUS 1
#define RECORD_ID       33
#define RECORD_FIXED    117
#define RECORD_MAX      (1u << 20)
#define FRAME_HEAD      8               /* u32 length, u32 crc32c */

struct audit_keys {
	uint8_t seal[32], hash[32];
};

/* False when it would be longer than RECORD_MAX. */
bool record_encode(const struct audit_event *, const struct audit_keys *, const struct env *,
    struct arena *, struct slice *record);

/* The inverse; `keys` may be NULL: patient and query then stay empty.  False
 * when the bytes are no record; sealed parts that do not open are left empty. */
bool record_decode(struct slice record, const struct audit_keys *, struct arena *,
    struct audit_event *);

/* An R4 AuditEvent (IHE BALP content) in JSON.  BALP wants one for each patient: `nth`, from 1 on, is
 * of the `patient`. */
struct slice record_event(const struct audit_event *, struct slice patient, unsigned nth,
    uint64_t index, struct slice observer, struct arena *);

#endif
