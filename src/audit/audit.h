/* audit.h -- the append-only, tamper-evident log of what was done.
 *
 * Records are leaves of a Merkle tree (RFC 9162: SHA-256, 0x00 leaf, 0x01 node),
 * kept in segment files of 64 MiB as  length | crc32c | bytes .  Each record
 * also carries the hash of the one before it, so that a change is located to a
 * record.  A checkpoint (C2SP tlog-checkpoint, Ed25519 by the keeper) is signed
 * every second or 4,096 records and at shutdown.
 *
 * One thread appends: it takes all waiting records, writes them, calls
 * fdatasync once, then tells the waiters.  A failed write or fdatasync is never
 * retried: the log is then unhealthy for good and every waiter is told so, as
 * is everyone after it.
 *
 * What could identify a patient (query text, patient reference) is sealed under
 * an audit data key; the leaf commits to its HMAC with a per-record salt. */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct buf;
struct env;
struct keeper;
struct outcome;
struct audit_log;

#define AUDIT_EVENT_ID 16
#define AUDIT_PATIENTS (1u << 16)       /* bytes of patients in one event, about: more are another event */

/* The interaction of an event that is not one of the API: DICOM 110113, Security Alert. */
#define AUDIT_SECURITY_ALERT "security-alert"

/* One event, before it is framed.  Slices are copied by audit_encode(). */
struct audit_event {
	uint8_t      id[AUDIT_EVENT_ID];/* random; pairs a record with its store transaction */
	int64_t      time;              /* ms since 1970 */
	struct slice request_id;        /* X-Request-Id */
	struct slice principal, client; /* subject and client_id; empty: nobody */
	struct slice token_id;          /* jti */
	struct slice interaction;       /* "read", "search-type", "create", "login" ... */
	char         action;            /* C R U D E, R4 audit-event-action */
	int          outcome;           /* 0, 4, 8, 12, R4 audit-event-outcome */
	int          status;            /* HTTP */
	struct slice reason;            /* fixed text: the true reason, or empty */
	struct slice purpose;           /* purpose of use */
	struct slice peer;              /* network address of the client */
	struct slice resource;          /* "Observation/abc" or "Observation"; no patient data */
	/* Sealed: */
	struct slice patient;           /* "Patient/abc", several with a space between, or empty */
	struct slice query;             /* raw query or empty; its keyed hash stays in clear */
};

/* The framed record: what goes into the store's transaction of a write and into
 * the log.  Same event, same env entropy: bytes differ (random salt).  Thread-safe. */
MUST_USE bool audit_encode(struct audit_log *, const struct audit_event *, struct arena *,
    struct slice *record);

struct audit_log *audit_open(const struct env *, struct keeper *, const char *dir,
    const char *origin, struct outcome *);
/* Writes what waits, signs a last checkpoint, stops the thread. */
void audit_close(struct audit_log *);

/* Queue an encoded record.  `done(ctx, true)` is called on the audit thread when
 * it is durable, `done(ctx, false)` when it never will be; `done` may be NULL.
 * `record` must live until then.  False at once when the log is unhealthy or the queue is
 * full (LIMIT_AUDIT_QUEUE); `done` is then not called. */
MUST_USE bool audit_append(struct audit_log *, struct slice record,
    void (*done)(void *ctx, bool durable), void *ctx);

/* Was this event in the log's last two segments when this was first asked?  For
 * what may have been appended by a run that crashed.  Thread-safe. */
bool audit_contains(struct audit_log *, const uint8_t id[AUDIT_EVENT_ID]);
/* The id inside an encoded record. */
void audit_record_id(struct slice record, uint8_t id[AUDIT_EVENT_ID]);

bool     audit_healthy(const struct audit_log *);
uint64_t audit_size(const struct audit_log *);          /* durable records */

/* For commands that run beside the server: leaves the event as a durable file
 * in D/audit/spool, which the log's owner takes in.  e->id must be set. */
MUST_USE bool audit_spool_put(const struct env *, const char *dir, const struct audit_event *,
    struct outcome *);
/* Takes in what is spooled; called again and again by one thread of the owner. */
void audit_spool_drain(struct audit_log *);

/* Offline.  Exit codes of `firebreak audit verify`: 0 ok, 3 tampered (the first
 * bad record is named), 4 incomplete or truncated against a checkpoint, 5 fork, 6 an
 * unsigned tail older than 2 s.  `report` gets one line of text per finding. */
int audit_verify(const struct env *, struct keeper *, const char *dir, struct buf *report);

/* Calls `each` with every record as R4 AuditEvents (IHE BALP content) in JSON, one for each patient of
 * it, from record `from` on; sealed parts are opened with the keeper's key. */
MUST_USE bool audit_show(const struct env *, struct keeper *, const char *dir, uint64_t from,
    bool (*each)(void *ctx, uint64_t index, struct slice json), void *ctx, struct outcome *);

#endif
