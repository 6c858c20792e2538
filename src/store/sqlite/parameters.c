/* parameters.c -- custom search parameters (search/custom.h): which there are, and how far the
 * index has them.
 *
 * A row of `parameter` stands for a definition on one type, known by the print of what its index
 * rows are made by.  It is being indexed, ready, or, when no definition has this print any more, on its
 * way out with its rows.  The table follows the definitions in the transaction that changes one of
 * them, and that is a new generation of the index:
 *
 *  (1) A snapshot is read with the index of its own generation, so that no search sees half of a
 *      parameter's rows.
 *  (2) A write whose rows were made by another generation than the current one loses and is prepared
 *      again, so that what is written after a definition has its rows.
 *  (3) What was written before is walked over in the order of its keys, in small commits, each of
 *      which also says how far the walk is: it goes on there after a crash.  A row that was
 *      replaced since it was read is passed over, by (2).
 *  (4) Rows of a parameter that is gone are erased after the generation without it. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/outcome.h"
#include "search/custom.h"
#include "store/sqlite/sqlite.h"

struct known {
	uint32_t number;
	uint8_t  print[CUSTOM_PRINT];
	int      state;
	bool     wanted;
};

struct renewal {
	struct store_reader *reader;    /* that writes */
	struct custom_params wanted;
	struct known        *known;
	uint32_t             known_count, next;
	struct arena        *scratch;
	struct outcome      *outcome;
};

static bool
failed(struct store_reader *r, struct outcome *o)
{
	return sqlite_failed(r->db, "parameters", o);
}

/* Generations */

int64_t
sqlite_generation(struct store_reader *r)
{
	sqlite3_stmt *s = sqlite_statement(r, SLICE("SELECT number FROM generation WHERE one=1"));
	int64_t n = 0;

	if (s == NULL)
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return n;
}

static bool
write_generation(struct store_reader *r, int64_t number, struct outcome *o)
{
	sqlite3_stmt *s = sqlite_statement(r, SLICE("INSERT OR REPLACE INTO generation VALUES(1,?1)"));

	if (s != NULL)
		sqlite3_bind_int64(s, 1, number);
	return sqlite_run(s) || failed(r, o);
}

/* The one before stays, for snapshots that are being taken. */
static void
publish(struct store *s, struct search_index *index)
{
	pthread_mutex_lock(&s->index_lock);
	search_index_let_go(s->index_before);
	s->index_before = s->index;
	s->index = index;
	pthread_mutex_unlock(&s->index_lock);
}

struct search_index *
sqlite_index_of(struct store *s, int64_t generation)
{
	struct search_index *of[2], *found = NULL;

	pthread_mutex_lock(&s->index_lock);
	of[0] = s->index;
	of[1] = s->index_before;
	for (int i = 0; i < 2 && found == NULL; i++)
		if (of[i] != NULL && search_index_generation(of[i]) == generation)
			found = search_index_hold(of[i]);
	pthread_mutex_unlock(&s->index_lock);
	return found;
}

/* Definitions */

static void
take_definition(struct renewal *n, struct slice body, int64_t row, bool composite)
{
	struct outcome aside;
	struct json j;

	outcome_init(&aside, n->scratch);
	if (json_parse(body, json_bounds(n->reader->store->config.limits, false), n->scratch, &j, &aside)
	    && custom_is_active(&j, 0) && custom_is_composite(&j, 0) == composite
	    && !custom_add(&n->wanted, &j, 0, row, &aside) && row != 0)
		log_event(LOG_WARNING, "search-parameter-left-out", "row=%lld", (long long)row);
	arena_reset(n->scratch);
}

static void
take_packages(struct renewal *n, bool composite)
{
	const struct pack *pack = n->reader->store->config.pack;

	for (uint32_t i = 0; i < pack_added_param_count(pack); i++)
		take_definition(n, pack_added_param(pack, i), 0, composite);
}

/* Rows and vids of all, first: a statement may displace another that is not at its end. */
static bool
find_resources(struct renewal *n, const struct type *type, struct stored **out, uint32_t *count)
{
	sqlite3_stmt *s = sqlite_statement(n->reader, SLICE("SELECT row, vid FROM resource WHERE lead=0 AND "
	    "type=?1 AND deleted=0 AND labels IN (SELECT number FROM labelset WHERE level<?2) ORDER BY row"));
	int code;

	*out = NULL;
	*count = 0;
	if (s == NULL)
		return failed(n->reader, n->outcome);
	sqlite3_bind_int64(s, 1, type->number);
	sqlite3_bind_int(s, 2, QUARANTINE_LEVEL);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		if (*count % 64 == 0)
			*out = arena_grow(n->wanted.arena, *out, *count * sizeof **out, (*count + 64) * sizeof **out);
		(*out)[(*count)++] = (struct stored){ .type = type, .row = sqlite3_column_int64(s, 0),
			.vid = sqlite3_column_int64(s, 1) };
	}
	sqlite3_reset(s);
	return code == SQLITE_DONE || failed(n->reader, n->outcome);
}

static bool
take_resources(struct renewal *n, bool composite)
{
	struct stored *all;
	uint32_t count;

	if (!find_resources(n, n->reader->store->search_parameter, &all, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		int64_t row = all[i].row;

		if (!sqlite_load_version(n->reader, &all[i], n->scratch, n->outcome))
			return false;
		take_definition(n, all[i].body, row, composite);
	}
	return true;
}

/* Composites last: their components are among the others.  Packages go before what was posted. */
static bool
take_definitions(struct renewal *n)
{
	for (int composite = 0; composite < 2; composite++) {
		take_packages(n, composite != 0);
		if (n->reader->store->search_parameter != NULL && !take_resources(n, composite != 0))
			return false;
	}
	return true;
}

/* The table */

static bool
read_known(struct renewal *n)
{
	sqlite3_stmt *s = sqlite_statement(n->reader, SLICE("SELECT number, print, state FROM parameter"));
	struct arena *arena = n->wanted.arena;

	n->next = CUSTOM_FIRST;
	if (s == NULL)
		return failed(n->reader, n->outcome);
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct known *k;

		if (n->known_count % 64 == 0)
			n->known = arena_grow(arena, n->known, n->known_count * sizeof *k,
			    (n->known_count + 64) * sizeof *k);
		k = &n->known[n->known_count++];
		k->number = (uint32_t)sqlite3_column_int64(s, 0);
		k->state = sqlite3_column_int(s, 2);
		if (sqlite3_column_bytes(s, 1) == CUSTOM_PRINT)
			memcpy(k->print, sqlite3_column_blob(s, 1), CUSTOM_PRINT);
		n->next = k->number >= n->next ? k->number + 1 : n->next;
	}
	sqlite3_reset(s);
	return true;
}

static struct known *
known_by(struct renewal *n, const struct custom_param *p)
{
	for (uint32_t i = 0; i < n->known_count; i++)
		if (n->known[i].state != PARAMETER_LEAVING && memcmp(n->known[i].print, p->print, CUSTOM_PRINT) == 0)
			return &n->known[i];
	return NULL;
}

static bool
insert_known(struct renewal *n, struct custom_param *p)
{
	sqlite3_stmt *s = sqlite_statement(n->reader, SLICE("INSERT INTO parameter VALUES(?1,?2,?3,-1,0,0,0)"));

	p->param.number = n->next++;
	if (s != NULL) {
		sqlite3_bind_int64(s, 1, p->param.number);
		sqlite3_bind_blob(s, 2, p->print, CUSTOM_PRINT, SQLITE_STATIC);
		sqlite3_bind_int(s, 3, PARAMETER_BUILDING);
	}
	return sqlite_run(s) || failed(n->reader, n->outcome);
}

static bool
number_wanted(struct renewal *n)
{
	for (uint32_t i = 0; i < n->wanted.count; i++) {
		struct custom_param *p = &n->wanted.at[i];
		struct known *k = known_by(n, p);

		if (k == NULL && !insert_known(n, p))
			return false;
		if (k == NULL)
			continue;
		p->param.number = k->number;
		p->ready = k->state == PARAMETER_READY;
		k->wanted = true;
	}
	return true;
}

static bool
dismiss_others(struct renewal *n)
{
	for (uint32_t i = 0; i < n->known_count; i++) {
		sqlite3_stmt *s;

		if (n->known[i].wanted || n->known[i].state == PARAMETER_LEAVING)
			continue;
		s = sqlite_statement(n->reader,
		    SLICE("UPDATE parameter SET state=?2, lead=-1 WHERE number=?1"));
		if (s != NULL) {
			sqlite3_bind_int64(s, 1, n->known[i].number);
			sqlite3_bind_int(s, 2, PARAMETER_LEAVING);
		}
		if (!sqlite_run(s) && !failed(n->reader, n->outcome))
			return false;
	}
	return true;
}

static void
tell(const struct renewal *n, int64_t generation)
{
	uint32_t ready = 0;

	for (uint32_t i = 0; i < n->wanted.count; i++)
		ready += n->wanted.at[i].ready;
	if (n->wanted.count > 0 || n->known_count > 0)
		log_event(LOG_INFO, "search-parameters", "generation=%lld ready=%u indexing=%u",
		    (long long)generation, ready, n->wanted.count - ready);
}

static bool
says_active(const struct store *s, const struct index_rows *rows)
{
	const struct search_param *status = search_param(s->standard, s->search_parameter, SLICE("status"));
	int64_t active = (int64_t)index_hash(s->standard, SLICE("active"));

	for (uint32_t i = 0; i < rows->count; i++)
		if (status != NULL && rows->at[i].param == status->number && rows->at[i].a == active)
			return true;
	return false;
}

bool
sqlite_changes_parameters(const struct store *s, const struct store_write *v)
{
	return v->type == s->search_parameter && (says_active(s, &v->rows) || says_active(s, &v->old_rows));
}

bool
sqlite_renew_parameters(struct store_reader *r, int64_t generation, struct outcome *o)
{
	struct renewal n = { .reader = r, .outcome = o, .scratch = arena_new(1 << 16) };
	bool good;

	n.wanted = (struct custom_params){ .standard = r->store->standard, .arena = arena_new(1 << 16) };
	good = take_definitions(&n) && read_known(&n) && number_wanted(&n) && dismiss_others(&n)
	    && write_generation(r, generation, o);
	arena_free(n.scratch);
	if (good) {
		tell(&n, generation);
		publish(r->store, search_index_with(&n.wanted, generation));
	} else {
		arena_free(n.wanted.arena);
	}
	return good;
}

/* For those who ask */

static int64_t *
counts_by_type(struct store_reader *r, struct arena *arena)
{
	int64_t *counts = arena_array(arena, pack_type_count(r->store->config.pack), sizeof *counts);
	sqlite3_stmt *s = sqlite_statement(r, SLICE("SELECT type, count(*) FROM resource WHERE deleted=0 AND NOT "
	    "(lead=0 AND type=?1) GROUP BY type"));

	if (s == NULL)
		return NULL;
	sqlite3_bind_int64(s, 1, r->store->patient->number);
	while (sqlite3_step(s) == SQLITE_ROW)
		counts[sqlite3_column_int64(s, 0)] = sqlite3_column_int64(s, 1);
	sqlite3_reset(s);
	return counts;
}

static bool
number_of(struct store_reader *r, struct slice sql, uint32_t number, int64_t *out)
{
	sqlite3_stmt *s = sqlite_statement(r, sql);
	bool found;

	if (s == NULL)
		return false;
	sqlite3_bind_int64(s, 1, number);
	if ((found = sqlite3_step(s) == SQLITE_ROW))
		*out = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return found;
}

static bool
count_failures(struct store_reader *r, struct store_parameter *all, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!number_of(r, SLICE("SELECT count(*) FROM backref WHERE param=?1"),
		    INDEX_FAILED + all[i].param->number, &all[i].failed))
			return false;
	return true;
}

/* A look at every key: only where something is not ready. */
static bool
count_resources(struct store_reader *r, struct store_parameter *all, uint32_t count, struct arena *arena)
{
	int64_t *totals = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (all[i].ready)
			continue;
		if (totals == NULL && (totals = counts_by_type(r, arena)) == NULL)
			return false;
		if (!number_of(r, SLICE("SELECT done FROM parameter WHERE number=?1"), all[i].param->number,
		    &all[i].done))
			return false;
		all[i].total = totals[all[i].param->on->number];
	}
	return true;
}

bool
store_parameters(struct store_reader *r, int64_t source, bool counted, struct arena *arena,
    struct store_parameter **out, uint32_t *count, struct outcome *o)
{
	uint32_t first = pack_param_count(r->store->config.pack), all = search_param_count(r->index);

	*count = 0;
	*out = arena_array(arena, all - first + 1, sizeof **out);
	for (uint32_t i = first; i < all; i++) {
		const struct custom_param *p = (const void *)search_param_at(r->index, i);

		if (source < 0 || p->source == source)
			(*out)[(*count)++] = (struct store_parameter){ .param = &p->param, .source = p->source,
				.ready = p->ready };
	}
	return !counted || (count_failures(r, *out, *count) && count_resources(r, *out, *count, arena))
	    || failed(r, o);
}
