/* bulk.h -- exports of everything that a caller may read (Bulk Data Access 2.0, export.html).
 *
 * An export is a job: asked for, worked at by threads of its own, polled, fetched file
 * by file, and gone after a day or when it is cancelled.  What it needs to be taken up
 * again stands in D/bulk/<job>/state, so a crash costs the work since the last
 * checkpoint.  State and files are sealed (AES-256-GCM) under a key of the job's own, which
 * the keeper has wrapped; it goes when the job goes, and with it what the files say.
 *
 * A job is bound to its caller: to others it does not exist.  Its permit is made again, from the
 * registry of that moment, when it begins, when it is taken up again, and when a client was
 * removed or changed; what the client may not have any more is not exported. */
#ifndef BULK_BULK_H
#define BULK_BULK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;
struct bulk;
struct buf;
struct exchange;
struct outcome;
struct principal;
struct service;
struct type;

enum bulk_level { BULK_SYSTEM, BULK_PATIENT, BULK_GROUP };
enum bulk_provenance { PROVENANCE_NONE, PROVENANCE_RELEVANT, PROVENANCE_LATEST };

struct bulk_filter {            /* _typeFilter: only what this search of the type finds */
	struct slice type, query;
};

/* What was asked for; all of it is checked by who asks. */
struct bulk_request {
	enum bulk_level     level;
	enum bulk_provenance provenance;
	struct slice        url;        /* as it was asked, for the manifest */
	struct slice        group;      /* id */
	int64_t             since;      /* ms; 0: no */
	const struct slice *types;      /* names; none: all that may be had */
	uint32_t            type_count;
	const struct bulk_filter *filters;
	uint32_t            filter_count;
	const struct slice *elements;   /* "Patient.name", "id" */
	uint32_t            element_count;
	const struct slice *patients;   /* ids */
	uint32_t            patient_count;
};

enum bulk_state { BULK_RUNNING, BULK_DONE, BULK_FAILED };

struct bulk_file {
	struct slice type;              /* "Patient"; "Bundle" for what was deleted */
	uint32_t     number;            /* of all files of the job */
	bool         deleted;
	uint64_t     count, plain, sealed, chunks;      /* resources, bytes, bytes, pieces */
};

/* What a caller may know of a job. */
struct bulk_status {
	enum bulk_state   state;
	struct slice      url;
	int64_t           time, expires;        /* transactionTime; ms */
	uint64_t          count;                /* resources so far */
	struct bulk_file *files;
	uint32_t          file_count;
};

/* Reads the jobs of the data directory; bulk_start() begins to work at them. */
struct bulk *bulk_open(struct service *, struct outcome *);
void         bulk_start(struct bulk *);
void         bulk_close(struct bulk *);         /* jobs under way stay to be taken up again */

/* A new job of x->who, durable when this returns true; its id is 26 characters.
 * FAULT_THROTTLED when there are too many (limits.h BULK_JOBS, BULK_JOBS_OF_CLIENT). */
MUST_USE bool bulk_create(struct bulk *, struct exchange *, const struct bulk_request *,
    struct slice *id);

/* A job of x->who; false with FAULT_NO_SUCH when there is none, or when it is another's. */
MUST_USE bool bulk_look(struct bulk *, struct exchange *, struct slice id, struct bulk_status *);
/* One of its files becomes x->stream, opened piece by piece as it is sent; its first is opened now,
 * so that one that was tampered with is mostly refused before a byte of it went. */
MUST_USE bool bulk_read(struct bulk *, struct exchange *, struct slice id, struct slice name);
/* Stops it and deletes key and files. */
MUST_USE bool bulk_cancel(struct bulk *, struct exchange *, struct slice id);

/* "Patient.1.ndjson" */
void bulk_file_name(struct buf *, const struct bulk_file *);

/* The types that the permit of x and the level allow, by type number; false when there are none, or one
 * that is asked for by name is not allowed. */
MUST_USE bool bulk_types(struct exchange *, const struct bulk_request *, bool *types);

/* An export at once, in clear, into a directory of the operator's: `put` gets each resource. */
MUST_USE bool bulk_export_now(struct exchange *, const struct bulk_request *, int64_t until,
    bool (*put)(void *ctx, const struct type *, struct slice line), void *ctx);

#endif
