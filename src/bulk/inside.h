/* inside.h -- what the files of bulk/ share. */
#ifndef BULK_INSIDE_H
#define BULK_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/numbers.h"
#include "bulk/bulk.h"
#include "store/store.h"

struct worker;

/* A job in memory.  What was asked for and who asked is const; the rest is changed by the thread
 * that works at it, under the lock of `struct bulk` where others read it. */
struct bulk_job {
	struct arena       *arena;
	char                id[BASE32_BLOCK + 1];
	uint8_t             key[32], wrapped[60];
	struct principal   *who;
	struct bulk_request request;
	int64_t             time;               /* transactionTime: a stamp of the store */

	enum bulk_state     state;
	int64_t             expires;            /* 0: not yet known */
	struct bulk_file   *files;
	uint32_t            file_count, file_room;
	uint64_t            count;
	struct store_scan_position position;
	bool                at_referred;        /* the patients are done, and the position is among those */
	bool                busy;               /* a thread works at it */
	atomic_bool         cancelled;
	struct bulk_job    *next;
};

struct bulk {
	struct service *service;
	pthread_mutex_t lock;
	pthread_cond_t  wake;
	struct bulk_job *jobs;
	bool            closing;
	pthread_t      *threads;
	int             thread_count;
};

/* job.c: the durable state.  Paths are made of the data directory and the job's id only. */
char *job_path(const struct bulk *, const char *id, const char *name, struct arena *);
MUST_USE bool job_save(const struct bulk *, const struct bulk_job *);
struct bulk_job *job_load(const struct bulk *, const char *id);
void job_remove(const struct bulk *, const struct bulk_job *);  /* key, then files */
void job_free(struct bulk_job *);

/* output.c: the files of one job while they are written, one open for each type. */
struct output;
struct output *output_new(struct bulk *, struct bulk_job *);
MUST_USE bool output_line(struct output *, const struct type *, bool deleted, struct slice line);
/* A line of our own, that no caller gets: it is in a file whose type is empty. */
MUST_USE bool output_note(struct output *, struct slice line);
/* All of them, as they were at the last checkpoint; false: a file is not as it was written. */
MUST_USE bool output_notes(const struct bulk *, const struct bulk_job *, void (*each)(void *ctx, struct slice line),
    void *ctx);
/* All that was put is in the files, and synced; sizes and counts stand in the job. */
MUST_USE bool output_flush(struct output *);
uint64_t      output_bytes(const struct output *);      /* in clear, since it was made */
void          output_free(struct output *);
/* A stream of a file's lines, in the arena, with a copy of the key that goes with it; NULL: the file is
 * not there or not as it was written. */
struct exchange_stream;
const struct exchange_stream *output_stream(const struct bulk *, const struct bulk_job *,
    const struct bulk_file *, struct arena *);

/* elements.c: the line of a resource, with the elements that were asked for. */
MUST_USE bool elements_line(struct exchange *, const struct bulk_request *, const struct stored *,
    struct slice *line);

/* Is this element of the type to be told? */
bool elements_has(struct exchange *, const struct bulk_request *, const struct type *,
    struct slice name);

/* binary.c: may the caller see it now; and its body with its content. */
bool binary_visible(struct exchange *, const struct stored *);
MUST_USE bool binary_line(const struct store_content *, struct slice body, struct arena *,
    struct slice *line);

/* referred.c: row numbers, each once, in the order in which they were found.  They are notes of the job, written
 * at its checkpoints. */
struct referred {
	struct arena  *arena;
	struct numbers all;
	int64_t       *rows;
	uint32_t       count, noted;
};
/* Adds what the body of a resource refers to: of these types, here, and in no patient's compartment. */
void referred_find(struct referred *, struct exchange *, const bool *types, struct slice body);
MUST_USE bool referred_save(struct referred *, struct output *);
MUST_USE bool referred_load(struct referred *, const struct bulk *, const struct bulk_job *);

/* run.c */
void bulk_run(struct bulk *, struct bulk_job *, struct worker *);

#endif
