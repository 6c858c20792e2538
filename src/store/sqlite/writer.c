/* writer.c -- the one thread that writes.
 *
 * It takes all commits that wait, puts them into one transaction, syncs once,
 * and calls back.  A unit is checked whole before any of it is written, so that
 * a lost race leaves nothing behind.
 *
 * Promises, checked by number in store_test.c and the crash tests:
 *  (1) done() with STORE_DONE is called after the transaction was synced.
 *  (2) The audit records of a unit are in its transaction; after the commit
 *      they go to the log, and leave the outbox when they are durable there.
 *  (3) After a commit that failed nothing is written any more. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/outcome.h"
#include "crypto/aead.h"
#include "store/sqlite/sqlite.h"

#define BATCH_WRITES   4096
#define BATCH_COMMITS  256
#define LOG_PAGES      65536    /* 256 MiB */
#define READ_STEPS     10000    /* of SQLite's machine, from one look at the clock to the next */
#define REST_MS        1000     /* what the writer waits at most for snapshots that pin the log */

struct writer {
	struct store *store;
	sqlite3      *db;
	sqlite3_stmt *begin, *commit, *rollback, *mark, *undo, *keep, *current, *alias_find, *alias_add, *compartment,
	             *member, *version, *content, *resource, *outbox, *outbox_clear, *backref, *backref_clear;
	sqlite3_stmt *insert[SEARCH_SPECIAL + 1], *erase[SEARCH_SPECIAL + 1];
	struct store_reader reader;     /* the same connection, for what is asked before writing */
	struct written *written;
	struct census census;
	uint32_t      before;           /* labels of what the write at hand replaces */
	int64_t       seq, cleared;
	int64_t       generation;       /* of the index */
	bool          renew;            /* this batch makes a new one */
};

static const struct { size_t offset; const char *sql; } statements[] = {
	{ offsetof(struct writer, begin),    "BEGIN IMMEDIATE" },
	{ offsetof(struct writer, commit),   "COMMIT" },
	{ offsetof(struct writer, rollback), "ROLLBACK" },
	{ offsetof(struct writer, mark),     "SAVEPOINT unit" },
	{ offsetof(struct writer, undo),     "ROLLBACK TO unit" },
	{ offsetof(struct writer, keep),     "RELEASE unit" },
	{ offsetof(struct writer, current),
	    "SELECT vid FROM resource WHERE lead=?1 AND type=?2 AND row=?3" },
	{ offsetof(struct writer, alias_find), "SELECT row FROM alias WHERE type=?1 AND hash=?2" },
	{ offsetof(struct writer, alias_add), "INSERT INTO alias VALUES(?1,?2,?3,?4,?5)" },
	{ offsetof(struct writer, backref), "INSERT OR IGNORE INTO backref VALUES(?1,?2,?3,?4,?5)" },
	{ offsetof(struct writer, backref_clear),
	    "DELETE FROM backref WHERE target=?1 AND param=?2 AND lead=?3 AND row=?4" },
	{ offsetof(struct writer, compartment), "INSERT OR IGNORE INTO compartment VALUES(?1,?2,?3,?4)" },
	{ offsetof(struct writer, member),   "INSERT OR IGNORE INTO member VALUES(?1,?2)" },
	{ offsetof(struct writer, version),  "INSERT INTO version VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)" },
	{ offsetof(struct writer, content),  "INSERT INTO content VALUES(?1,?2,?3,?4)" },
	{ offsetof(struct writer, resource), "INSERT OR REPLACE INTO resource VALUES(?1,?2,?3,?4,?5,?6,?7)" },
	{ offsetof(struct writer, outbox),   "INSERT INTO outbox VALUES(?1,?2)" },
	{ offsetof(struct writer, outbox_clear), "DELETE FROM outbox WHERE seq<=?1" },
};

static sqlite3_stmt **
statement_at(struct writer *w, size_t i)
{
	return (sqlite3_stmt **)(void *)((char *)w + statements[i].offset);
}

static bool
prepare(struct writer *w)
{
	for (size_t i = 0; i < COUNT_OF(statements); i++)
		if (sqlite3_prepare_v3(w->db, statements[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
		    statement_at(w, i), NULL) != SQLITE_OK)
			return false;
	for (int k = 0; k <= SEARCH_SPECIAL; k++)
		if (index_tables[k].name != NULL
		    && (sqlite3_prepare_v3(w->db, index_tables[k].insert, -1, SQLITE_PREPARE_PERSISTENT,
		        &w->insert[k], NULL) != SQLITE_OK
		    || sqlite3_prepare_v3(w->db, index_tables[k].erase, -1, SQLITE_PREPARE_PERSISTENT,
		        &w->erase[k], NULL) != SQLITE_OK))
			return false;
	return true;
}

static bool
step(sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	sqlite3_reset(s);
	return code == SQLITE_DONE || code == SQLITE_ROW;
}

static int64_t
one_number(sqlite3_stmt *s)
{
	int64_t n = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;

	sqlite3_reset(s);
	return n;
}

/* Checking */

static int64_t
alias_hash(const struct store *s, struct slice id)
{
	return (int64_t)siphash(&s->index_key, id);
}

static bool
still_current(struct writer *w, const struct store_write *write)
{
	if (write->alias.len > 0) {
		if (sqlite_gave(w->store, write->alias))
			return false;           /* it would mean the row that it was given for */
		sqlite3_bind_int64(w->alias_find, 1, write->type->number);
		sqlite3_bind_int64(w->alias_find, 2, alias_hash(w->store, write->alias));
		if (one_number(w->alias_find) != 0)
			return false;
	}
	if (write->replaces == 0)
		return true;            /* a new row's number is nobody else's */
	sqlite3_bind_int64(w->current, 1, write->compartment.number);
	sqlite3_bind_int64(w->current, 2, write->type->number);
	sqlite3_bind_int64(w->current, 3, write->row);
	return one_number(w->current) == write->replaces;
}

static bool
unit_wins(struct writer *w, const struct store_unit *u)
{
	for (uint32_t i = 0; i < u->count; i++)
		if (!still_current(w, &u->writes[i]) || !written_keeps_targets(w->written, &u->writes[i]))
			return false;
	for (uint32_t i = 0; i < u->guard_count; i++)
		if (!sqlite_guard_holds(&w->reader, w->written, &u->guards[i]))
			return false;
	return u->replay == NULL || sqlite_replay_free(&w->reader, u->replay);
}

/* Writing */

static bool
write_compartment(struct writer *w, const struct store_compartment *c)
{
	if (!c->fresh)
		return true;
	sqlite3_bind_int64(w->compartment, 1, c->number);
	sqlite3_bind_blob(w->compartment, 2, c->wrapped, sizeof c->wrapped, SQLITE_STATIC);
	sqlite3_bind_blob(w->compartment, 3, c->members,
	    (int)(c->member_count * sizeof *c->members), SQLITE_STATIC);
	sqlite3_bind_int(w->compartment, 4, c->level);
	if (!step(w->compartment))
		return false;
	for (uint32_t i = 0; i < c->member_count; i++) {
		sqlite3_bind_int64(w->member, 1, c->members[i]);
		sqlite3_bind_int64(w->member, 2, c->number);
		if (!step(w->member))
			return false;
	}
	return true;
}

static bool
write_version(struct writer *w, const struct store_write *v)
{
	sqlite3_stmt *s = w->version;

	sqlite3_bind_int64(s, 1, v->vid);
	sqlite3_bind_int64(s, 2, v->row);
	sqlite3_bind_int64(s, 3, v->replaces);
	sqlite3_bind_int64(s, 4, v->compartment.number);
	sqlite3_bind_int64(s, 5, v->type->number);
	sqlite3_bind_int64(s, 6, v->labels);
	sqlite3_bind_int64(s, 7, v->updated);
	sqlite3_bind_int(s, 8, v->method);
	if (v->method == 'D')
		sqlite3_bind_null(s, 9);
	else
		sqlite3_bind_blob(s, 9, v->body.ptr, (int)v->body.len, SQLITE_STATIC);
	return step(s);
}

static bool
write_content(struct writer *w, const struct store_write *v)
{
	sqlite3_stmt *s = w->content;

	if (v->content == NULL || v->method == 'D')
		return true;
	sqlite3_bind_int64(s, 1, v->vid);
	sqlite3_bind_int64(s, 2, v->compartment.number);
	sqlite3_bind_blob(s, 3, v->content->name, sizeof v->content->name, SQLITE_STATIC);
	sqlite3_bind_blob(s, 4, v->content_row.ptr, (int)v->content_row.len, SQLITE_STATIC);
	return step(s);
}

static bool
write_current(struct writer *w, const struct store_write *v, int64_t lead)
{
	sqlite3_stmt *s = w->resource;

	sqlite3_bind_int64(s, 1, lead);
	sqlite3_bind_int64(s, 2, v->type->number);
	sqlite3_bind_int64(s, 3, v->row);
	sqlite3_bind_int64(s, 4, v->vid);
	sqlite3_bind_int64(s, 5, v->labels);
	sqlite3_bind_int64(s, 6, v->updated);
	sqlite3_bind_int(s, 7, v->method == 'D');
	return step(s);
}

static bool
erase_row(struct writer *w, const struct index_row *r, int64_t lead, int64_t row)
{
	sqlite3_stmt *s = w->erase[sqlite_table_of(r)];

	sqlite_bind_row(s, lead, r, row, NO_LABELS);
	return step(s) && sqlite_occurred(&w->reader, r, lead, w->before);
}

/* A reference may have been written before its target was there. */
static bool
erase_unresolved(struct writer *w, const struct index_row *r, int64_t lead, int64_t row)
{
	struct index_row old = *r;

	if (r->kind != SEARCH_REFERENCE || r->unresolved == 0)
		return true;
	old.a = r->unresolved;
	old.b = INDEX_FOREIGN;
	return erase_row(w, &old, lead, row);
}

/* Who refers to a target under another lead, or by an Attachment; Patients by their own copy. */
bool
sqlite_is_backref(const struct store_write *v, const struct index_row *r, int64_t lead)
{
	return r->kind == SEARCH_REFERENCE && r->part == 0 && r->contained == 0 && r->b != INDEX_WITHIN
	    && (r->b != lead || r->param >= INDEX_ATTACHED) && lead == v->compartment.number;
}

static bool
erase_backref(struct writer *w, int64_t target, const struct index_row *r, int64_t lead, int64_t row)
{
	sqlite3_bind_int64(w->backref_clear, 1, target);
	sqlite3_bind_int64(w->backref_clear, 2, r->param);
	sqlite3_bind_int64(w->backref_clear, 3, lead);
	sqlite3_bind_int64(w->backref_clear, 4, row);
	return step(w->backref_clear);
}

static bool
erase_old(struct writer *w, const struct store_write *v, const struct index_row *r, int64_t lead)
{
	if (!erase_row(w, r, lead, v->row) || !erase_unresolved(w, r, lead, v->row))
		return false;
	if (r->kind == SEARCH_REFERENCE && r->unresolved != 0
	    && !erase_backref(w, r->unresolved, r, lead, v->row))
		return false;
	return !sqlite_is_backref(v, r, lead) || erase_backref(w, r->a, r, lead, v->row);
}

static bool
insert_new(struct writer *w, const struct store_write *v, const struct index_row *r, int64_t lead)
{
	sqlite3_stmt *s = w->insert[sqlite_table_of(r)];

	sqlite_bind_row(s, lead, r, v->row, v->labels);
	if (!step(s) || !sqlite_occurs(&w->reader, r, lead, v->labels))
		return false;
	if (!sqlite_is_backref(v, r, lead))
		return true;
	sqlite3_bind_int64(w->backref, 1, r->a);
	sqlite3_bind_int64(w->backref, 2, r->param);
	sqlite3_bind_int64(w->backref, 3, lead);
	sqlite3_bind_int64(w->backref, 4, v->row);
	sqlite3_bind_int64(w->backref, 5, v->labels);
	return step(w->backref);
}

static bool
change_index(struct writer *w, const struct store_write *v, int64_t lead)
{
	for (uint32_t i = 0; i < v->old_rows.count; i++)
		if (!erase_old(w, v, &v->old_rows.at[i], lead))
			return false;
	for (uint32_t i = 0; i < v->rows.count; i++)
		if (!insert_new(w, v, &v->rows.at[i], lead))
			return false;
	return true;
}

static int64_t
foreign_hash(const struct store *s, const struct store_write *v)
{
	char text[256];
	int n = snprintf(text, sizeof text, "%.*s/%.*s", SLICE_FMT(v->type->name), SLICE_FMT(v->alias));

	return index_foreign(&s->index_key, slice_make(text, (size_t)n));
}

static bool
write_alias(struct writer *w, const struct store_write *v)
{
	if (v->alias.len == 0)
		return true;
	sqlite3_bind_int64(w->alias_add, 1, v->type->number);
	sqlite3_bind_int64(w->alias_add, 2, alias_hash(w->store, v->alias));
	sqlite3_bind_int64(w->alias_add, 3, v->compartment.number);
	sqlite3_bind_int64(w->alias_add, 4, v->row);
	sqlite3_bind_int64(w->alias_add, 5, foreign_hash(w->store, v));
	return step(w->alias_add);
}

static bool
write_one(struct writer *w, const struct store_write *v)
{
	int64_t lead = v->compartment.number;

	if (!write_compartment(w, &v->compartment) || !sqlite_change(&w->reader, v)
	    || !sqlite_labels_before(&w->reader, v, &w->before) || !sqlite_count(&w->reader, &w->census, v, w->before)
	    || !write_version(w, v) || !write_content(w, v) || !write_alias(w, v)
	    || !sqlite_quarantine_write(&w->reader, v)
	    || (v->context.type != NULL && !sqlite_write_context(&w->reader, v->row, &v->context))
	    || !write_current(w, v, lead) || !change_index(w, v, lead) || !sqlite_change_magnitudes(&w->reader, v, w->before))
		return false;
	written_add(w->written, &w->reader, v);
	w->renew |= sqlite_changes_parameters(w->store, v);
	return v->type != w->store->patient || lead == DIRECTORY
	    || (write_current(w, v, DIRECTORY) && change_index(w, v, DIRECTORY));
}

static bool
write_records(struct writer *w, const struct store_unit *u)
{
	for (uint32_t i = 0; i < u->record_count; i++) {
		sqlite3_bind_int64(w->outbox, 1, ++w->seq);
		sqlite3_bind_blob(w->outbox, 2, u->records[i].ptr, (int)u->records[i].len, SQLITE_STATIC);
		if (!step(w->outbox))
			return false;
	}
	return true;
}

/* Rows for what is there already, as long as it is what they were made of. */
static bool
index_row(struct writer *w, struct store_write *v)
{
	sqlite3_stmt *s = sqlite_statement(&w->reader,
	    SLICE("SELECT vid, labels FROM resource WHERE lead=?1 AND type=?2 AND row=?3"));
	int64_t lead = v->compartment.number;
	bool current;

	if (s == NULL)
		return false;
	sqlite3_bind_int64(s, 1, lead);
	sqlite3_bind_int64(s, 2, v->type->number);
	sqlite3_bind_int64(s, 3, v->row);
	current = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int64(s, 0) == v->vid;
	v->labels = current ? (uint32_t)sqlite3_column_int64(s, 1) : 0;
	sqlite3_reset(s);
	return !current || (change_index(w, v, lead)
	    && (v->type != w->store->patient || lead == DIRECTORY || change_index(w, v, DIRECTORY)));
}

static bool
write_indexing(struct writer *w, struct store_unit *u)
{
	const struct sqlite_indexing *job = u->indexing;
	struct arena *arena = arena_new(4096);
	struct outcome aside;
	bool good = true;

	outcome_init(&aside, arena);
	u->verdict = job->generation == w->generation ? STORE_DONE : STORE_STALE;
	if (u->verdict == STORE_DONE && job->leaving)
		good = sqlite_indexing_erase(&w->reader, job->numbers[0], &aside);
	for (uint32_t i = 0; u->verdict == STORE_DONE && good && i < job->row_count; i++)
		good = index_row(w, &job->rows[i]);
	if (u->verdict == STORE_DONE && good && !job->leaving)
		good = sqlite_indexing_moved(&w->reader, job, &aside);
	w->renew |= u->verdict == STORE_DONE && job->last;
	arena_free(arena);
	return good;
}

/* Its index rows are not those of today, or its instant was closed while it was prepared. */
static bool
is_stale(const struct writer *w, const struct store_unit *u)
{
	for (uint32_t i = 0; i < u->count; i++)
		if (u->writes[i].generation != w->generation || u->writes[i].updated <= w->store->closed)
			return true;
	return false;
}

int64_t
store_close_instant(struct store *s)
{
	int64_t now;

	pthread_mutex_lock(&s->writing);
	s->closed = now = store_stamp(s, 0);
	atomic_fetch_add(&s->stamp, 1);
	pthread_mutex_unlock(&s->writing);
	return now;
}

static bool
write_all(struct writer *w, const struct store_unit *u)
{
	for (uint32_t i = 0; i < u->count; i++)
		if (!write_one(w, &u->writes[i]))
			return false;
	return true;
}

/* What was counted so far, before it is read, and before what can be undone. */
static bool
write_census(struct writer *w)
{
	return sqlite_write_census(&w->reader, &w->census);
}

static int
overdue(void *reader)
{
	return store_overdue(reader);
}

static bool
read_own(struct writer *w, struct store_unit *u)
{
	const struct store_config *config = &w->store->config;
	bool good;

	w->reader.until = env_monotonic(config->env)
	    + (int64_t)config->limits->of[LIMIT_BUNDLE_READ_MS] * 1000000;
	sqlite3_progress_handler(w->db, READ_STEPS, overdue, &w->reader);
	good = u->read(u->ctx, &w->reader, u);
	sqlite3_progress_handler(w->db, 0, NULL, NULL);
	w->reader.until = 0;
	sqlite_rest(&w->reader);
	return good;
}

/* A unit that reads what it has written.  What the guards remember of one that is undone costs others
 * a search, no more. */
static bool
write_reading(struct writer *w, struct store_unit *u)
{
	bool renew = w->renew;
	size_t purged = w->store->purged_count;

	if (!write_census(w) || !step(w->mark) || !write_all(w, u) || !write_census(w) || !sqlite_find_index(&w->reader))
		return false;
	if (!read_own(w, u)) {
		u->verdict = STORE_REFUSED;
		w->renew = renew;
		w->store->purged_count = purged;
		return step(w->undo) && step(w->keep);
	}
	return step(w->keep);
}

static bool
write_unit(struct writer *w, struct store_unit *u)
{
	if (u->indexing != NULL)
		return write_indexing(w, u);
	if (u->guard_count > 0 && !write_census(w))
		return false;
	if (is_stale(w, u) || !unit_wins(w, u)) {
		u->verdict = is_stale(w, u) ? STORE_STALE : STORE_CONFLICT;
		return true;
	}
	u->verdict = STORE_DONE;
	if (u->read != NULL ? !write_reading(w, u) : !write_all(w, u))
		return false;
	return u->verdict != STORE_DONE || (write_records(w, u)
	    && (u->replay == NULL || sqlite_replay_write(&w->reader, u->replay)));
}

static bool
clear_outbox(struct writer *w)
{
	int64_t audited = atomic_load(&w->store->audited);

	if (audited == w->cleared)
		return true;
	sqlite3_bind_int64(w->outbox_clear, 1, audited);
	w->cleared = audited;
	return step(w->outbox_clear);
}

/* A definition was changed, or has become ready. */
static bool
renew(struct writer *w)
{
	struct arena *arena = arena_new(4096);
	struct outcome aside;
	bool good;

	outcome_init(&aside, arena);
	good = sqlite_renew_parameters(&w->reader, ++w->generation, &aside);
	arena_free(arena);
	return good;
}

static bool
write_batch(struct writer *w, struct store_commit *batch)
{
	w->renew = false;
	w->census.count = 0;
	if (!step(w->begin) || !clear_outbox(w))
		return false;
	for (struct store_commit *c = batch; c != NULL; c = c->next)
		for (uint32_t i = 0; i < c->count; i++)
			if (!write_unit(w, &c->units[i]))
				return false;
	if (!write_census(w) || (w->renew && !renew(w)))
		return false;
	sqlite_rest(&w->reader);
	return step(w->commit);
}

/* From the outbox to the log */

struct sent {
	struct store *store;
	int64_t       seq;
	char          record[];
};

/* The log keeps order, so that what is durable is everything up to here. */
static void
sent_done(void *ctx, bool durable)
{
	struct sent *s = ctx;
	struct store *store = s->store;

	if (durable)
		atomic_store(&store->audited, s->seq);
	free(s);
	atomic_fetch_sub(&store->sent, 1);
}

static void
pause_briefly(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* Waits while the log's queue is full.  When the log has failed, the record
 * stays in the outbox for the next start. */
static void
send_record(struct store *store, int64_t seq, struct slice record)
{
	struct audit_log *log = store->config.audit;
	struct sent *s;

	if (log == NULL)
		return;
	if ((s = malloc(sizeof *s + record.len)) == NULL)
		abort();
	s->store = store;
	s->seq = seq;
	memcpy(s->record, record.ptr, record.len);
	atomic_fetch_add(&store->sent, 1);
	while (!audit_append(log, slice_make(s->record, record.len), sent_done, s)) {
		if (!audit_healthy(log)) {
			atomic_fetch_sub(&store->sent, 1);
			free(s);
			return;
		}
		pause_briefly();
	}
}

static void
send_records(struct writer *w, struct store_commit *batch, int64_t seq)
{
	for (struct store_commit *c = batch; c != NULL; c = c->next)
		for (uint32_t i = 0; i < c->count; i++)
			for (uint32_t k = 0; c->units[i].verdict == STORE_DONE
			    && k < c->units[i].record_count; k++)
				send_record(w->store, ++seq, c->units[i].records[k]);
}

static bool
drain_outbox(struct writer *w)
{
	sqlite3_stmt *s;
	int code;

	if (sqlite3_prepare_v2(w->db, "SELECT seq, record FROM outbox ORDER BY seq", -1, &s, NULL)
	    != SQLITE_OK)
		return false;
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		struct slice record = slice_make(sqlite3_column_blob(s, 1),
		    (size_t)sqlite3_column_bytes(s, 1));
		uint8_t id[AUDIT_EVENT_ID];

		w->seq = sqlite3_column_int64(s, 0);
		if (w->store->config.audit == NULL)
			continue;
		audit_record_id(record, id);
		if (audit_contains(w->store->config.audit, id))
			atomic_store(&w->store->audited, w->seq);
		else
			send_record(w->store, w->seq, record);
	}
	sqlite3_finalize(s);
	return code == SQLITE_DONE;
}

/* The thread */

/* From now on the files belong to their versions. */
static void
keep_content(const struct store_commit *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		for (uint32_t k = 0; c->units[i].verdict == STORE_DONE && k < c->units[i].count; k++)
			if (c->units[i].writes[k].content != NULL)
				atomic_store(&c->units[i].writes[k].content->stored, true);
}

static void
settle(struct store *s, struct store_commit *batch, bool failed)
{
	struct store_commit *next;

	atomic_fetch_add(&s->epoch, 1);
	for (; batch != NULL; batch = next) {
		next = batch->next;     /* done() may free the commit */
		for (uint32_t i = 0; failed && i < batch->count; i++)
			batch->units[i].verdict = STORE_FAILED;
		keep_content(batch);
		batch->done(batch);
	}
}

static size_t
weight(const struct store_commit *c)
{
	size_t n = 0;

	for (uint32_t i = 0; i < c->count; i++)
		n += c->units[i].count;
	return n;
}

/* What waits, up to a bound, so that one answer never waits for too many others. */
static struct store_commit *
take_batch(struct store *s)
{
	struct store_commit *batch, *last;
	size_t commits = 1, writes;

	pthread_mutex_lock(&s->lock);
	while (s->first == NULL && !s->closing)
		pthread_cond_wait(&s->wake, &s->lock);
	if ((batch = last = s->first) != NULL) {
		for (writes = weight(last); last->next != NULL && commits < BATCH_COMMITS
		    && writes + weight(last->next) <= BATCH_WRITES; commits++) {
			last = last->next;
			writes += weight(last);
		}
		s->first = last->next;
		if (s->first == NULL)
			s->tail = &s->first;
		last->next = NULL;
		s->queued -= commits;
	}
	pthread_mutex_unlock(&s->lock);
	return batch;
}

static void *
run(void *arg)
{
	struct writer *w = arg;
	struct store *s = w->store;
	struct store_commit *batch;

	while ((batch = take_batch(s)) != NULL) {
		int64_t seq = w->seq;
		bool good;

		pthread_mutex_lock(&s->writing);
		good = atomic_load(&s->healthy) && write_batch(w, batch);
		pthread_mutex_unlock(&s->writing);
		if (!good && atomic_exchange(&s->healthy, false)) {
			log_event(LOG_ERROR, "store-commit-failed", "code=%d",
			    sqlite3_extended_errcode(w->db));
			step(w->rollback);
		}
		if (good) {
			atomic_store(&s->committed, written_count(w->written));
			send_records(w, batch, seq);
			sqlite_quarantine_unlink(s);
		}
		settle(s, batch, !good);
	}
	return NULL;
}

/* As far as snapshots let it; the number of pages in the log. */
static int
move_pages(struct store *s, sqlite3 *db)
{
	int in_log = 0, moved = 0;

	sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
	if (in_log > 0 && moved == in_log)
		atomic_fetch_add(&s->epoch, 1);
	return in_log;
}

/* A writer that never rests leaves no moment at which the log could be begun anew: it would
 * grow until the disk is full.  So it is made to rest, with most pages moved already.  First
 * snapshots are renewed so that all pages can be moved, then again so that none needs the log. */
static void
begin_log_anew(struct store *s, sqlite3 *db)
{
	pthread_mutex_lock(&s->writing);
	atomic_fetch_add(&s->epoch, 1);
	sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL);
	atomic_fetch_add(&s->epoch, 1);
	sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	pthread_mutex_unlock(&s->writing);
}

/* Pages go from the log to the database beside the writer, not in its commits. */
static void *
checkpoint(void *arg)
{
	struct store *s = arg;
	sqlite3 *db = NULL;

	if (!sqlite_connect(s, true, &db)) {
		sqlite3_close(db);
		return NULL;
	}
	sqlite3_busy_timeout(db, REST_MS);
	for (;;) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 250000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_mutex_lock(&s->lock);
		if (!s->closing)
			pthread_cond_timedwait(&s->rest, &s->lock, &until);
		if (s->closing) {
			pthread_mutex_unlock(&s->lock);
			break;
		}
		pthread_mutex_unlock(&s->lock);
		if (move_pages(s, db) > LOG_PAGES)
			begin_log_anew(s, db);
	}
	sqlite3_close(db);
	return NULL;
}

static void
close_writer(struct writer *w)
{
	for (size_t i = 0; i < COUNT_OF(statements); i++)
		sqlite3_finalize(*statement_at(w, i));
	for (int k = 0; k <= SEARCH_SPECIAL; k++) {
		sqlite3_finalize(w->insert[k]);
		sqlite3_finalize(w->erase[k]);
	}
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(w->reader.cache[i].statement);
	arena_free(w->reader.scratch);
	arena_free(w->reader.text);
	search_index_let_go(w->reader.index);
	written_free(w->written);
	sqlite3_close(w->db);
	free(w);
}

/* Nothing is under way yet that another generation could disturb. */
static bool
begin_generation(struct writer *w, struct outcome *o)
{
	w->generation = sqlite_generation(&w->reader);
	if (!step(w->begin) || w->generation < 0)
		return sqlite_failed(w->db, "generation", o);
	if (!sqlite_renew_parameters(&w->reader, w->generation, o))
		return false;
	sqlite_rest(&w->reader);
	return step(w->commit) || sqlite_failed(w->db, "generation", o);
}

bool
sqlite_start_writer(struct store *s, struct outcome *o)
{
	struct writer *w = calloc(1, sizeof *w);

	if (w == NULL)
		abort();
	w->store = s;
	w->written = written_new();
	if (!sqlite_connect(s, true, &w->db) || !prepare(w)
	    || !drain_outbox(w)) {
		sqlite_failed(w->db, "open-writer", o);
		close_writer(w);
		return false;
	}
	w->reader.store = s;
	w->reader.db = w->db;
	if (!begin_generation(w, o)) {
		close_writer(w);
		return false;
	}
	s->writer = w;
	if (pthread_create(&s->writer_thread, NULL, run, w) != 0
	    || pthread_create(&s->checkpointer, NULL, checkpoint, s) != 0)
		abort();
	return true;
}

void
sqlite_stop_writer(struct store *s)
{
	if (s->writer == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_broadcast(&s->wake);
	pthread_cond_broadcast(&s->rest);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->writer_thread, NULL);
	pthread_join(s->checkpointer, NULL);
	while (atomic_load(&s->sent) > 0)
		pause_briefly();
	if (atomic_load(&s->healthy) && step(s->writer->begin) && clear_outbox(s->writer))
		step(s->writer->commit);
	close_writer(s->writer);
}

/* Submission, in the caller's thread */

static bool
seal(struct store *s, const struct permit *p, struct store_write *w, sqlite3 *db,
    struct arena *arena, struct outcome *o)
{
	uint8_t key[32], context[32];
	bool known;

	if (!permit_reaches(p, w->compartment.number, store_level(s, w->labels)))
		abort();                /* our own bug: authorization was not asked */
	if (w->quarantine != NULL) {
		w->own_labels = w->labels;
		if (!sqlite_quarantine_labels(s, &w->labels, arena, o))
			return false;
	}
	if (w->method == 'D')
		return true;
	pthread_mutex_lock(&s->sealing_lock);
	known = sqlite_data_key(s, db, w->compartment.number, key);
	pthread_mutex_unlock(&s->sealing_lock);
	if (!known)
		return outcome_fail_at_once(o, FAULT_NO_STORE, "");
	w->body = aead_seal(key, s->config.env, sqlite_body_context(w->compartment.number, w->row,
	    w->vid, w->labels, context), w->body, arena);
	if (w->content != NULL)
		w->content_row = sqlite_seal_content(s, key, w->content, w->compartment.number, w->row,
		    w->vid, arena);
	explicit_bzero(key, sizeof key);
	return true;
}

bool
sqlite_enqueue(struct store *s, struct store_commit *c)
{
	bool taken = false;

	pthread_mutex_lock(&s->lock);
	if (!s->closing && s->queued < s->config.limits->of[LIMIT_WRITE_QUEUE]) {
		c->next = NULL;
		*s->tail = c;
		s->tail = &c->next;
		s->queued++;
		taken = true;
		pthread_cond_signal(&s->wake);
	}
	pthread_mutex_unlock(&s->lock);
	return taken;
}

bool
store_submit(struct store *s, const struct permit *p, struct store_commit *c, struct arena *arena,
    struct outcome *o)
{
	if (!atomic_load(&s->healthy))
		return outcome_fail_at_once(o, FAULT_NO_STORE, "");
	for (uint32_t u = 0; u < c->count; u++) {
		for (uint32_t i = 0; i < c->units[u].count; i++)
			if (!seal(s, p, &c->units[u].writes[i], s->sealing, arena, o))
				return false;
		if (c->units[u].replay != NULL
		    && !sqlite_replay_seal(s, s->sealing, c->units[u].replay, arena))
			return outcome_fail_at_once(o, FAULT_NO_STORE, "");
	}
	return sqlite_enqueue(s, c) || outcome_fail_at_once(o, FAULT_UNAVAILABLE, "");
}
