/* store.h -- where resources are kept.
 *
 * Versions are immutable.  A row is a resource; it has a number (`row`, never
 * leaves the process), a compartment (0: no patient; one patient's own; or one for a
 * set of patients that share the row) and, in each version, the number of an
 * interned set of security labels.  Ids are the block cipher's image of {compartment,
 * row}; version ids that of {row, version number vid}.  Ids that clients chose live in
 * an alias table.
 *
 * Reads go through a `struct store_reader` (one per thread) and see one
 * snapshot between store_begin() and store_end().  Every call takes the permit;
 * its compartment and clearance are in the SQL of every leg.  What it hides is
 * absent: the answer is the same as if the row did not exist.
 *
 * Writes are prepared by the caller (numbers reserved, body and index rows
 * made) and handed over as a commit; one writer thread takes what waits,
 * applies it in one transaction, syncs once and calls back.  Optimism: a write
 * names the version it replaces, and loses when that is no longer current. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/siphash.h"
#include "base/slice.h"
#include "search/index.h"
#include "search/query.h"
#include "store/permit.h"

struct arena;
struct audit_log;
struct env;
struct keeper;
struct limits;
struct outcome;
struct store;
struct store_reader;

/* The level of what is in quarantine: above every other. */
#define QUARANTINE_LEVEL 16

struct store_config {
	const struct env    *env;
	const struct limits *limits;
	struct keeper       *keeper;
	const struct pack   *pack;
	struct audit_log    *audit;     /* gets the records of committed writes; may be NULL in tests */
	const char          *path;      /* directory; unused by memory */
	bool                 no_sync;   /* synchronous=NORMAL: only for the crash harness' teeth */
	bool                 reindex;   /* the index is forgotten; store_reindex() follows */
};

/* "sqlite" or "memory".  Opening drains the outbox of a crashed run into the audit log. */
struct store *store_open(const char *kind, const struct store_config *, struct outcome *);
void          store_close(struct store *);
/* The key that index rows are hashed with (derived by the keeper). */
struct siphash_key store_index_key(const struct store *);

/* Makes all index rows again, by the definitions of the pack that the store was opened with for this.
 * `base` as for store_resolver().  Nobody else has the store open. */
MUST_USE bool store_reindex(struct store *, struct slice base, void (*progress)(int64_t done),
    int64_t *done, struct outcome *);

/* What custom search parameters that came or went leave to be done: one small piece of it, waited for,
 * in a thread that may wait; with a reader that is in no snapshot.  `more`: there is more. */
MUST_USE bool store_index_step(struct store_reader *, struct slice base, bool *more, struct outcome *);

/* How far the index has the custom parameters of one SearchParameter (its row) or, with -1, of all
 * and of packages (source 0).  In a snapshot; says what no permit hides. */
struct store_parameter {
	const struct search_param *param;
	int64_t source;
	bool    ready;
	int64_t done, total;            /* `counted`, not ready: resources looked at; of its type */
	int64_t failed;                 /* `counted`: resources on which its expression cannot be evaluated */
};
MUST_USE bool store_parameters(struct store_reader *, int64_t source, bool counted, struct arena *,
    struct store_parameter **out, uint32_t *count, struct outcome *);

struct store_reader *store_reader_open(struct store *, struct outcome *);
void                 store_reader_close(struct store_reader *);
MUST_USE bool store_begin(struct store_reader *, struct outcome *);
void          store_end(struct store_reader *);
/* The parameters that the snapshot can be searched by.  Who needs them for longer holds them. */
struct search_index *store_index(const struct store_reader *);
/* From now on store_end() keeps the snapshot for the next store_begin(), which takes a new one
 * only when there is something new.  A kept snapshot holds up the reuse of the write-ahead
 * log, so the owner calls store_release() as soon as it has nothing to do. */
void          store_reader_lazy(struct store_reader *);
void          store_release(struct store_reader *);

/* Bytes that are kept beside a version: the content of a Binary. */
#define STORE_CONTENT_NAME 16
#define STORE_CHUNK        65536        /* what is sealed, and so read, in one piece */
struct store_content {
	struct store *store;
	uint8_t       name[STORE_CONTENT_NAME], key[32];        /* of its file; random */
	uint64_t      size;
	uint8_t       sha256[32], sha1[20];     /* set by who wrote it */
	bool          written;                  /* there is a file */
	atomic_bool   stored;                   /* a committed version names it */
};

/* One version of a resource, as the store holds it. */
struct stored {
	const struct type *type;
	int64_t  compartment, row, vid;
	uint32_t labels;                /* label-set number */
	int64_t  updated;               /* ms since 1970 */
	bool     deleted;               /* a tombstone: no body */
	char     method;                /* 'P' POST, 'U' PUT, 'D' DELETE; in a history also 'C', a PUT that created */
	struct slice id, version;       /* as clients see them */
	struct slice body;              /* exact JSON bytes */
	const struct store_content *content;    /* beside it; NULL: none */
	bool     orphan;                /* seen although its compartment or level says no: ORPHAN_LEVEL */
	bool     redacted;              /* elements were taken out on the way to this caller */
};

/* The current version.  FAULT_NO_SUCH when absent or hidden; a visible
 * tombstone is returned with `deleted` set. */
MUST_USE bool store_read(struct store_reader *, const struct permit *, const struct type *,
    struct slice id, struct arena *, struct stored *, struct outcome *);
/* Is there a current version, visible and not deleted?  Everything but its body; FAULT_NO_SUCH. */
MUST_USE bool store_find(struct store_reader *, const struct permit *, const struct type *,
    struct slice id, struct stored *, struct outcome *);
/* A version by its id, under the labels of that version and of the current one. */
MUST_USE bool store_vread(struct store_reader *, const struct permit *, const struct type *,
    struct slice id, struct slice version, struct arena *, struct stored *, struct outcome *);
/* Versions of many resources, newest first: the history of a type or of the system.  What is
 * visible is every version under its own labels and those of the current one.  Costs
 * what is visible costs: versions that are hidden are not touched. */
struct store_span {
	const struct type *const *types;
	uint32_t type_count;
	int64_t  since;                 /* `updated` is not before this; INT64_MIN: any */
	int64_t  first, last;           /* it was current at some moment of this; INT64_MIN, INT64_MAX: any */
	int64_t  before, before_vid;    /* where a page ended: it is older than that; INT64_MAX, 0: the first */
	uint32_t max;
};

/* Versions newest first, from the one before `before_vid` (0: the current); of the span its
 * times and `max`. */
MUST_USE bool store_history(struct store_reader *, const struct permit *, const struct type *,
    struct slice id, int64_t before_vid, const struct store_span *, struct arena *,
    struct stored **out, uint32_t *count, struct outcome *);

MUST_USE bool store_changes(struct store_reader *, const struct permit *, const struct store_span *,
    struct arena *, struct stored **out, uint32_t *count, struct outcome *);

/* Where a page ended, to be sealed into a cursor by the caller. */
struct store_position {
	bool    set;
	uint32_t part;
	int64_t compartment, row;
	struct { uint8_t kind, len; char text[128]; int64_t i; double d; } key[QUERY_SORTS];
};

struct store_page {
	struct stored *at;
	uint32_t      *contained;       /* of each: the contained resource that matched, from 1; 0: itself */
	uint32_t       count;
	int64_t        total;           /* -1: not asked for, and there are more pages */
	bool           more;
	struct store_position end;
};

/* In the query's order; without _sort by type, compartment and row, or by a date that its clauses bound.  Ties are
 * broken the first way.
 * `from` is where the page before ended; not `set` for the first. */
MUST_USE bool store_search(struct store_reader *, const struct permit *, const struct query *,
    const struct store_position *from, struct arena *, struct store_page *, struct outcome *);

/* What a page's matches refer to, and what refers to them, as the query's includes say; each
 * once, none that is a match.  What the permit hides, or its scopes do not let the caller read,
 * is not there.  `cut`: there were more than LIMIT_INCLUDES. */
struct store_related {
	struct stored *at;
	uint32_t       count;
	bool           cut;
};
MUST_USE bool store_include(struct store_reader *, const struct permit *, const struct query *,
    const struct index_resolver *, const struct store_page *, struct arena *, struct store_related *,
    struct outcome *);

/* Does the search look at more than a compartment, so that it may take its time?  From the query and
 * the permit alone. */
bool store_search_is_wide(struct store_reader *, const struct permit *, const struct query *);

/* Everything that a permit reaches, as it was at one instant, in the store's own order: for
 * exports.  A scan may be broken off after any call and taken up again at its position, in another
 * snapshot or another run: what changed since `until` is told as it was then. */
struct store_scan {
	const bool    *types;           /* by type number: those that are wanted */
	const int64_t *compartments;    /* sorted; NULL: all */
	uint32_t       compartment_count;
	bool           patients_only;   /* nothing that is in no patient's compartment */
	int64_t        since, until;    /* ms: last changed in since <= t <= until */
	bool           deleted;         /* tombstones too */
	bool         (*takes)(const void *ctx, int64_t row);    /* is asked before a version is read; NULL: every row */
	const void    *takes_ctx;
};

struct store_scan_position {
	bool     done;
	int64_t  compartment, row;      /* begin with 0, 0, 0 */
	uint32_t type, at;              /* `at`: in the list of compartments */
};

/* The next, at most `max` rows looked at; `each` returns false to fail.  A tombstone has the body of
 * the version before it. */
MUST_USE bool store_scan(struct store_reader *, const struct permit *, const struct store_scan *,
    struct store_scan_position *, uint32_t max, struct arena *,
    bool (*each)(void *ctx, struct stored *), void *ctx, struct outcome *);

/* The compartments in which any of these patients is, sorted: their own, and those of sets. */
MUST_USE bool store_compartments_with(struct store_reader *, const int64_t *patients,
    uint32_t count, struct arena *, int64_t **out, uint32_t *out_count, struct outcome *);

/* The resolver for index and query: row numbers by id or alias, without a look
 * at rows that could be hidden (an id that does not decode to a plausible row is 0). */
struct index_resolver store_resolver(struct store_reader *, struct slice base);

/* The compartment number of the patients with these ids, each of which must be
 * visible and not deleted under the permit (else FAULT_BUSINESS_RULE, the same
 * text for hidden and missing).  None: 0.  One: its own.  Several: the one of the
 * set, which is made with the commit when it is new (then `fresh` says so). */
struct store_compartment {
	int64_t  number;
	bool     fresh;
	uint8_t  wrapped[60];           /* fresh: the wrapped data key */
	int64_t *members;               /* fresh set of several: member compartments, sorted */
	uint32_t member_count;
	int      level;                 /* of what it is made for */
};
MUST_USE bool store_compartment_of(struct store_reader *, const struct permit *,
    const struct patient_refs *, struct arena *, struct store_compartment *, struct outcome *);
/* A new patient's own compartment. */
MUST_USE bool store_compartment_new(struct store *, struct store_compartment *, struct outcome *);

/* The number of the set that the labels of a resource and of what is in it come to (interned; written at once, outside
 * any commit), and its confidentiality level: labels.c.  `resource` is its node. */
MUST_USE bool store_labels(struct store *, const struct json *, uint32_t resource,
    uint32_t *labels, int *level, struct outcome *);

/* The level of an interned set. */
int store_level(const struct store *, uint32_t labels);

/* A Binary that no securityContext decides about and that is no patient's ("orphan") has its labels at
 * this much above their level: it is in no list and no search.  By its id it is found by who made it, by who
 * may read a resource one of whose Attachments refers to it, and by a security officer. */
#define ORPHAN_LEVEL 8

static inline bool
level_is_orphan(int level)
{
	return level >= ORPHAN_LEVEL && level < QUARANTINE_LEVEL;
}

/* The labels become those of an orphan, made by the permit's holder, or by who made `old` (NULL: nothing
 * before). */
MUST_USE bool store_orphan_labels(struct store *, const struct permit *, const struct stored *old,
    uint32_t *labels, struct arena *, struct outcome *);

/* Numbers and texts for a version that is about to be written. */
int64_t store_new_row(struct store *);
int64_t store_new_vid(struct store *);
/* lastUpdated: never before what was given last, whatever the clock says, and behind that of the version
 * before (`behind`; 0: none).  Others' writes move it no further than the clock: how many there are must not tell. */
int64_t store_stamp(struct store *, int64_t behind);
/* An instant that is over, for exports: what is committed stays as it was then, and what is committed from now on is
 * behind it (a write that was stamped before is STORE_STALE).  Waits for the commit under way. */
int64_t store_close_instant(struct store *);
struct slice store_id(struct store *, int64_t compartment, int64_t row, struct arena *);
struct slice store_version_id(struct store *, int64_t row, int64_t vid, struct arena *);

/* Adds "Patient/abc" of a compartment, "Patient/abc Patient/def" of a set, nothing of 0: what an audit
 * record names, with a space between.  A patient's row has the number of its own compartment. */
void store_add_patients(struct store_reader *, int64_t compartment, struct buf *);
/* That of a Patient which is about to be written. */
void store_name_patient(struct store *, int64_t compartment, struct slice id);

/* The compartment of a resource of several patients' (their compartments: none 0, distinct, some may be fresh
 * and not yet committed; one gives itself).  Each level has sets of its own: searches go by compartments in the order
 * in which these were made, and a hidden resource must not be the first of a visible one's. */
struct store_set {
	const int64_t *members;
	uint32_t       count;
	int            level;
	int64_t        before;          /* the compartment of the version before, which stays if it has these members; or 0 */
};
MUST_USE bool store_compartment_set(struct store_reader *, const struct store_set *, struct arena *,
    struct store_compartment *, struct outcome *);

enum store_verdict {
	STORE_WAITING, STORE_DONE,
	STORE_CONFLICT,         /* another version is current: prepare again, or 409/412 */
	STORE_STALE,            /* its rows are of an older generation of the index, or its instant is over: prepare again */
	STORE_REFUSED,          /* its own read() has said no: nothing of it was written */
	STORE_FAILED,           /* disk, audit: nothing was written */
};

/* Why a new resource goes into quarantine: what was found in its content, or nothing yet. */
struct store_quarantine {
	bool infected;
	char signature[128];
	struct slice sha256;            /* of the content that it is for, in hex */
};

/* What a write does to a resource that is in quarantine. */
enum store_fate {
	QUARANTINE_STAYS,       /* or it is not in quarantine */
	QUARANTINE_LEFT,        /* this version has the labels that it came with */
	QUARANTINE_DESTROYED,   /* this is a tombstone: the versions before it lose body and content */
};

/* A resource that a write refers to and that was there when it was prepared. */
struct store_target {
	const struct type *type;
	int64_t            row;
};

struct store_write {
	const struct type *type;
	struct store_compartment compartment;
	int64_t  row, vid;
	int64_t  replaces;              /* vid that must be current; 0: the row must not exist */
	uint32_t labels;
	int64_t  updated;
	char     method;                /* as in struct stored; 'D' writes a tombstone */
	struct slice alias;             /* client-chosen id to bind to the new row, or empty; loses
	                                 * when it is bound already */
	struct slice body;              /* clear; sealed by store_submit() */
	struct store_content *content;  /* durable already; NULL: none */
	struct slice content_row;       /* the store's own */
	const struct store_quarantine *quarantine;      /* it goes there; NULL: it does not */
	enum store_fate fate;
	uint32_t own_labels;            /* the store's own: of what goes into quarantine */
	int64_t  generation;            /* of the index that made the rows: that of the reader */
	struct index_rows rows;         /* of the new version */
	struct index_rows old_rows;     /* of the replaced version */
	const struct store_target *targets;     /* the unit loses when one was deleted since */
	uint32_t target_count;
	struct store_target context;    /* what stands for a Binary, in its compartment; type NULL: nothing, or as before */
	int64_t  seen;                  /* store_seen() of the reader that found them */
};

/* A write that was prepared because a search found nothing.  The writer asks again, about what
 * was written since the snapshot: does something match now, under the same permit, then
 * the unit loses.  So of many writers with the same condition one wins, and the others
 * find what it wrote. */
struct store_guard {
	const struct permit *permit;
	const struct query  *query;
	int64_t seen;                   /* store_seen() of the reader that searched */
};

/* The outcome of a request, kept so that the same request gets it again. */
#define STORE_REPLAY_KEY 32
#define STORE_REPLAY_MS  86400000       /* how long it is kept at least */
struct store_replay {
	uint8_t      key[STORE_REPLAY_KEY];
	int64_t      at;                /* ms since 1970 */
	struct slice answer;            /* clear; sealed by store_submit() */
};

/* All writes of a unit happen, or none; units of one commit are independent.
 *
 * read() is asked by the writer, on its thread, when the unit's writes are made and nothing of them is
 * durable yet: the reader shows exactly the state that they make, to this caller alone.  It may add records.
 * False undoes the unit.  The writer waits, so a search is broken off after LIMIT_BUNDLE_READ_MS. */
struct store_unit {
	struct store_write *writes;
	uint32_t            count;
	struct slice       *records;    /* encoded audit records, in the same transaction */
	uint32_t            record_count;
	struct store_guard *guards;             /* all must hold */
	uint32_t            guard_count;
	struct store_replay *replay;            /* loses when its key is kept already; or NULL */
	bool (*read)(void *ctx, struct store_reader *, struct store_unit *);    /* or NULL */
	void               *ctx;                /* of read() */
	struct sqlite_indexing *indexing;       /* the store's own: of store_index_step(); no writes */
	enum store_verdict  verdict;    /* set before done() */
};

struct store_commit {
	struct store_unit *units;
	uint32_t           count;
	void (*done)(struct store_commit *);    /* on the writer thread, after the sync */
	void  *ctx;
	struct store_commit *next;              /* the store's own */
};

/* Seals bodies in the caller's thread and queues.  False with FAULT_UNAVAILABLE
 * when the queue is full, FAULT_NO_STORE when the writer has failed.  A write
 * outside the permit's reach is our own bug: it aborts. */
MUST_USE bool store_submit(struct store *, const struct permit *, struct store_commit *,
    struct arena *, struct outcome *);

/* Content for a version to come: its file is gone again when the arena goes and no version
 * was committed with it.  Pieces are sealed on the way; store_content_end() makes the file durable
 * and says whether all of it went well.  Both it and store_content_drop() free the writer. */
struct store_content *store_content_new(struct store *, struct arena *);
struct store_content_writer;
struct store_content_writer *store_content_write(struct store_content *);
void          store_content_add(struct store_content_writer *, struct slice piece);
MUST_USE bool store_content_end(struct store_content_writer *);
void          store_content_drop(struct store_content_writer *);        /* NULL is fine */

/* A descriptor to read chunks with, -1 when the file is not there; the chunk's bytes are in the
 * arena.  False when anything was changed, moved or cut. */
int           store_content_open(const struct store_content *);
MUST_USE bool store_content_chunk(const struct store_content *, int fd, uint64_t index, struct arena *,
    struct slice *plain);
/* A number that grows with what is committed: the snapshot has all up to it. */
int64_t store_seen(const struct store_reader *);

/* What was kept under the key in the last STORE_REPLAY_MS; false when nothing. */
bool store_replayed(struct store_reader *, const uint8_t key[STORE_REPLAY_KEY], int64_t now,
    struct arena *, struct slice *answer);

struct store_quarantined {
	const struct type *type;
	int64_t      compartment, row, vid;
	uint32_t     labels;            /* that it came with */
	int64_t      since;             /* ms since 1970 */
	bool         infected;          /* else: not scanned yet */
	struct slice signature;         /* of what was found */
	struct slice sha256;            /* of the content that was found or waits, in hex; or empty */
	struct slice id;                /* of ours; one that a client chose stands in the body */
};

/* What is in quarantine and the permit reaches (whose clearance is below QUARANTINE_LEVEL: nothing), in
 * the order in which it came, up to `max`; or of that what was not scanned yet. */
MUST_USE bool store_quarantined(struct store_reader *, const struct permit *, bool pending, uint32_t max, struct arena *,
    struct store_quarantined **out, uint32_t *count, struct outcome *);
/* Of one that was read; FAULT_NO_SUCH when it is not in quarantine. */
MUST_USE bool store_quarantine_of(struct store_reader *, const struct permit *, const struct stored *,
    struct arena *, struct store_quarantined *, struct outcome *);
/* Current versions that an unbound permit reaches, not deleted and not in quarantine, of every type, behind `from` (zeros:
 * from the first), in some order: type, compartment, row and id. */
MUST_USE bool store_rows(struct store_reader *, const struct permit *, const struct stored *from,
    uint32_t max, struct arena *, struct stored **out, uint32_t *count, struct outcome *);

/* A later scan has found something in it. */
MUST_USE bool store_quarantine_found(struct store *, int64_t row, const char *signature, struct slice sha256,
    struct outcome *);

/* In read() of a unit: its time is over. */
bool store_overdue(const struct store_reader *);

bool store_healthy(const struct store *);

/* For tests: how SQLite goes about each statement that this reader has run, line by line. */
MUST_USE bool store_plans(struct store_reader *, void (*each)(void *ctx, const char *sql,
    const char *line), void *ctx);

/* For doctor and import: number of resources by type, deleted ones left out. */
MUST_USE bool store_counts(struct store_reader *, const struct permit *,
    bool (*each)(void *ctx, const struct type *, int64_t count), void *ctx, struct outcome *);

#endif
