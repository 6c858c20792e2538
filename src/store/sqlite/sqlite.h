/* sqlite.h -- the inside of the SQLite store.
 *
 * Tables (one file, D/store.db, WAL):
 *
 *   resource   (lead, type, row) -> vid labels updated deleted      current versions
 *   version    vid -> row previous compartment type labels updated method body
 *   token string reference date number quantity uri composite contained
 *              (lead, param, value..., row) -> labels               index rows; of dates in
 *              the order of their first and last instants, too: streams.c
 *   magnitude  (type, key, side, level, params, at, lead, row) -> before labels     numbers and quantities in order
 *   backref    (param, target, lead, row) -> labels   references to what is under another lead
 *   occurrence (param, level, code, lead, labels)     leads in which a code occurs
 *   compartment number -> wrapped members;  member (member, number)
 *   labelset   number -> level codings               labels.c
 *   alias      (type, hash) -> compartment row target               client-chosen ids; target is
 *              what a reference to it is as long as it is not there
 *   content    vid -> compartment file sealed                       of a Binary, in D/content
 *   quarantine row -> vid compartment type labels since infected signature
 *   outbox     seq -> record                                        audit, until in the log
 *   change     (lead, level, type, updated, vid) -> until           history of types and the system
 *   census     (type, level, shape, lead, labels) -> n              how many there are
 *   replay     (day, key) -> at answer                              outcomes of requests
 *   parameter  number -> print state lead type row done             custom search parameters
 *   generation number                                               of the index; parameters.c
 *
 * `lead` is the compartment, and leads every key but those of backref, occurrence, census and magnitude, which only
 * callers without a compartment go by: one that is bound never touches a page of another.  In the last three what
 * is above a clearance stands in pieces of its own, which are not read.  Patients stand twice: in their own
 * compartment, and under lead 0 (the directory), where searches across
 * patients find them.  One counter numbers rows, versions and compartments; a
 * Patient's row has the number of its compartment. */
#ifndef STORE_SQLITE_SQLITE_H
#define STORE_SQLITE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/slice.h"
#include "fhir/names.h"
#include "store/store.h"

#define ALL_LEADS     (-2)      /* of changes and counts that callers without a compartment look at */
#define DIRECTORY      0        /* the lead of Patients for searches across patients */
#define DEFAULT_LEVEL  3        /* no confidentiality label: N */
#define NO_LABELS      UINT32_MAX

/* Data keys in clear, by compartment; open addressing. */
struct key_slot {
	int64_t compartment;            /* -1: empty */
	uint8_t key[32];
	char   *patient;                /* the id that clients know, once it was asked for; NULL for a set */
};

struct label_set {
	int          level;
	struct slice codings;
};

#define LABEL_BLOCKS 14         /* a million sets */
#define LABEL_FIRST  64u        /* in the first block */

struct store {
	struct store_config config;
	struct arena       *arena;      /* of what lives as long as the store */
	char                path[4096];
	int                 lock_fd;
	bool                in_memory;
	const struct type  *patient, *binary, *search_parameter;
	struct block_cipher *ids, *versions;
	struct siphash_key  index_key;
	atomic_llong        next, stamp;
	atomic_bool         healthy;
	/* Changes when a kept snapshot is to be renewed: after each commit, and when all of the
	 * log is in the database, which snapshots of before would keep from being reused. */
	atomic_ullong       epoch;

	struct search_index *standard;  /* of the pack's parameters */
	pthread_mutex_t     index_lock;
	struct search_index *index, *index_before;      /* the current generation; held */

	pthread_rwlock_t    keys_lock;
	struct key_slot    *keys;
	size_t              key_room, key_count;

	/* Sets are never changed or moved: who has a number may look.  A block has twice as many as the one
	 * before it. */
	pthread_mutex_t     labels_lock;
	struct names        label_numbers;      /* by level and codings; with the lock */
	struct label_set   *label_blocks[LABEL_BLOCKS];
	atomic_uint         label_count;
	atomic_uint         levels;     /* that sets have, as bits */

	pthread_mutex_t     lock;       /* of the queue */
	pthread_cond_t      wake, rest; /* of the writer; of the checkpointer */
	struct store_commit *first, **tail;
	size_t              queued;
	bool                closing;
	pthread_t           writer_thread, checkpointer;
	struct writer      *writer;
	pthread_mutex_t     writing;    /* held for a batch, and while the log is begun anew */
	int64_t             closed;     /* with it: the instant that nothing may be committed in any more */
	sqlite3            *sealing;    /* looks up data keys for store_submit() */
	pthread_mutex_t     sealing_lock;
	uint8_t            *purged;     /* files to go after the commit; the writer's */
	size_t              purged_count;
	atomic_llong        audited;    /* outbox rows up to here are in the log */
	atomic_llong        sent;       /* records that the log has not answered yet */
	atomic_llong        committed;  /* writes, counted from the start: what store_seen() says */
};

#define STATEMENTS 1024
#define HINTS      512

struct store_reader {
	struct store *store;
	sqlite3      *db;
	sqlite3_stmt *begin, *end;
	struct { size_t length; sqlite3_stmt *statement; } cache[STATEMENTS];
	uint16_t      hints[HINTS];     /* places in the cache */
	struct arena *scratch, *text;   /* for the next search; NULL: none yet, or one is under way */
	bool          open;             /* a snapshot */
	bool          lazy;             /* keeps it while the epoch is what it was */
	unsigned long long epoch;
	int64_t       seen;             /* of the snapshot */
	struct search_index *index;     /* of its generation; held */
	int64_t       until;            /* env_monotonic() at which searches are broken off; 0: never */
};

/* schema.c */
bool sqlite_connect(struct store *, bool writing, sqlite3 **db);
bool sqlite_create(struct store *, sqlite3 *, struct outcome *);
/* What the store remembers of the maker of its index rows: the definitions, and the rules that they went by. */
#define INDEX_MAKER 33
void sqlite_index_maker(const struct store *, uint8_t out[INDEX_MAKER]);
bool sqlite_load(struct store *, sqlite3 *, struct outcome *);
bool sqlite_failed(sqlite3 *, const char *step, struct outcome *);      /* logs; false */
bool sqlite_is_noted(sqlite3 *, const char *key);       /* in the table `meta` */

/* reader.c: the prepared statement for a text, reset and without bindings. */
sqlite3_stmt *sqlite_statement(struct store_reader *, struct slice sql);
/* A statement of which no row is wanted: run once and reset.  False when it fails, or is NULL. */
bool sqlite_run(sqlite3_stmt *);
/* The index is that of the snapshot, or of the writer's transaction.  False: it is of neither generation that is known. */
bool sqlite_find_index(struct store_reader *);
/* Resets the questions that were not asked to their end: they would keep the snapshot. */
void sqlite_rest(struct store_reader *);

/* keys.c */
bool sqlite_data_key(struct store *, sqlite3 *, int64_t compartment, uint8_t key[32]);
void sqlite_keep_key(struct store *, int64_t compartment, const uint8_t key[32]);
void sqlite_forget_keys(struct store *);
/* The id of a compartment's one patient; empty when it is not known (yet). */
struct slice sqlite_known_patient(struct store *, int64_t compartment, struct arena *);
bool sqlite_open_body(struct store_reader *, struct stored *, struct slice sealed, struct arena *,
    struct outcome *);
struct slice sqlite_body_context(int64_t compartment, int64_t row, int64_t vid, uint32_t labels,
    uint8_t out[32]);

/* labels.c.  NULL: there is none of this number. */
const struct label_set *sqlite_label_set(const struct store *, uint32_t labels);
struct slice sqlite_codings(const struct store *, uint32_t labels);
/* As the gate has it: store_level() is that of the codings alone. */
int  sqlite_level(const struct store *, uint32_t labels);
/* The next level, from *level on, that some set has and that is within the clearance; false: there is none. */
bool sqlite_next_level(const struct store *, int clearance, int *level);
/* In SQL, visible(labels, clearance): is the level of the labels within the clearance? */
void sqlite_visible(sqlite3_context *, int count, sqlite3_value **);
/* The next one; false when there are too many. */
bool sqlite_add_label_set(struct store *, int level, struct slice codings);
bool sqlite_intern(struct store *, struct slice codings, int level, uint32_t *number, struct outcome *);

/* read.c: does the row exist for this permit?  The current version without its body. */
bool sqlite_find(struct store_reader *, const struct permit *, const struct type *, struct slice id,
    struct stored *, struct outcome *);
bool sqlite_load_version(struct store_reader *, struct stored *, struct arena *, struct outcome *);
/* Is it an id of ours, not one that a client chose? */
bool sqlite_gave(const struct store *, struct slice id);
bool sqlite_row_of(struct store_reader *, const struct type *, struct slice id, int64_t *compartment,
    int64_t *row);
/* Of a version in a history: 'U' becomes 'C' where the caller sees nothing before it, or a deletion. */
bool sqlite_tell_creation(struct store_reader *, const struct permit *, struct stored *);

/* The current version of v->type and v->row, in one statement with the gate; with the id that clients know. */
bool sqlite_load_current(struct store_reader *, int64_t lead, int clearance, struct stored *v, struct arena *,
    struct outcome *);
/* As sqlite_load_version(), with the id that clients know; a tombstone's stands in a version before it. */
bool sqlite_load_found(struct store_reader *, struct stored *, struct arena *, struct outcome *);

/* ../content.c */
struct slice sqlite_seal_content(struct store *, const uint8_t key[32], const struct store_content *,
    int64_t compartment, int64_t row, int64_t vid, struct arena *);
bool sqlite_load_content(struct store_reader *, struct stored *, struct arena *, struct outcome *);
bool sqlite_open_content(struct store *, sqlite3 *, struct outcome *);
void sqlite_unlink_content(struct store *, const uint8_t name[STORE_CONTENT_NAME]);

/* quarantine.c */
bool sqlite_quarantine_labels(struct store *, uint32_t *labels, struct arena *, struct outcome *);
bool sqlite_widen_quarantine(sqlite3 *);        /* of a store from before it said what is held */
bool sqlite_quarantine_write(struct store_reader *, const struct store_write *);
void sqlite_quarantine_unlink(struct store *);
/* orphan.c: as probing does, of a Binary whose row was found; and of one version. */
bool sqlite_orphan_find(struct store_reader *, const struct permit *, struct stored *);
bool sqlite_sees(struct store_reader *, const struct permit *, struct stored *);

/* changes.c: in the writer's transaction, on its connection. */
bool sqlite_change(struct store_reader *, const struct store_write *);
bool sqlite_fill_changes(sqlite3 *);            /* of a store that was made before there were any */

/* context.c: what stands for a Binary.  SQL: is it seen, of the row with that number under that lead? */
#define CONTEXT_SEEN(lead, row, clearance) "NOT EXISTS(SELECT 1 FROM context x WHERE x.row=" row " AND NOT EXISTS(" \
	"SELECT 1 FROM resource c WHERE c.lead=" lead " AND c.type=x.type AND c.row=x.of AND visible(c.labels," clearance ")))"
bool sqlite_has_context(const struct store *, const struct type *);     /* may have one */
bool sqlite_write_context(struct store_reader *, int64_t row, const struct store_target *);
bool sqlite_context_seen(struct store_reader *, const struct permit *, const struct stored *);

/* census.c: in the writer's transaction, on its connection: what a write changes, before the row is written; all of
 * that, before it is read.  `before` are the labels of what the write replaces, or NO_LABELS. */
#define CENSUS_CHANGES 64
struct census {
	struct census_change { int64_t shape, lead; uint32_t labels; int type, n; } at[CENSUS_CHANGES];
	uint32_t count;
};
bool sqlite_labels_before(struct store_reader *, const struct store_write *, uint32_t *before);
bool sqlite_count(struct store_reader *, struct census *, const struct store_write *, uint32_t before);
bool sqlite_write_census(struct store_reader *, struct census *);
/* The bit that a parameter has in the shapes of a type; 0: it has none. */
int64_t sqlite_shape_bit(const struct store *, const struct type *, const struct search_param *);
/* By its number in the pack; NULL: it is a parameter of one's own. */
const struct search_param *sqlite_packed_param(const struct store *, uint32_t number);

/* guard.c: what was written last, and whether a guard still holds. */
struct written;
struct written *written_new(void);
void            written_free(struct written *);
void            written_add(struct written *, struct store_reader *, const struct store_write *);
int64_t         written_count(const struct written *);
/* Is nothing gone that the write refers to? */
bool            written_keeps_targets(const struct written *, const struct store_write *);
bool            sqlite_guard_holds(struct store_reader *, const struct written *,
    const struct store_guard *);

/* replay.c */
bool sqlite_replay_free(struct store_reader *, const struct store_replay *);
bool sqlite_replay_write(struct store_reader *, const struct store_replay *);
bool sqlite_replay_seal(struct store *, sqlite3 *, struct store_replay *, struct arena *);

/* Of a row of `parameter`. */
enum { PARAMETER_BUILDING, PARAMETER_READY, PARAMETER_LEAVING };

/* parameters.c: the generation that a snapshot, or the writer's transaction, has; -1: it cannot be read. */
int64_t sqlite_generation(struct store_reader *);
/* Held for the caller; NULL: it is neither the current one nor the one before. */
struct search_index *sqlite_index_of(struct store *, int64_t generation);
/* Is it a definition that is, or was, in effect? */
bool sqlite_changes_parameters(const struct store *, const struct store_write *);
/* In the writer's transaction: the table of parameters follows the definitions, and the index becomes that
 * of the generation. */
bool sqlite_renew_parameters(struct store_reader *, int64_t generation, struct outcome *);

/* indexing.c: a piece of background work, for the writer. */
struct sqlite_indexing {
	int64_t   generation;           /* that the rows were made by */
	uint32_t *numbers;              /* of the parameters */
	uint32_t  number_count;
	bool      leaving;              /* rows of numbers[0] are to be erased, some of them; else: */
	struct store_write *rows;       /* of each: type, compartment, row, vid and index rows */
	uint32_t  row_count, looked_at;
	int64_t   lead, type, row;      /* the walk is here now */
	bool      last;                 /* and at its end */
};
bool sqlite_indexing_moved(struct store_reader *, const struct sqlite_indexing *, struct outcome *);
bool sqlite_indexing_erase(struct store_reader *, uint32_t number, struct outcome *);

/* reindex.c: drops the index; the store names no definitions from then on. */
bool sqlite_forget_index(sqlite3 *);

/* occurrence.c: a row was written, one was erased; in the writer's transaction, on its connection. */
bool sqlite_occurs(struct store_reader *, const struct index_row *, int64_t lead, uint32_t labels);
bool sqlite_occurred(struct store_reader *, const struct index_row *, int64_t lead, uint32_t labels);
#define OCCURS_CONTAINED(type) (-1 - (int64_t)(type))   /* for a parameter's number */

/* magnitude.c: in the writer's transaction, on its connection: what a write has, and what that replaces. */
enum magnitude_side { SIDE_BOTH, SIDE_LEAST, SIDE_GREATEST };
bool sqlite_change_magnitudes(struct store_reader *, const struct store_write *, uint32_t before);

/* writer.c: does a row of `lead` refer to what is under another lead? */
bool sqlite_is_backref(const struct store_write *, const struct index_row *, int64_t lead);

/* writer.c: puts a commit into the queue; false when it is full. */
bool sqlite_enqueue(struct store *, struct store_commit *);
bool sqlite_start_writer(struct store *, struct outcome *);
void sqlite_stop_writer(struct store *);

/* The index tables by kind; contained resources under SEARCH_SPECIAL. */
struct index_table {
	const char *name;
	const char *columns;            /* of the key behind lead and param, by letter; see sqlite_bind_row() */
	const char *insert, *erase;     /* SQL */
};
extern const struct index_table index_tables[SEARCH_SPECIAL + 1];
/* Which table a row is in. */
enum search_kind sqlite_table_of(const struct index_row *);
/* Binds a row's key, and the labels unless these are NO_LABELS. */
void sqlite_bind_row(sqlite3_stmt *, int64_t lead, const struct index_row *, int64_t row,
    uint32_t labels);

#endif
