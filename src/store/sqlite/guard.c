/* guard.c -- is a condition that found nothing still one that finds nothing?
 *
 * The writer remembers the last rows that it wrote.  A guard is asked about those that came
 * after the snapshot its search ran in, and are of the searched type: each that could match is
 * searched for, by the same query and under the same permit, on the writer's own connection,
 * which sees what it has written in this transaction.  When more was written than is
 * remembered, the unit loses and is prepared again: that costs time, never a second resource.
 *
 * The same memory says whether a resource that a write refers to was deleted meanwhile.
 *
 * A query by a token ("identifier=...") asks a small filter of the row's tokens first, so
 * that creates of the same type do not make each other search. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/outcome.h"
#include "store/sqlite/sqlite.h"

#define REMEMBERED 8192         /* rows; a power of two */
#define FILTER_WORDS 4
#define SEARCHED_AT_ONCE 8      /* rows of one search */

struct filter {
	uint64_t bits[FILTER_WORDS];
};

struct written_row {
	uint32_t      type;
	bool          gone;             /* it was deleted */
	int           level;            /* of this version, or of the one before if that is lower */
	int64_t       compartment, lead, row;
	struct filter tokens;
};

struct written {
	int64_t            count;       /* from the start of the process */
	struct arena      *arena;
	struct written_row at[REMEMBERED];
};

struct written *
written_new(void)
{
	struct written *w = calloc(1, sizeof *w);

	if (w == NULL)
		abort();
	w->arena = arena_new(16 * 1024);
	return w;
}

void
written_free(struct written *w)
{
	if (w != NULL)
		arena_free(w->arena);
	free(w);
}

int64_t
written_count(const struct written *w)
{
	return w->count;
}

static void
filter_add(struct filter *f, uint32_t param, int64_t hash)
{
	uint64_t bit = ((uint64_t)hash ^ param * 0x9E3779B97F4A7C15u) * 0xFF51AFD7ED558CCDu >> 56;

	f->bits[bit / 64] |= (uint64_t)1 << bit % 64;
}

static bool
filters_meet(const struct filter *a, const struct filter *b)
{
	for (int i = 0; i < FILTER_WORDS; i++)
		if ((a->bits[i] & b->bits[i]) != 0)
			return true;
	return false;
}

static int
lower_level(struct store_reader *r, const struct store_write *v)
{
	sqlite3_stmt *q = sqlite_statement(r, SLICE("SELECT labels FROM version WHERE vid=?1"));
	int level = sqlite_level(r->store, v->labels), before = 0;

	if (v->replaces == 0)
		return level;
	if (q != NULL) {
		sqlite3_bind_int64(q, 1, v->replaces);
		if (sqlite3_step(q) == SQLITE_ROW)
			before = sqlite_level(r->store, (uint32_t)sqlite3_column_int64(q, 0));
		sqlite3_reset(q);
	}
	return before < level ? before : level;
}

void
written_add(struct written *w, struct store_reader *reader, const struct store_write *v)
{
	struct written_row *r = &w->at[w->count++ & (REMEMBERED - 1)];
	int64_t compartment = v->compartment.number;

	*r = (struct written_row){ v->type->number, v->method == 'D', lower_level(reader, v), compartment,
		v->type == reader->store->patient ? DIRECTORY : compartment, v->row, { { 0 } } };
	for (uint32_t i = 0; i < v->rows.count; i++)
		if (v->rows.at[i].kind == SEARCH_TOKEN)
			filter_add(&r->tokens, v->rows.at[i].param, v->rows.at[i].a);
}

static bool
refers_to(const struct store_write *v, const struct written_row *r)
{
	for (uint32_t i = 0; i < v->target_count; i++)
		if (v->targets[i].row == r->row && v->targets[i].type->number == r->type)
			return true;
	return false;
}

bool
written_keeps_targets(const struct written *w, const struct store_write *v)
{
	if (v->target_count > 0 && w->count - v->seen > REMEMBERED)
		return false;
	for (int64_t i = v->seen; v->target_count > 0 && i < w->count; i++) {
		const struct written_row *r = &w->at[i & (REMEMBERED - 1)];

		if (r->gone && refers_to(v, r))
			return false;
	}
	return true;
}

/* The tokens one of which a match must have; false when the query does not say. */
static bool
tokens_of(const struct query *q, struct filter *f)
{
	for (uint32_t i = 0; i < q->parts[0].clause_count; i++) {
		const struct query_clause *c = &q->parts[0].clauses[i];
		bool exact = c->on == CLAUSE_INDEX && c->kind == SEARCH_TOKEN
		    && c->modifier == MODIFIER_NONE && c->count > 0;

		*f = (struct filter){ { 0 } };
		for (uint32_t k = 0; exact && k < c->count; k++) {
			exact = !c->values[k].any_code;
			filter_add(f, c->param->number, c->values[k].a);
		}
		if (exact)
			return true;
	}
	return false;
}

static bool
may_match(const struct written_row *r, const struct query *q, const struct filter *tokens)
{
	return r->type == q->type->number && (tokens == NULL || filters_meet(&r->tokens, tokens));
}

static bool
finds_nothing(struct store_reader *r, const struct written *w, const struct store_guard *g,
    struct query_only *only)
{
	struct query q = *g->query;
	struct store_position from = { .set = false };
	struct store_page page;
	struct outcome o;
	bool good;

	q.only = only;
	q.page = 1;
	outcome_init(&o, w->arena);
	good = store_search(r, g->permit, &q, &from, w->arena, &page, &o) && page.count == 0;
	arena_reset(w->arena);
	only->count = 0;
	return good;
}

static bool
is_link(const struct query_clause *c)
{
	if (c->on == CLAUSE_CHAIN || c->on == CLAUSE_HAS)
		return true;
	for (uint32_t i = 0; i < c->part_count; i++)
		if (is_link(&c->parts[i]))
			return true;
	return false;
}

/* Was anything written since that the guard's permit reaches, or reached before? */
static bool
any_reached(const struct store_reader *reader, const struct written *w, const struct store_guard *g)
{
	bool reached = false;

	for (int64_t i = g->seen; i < w->count && !reached; i++) {
		const struct written_row *r = &w->at[i & (REMEMBERED - 1)];

		reached = permit_reaches(g->permit, r->compartment, r->level)
		    && permit_knows(g->permit, pack_type_at(reader->store->config.pack, r->type));
	}
	return reached;
}

/* What a chain or _has finds can change with a row of another type. */
static bool
has_links(const struct query *q)
{
	for (uint32_t i = 0; i < q->parts[0].clause_count; i++)
		if (is_link(&q->parts[0].clauses[i]))
			return true;
	return false;
}

bool
sqlite_guard_holds(struct store_reader *r, const struct written *w, const struct store_guard *g)
{
	int64_t rows[SEARCHED_AT_ONCE], leads[SEARCHED_AT_ONCE];
	struct query_only only = { rows, leads, 0 };
	struct filter tokens;
	bool by_token = tokens_of(g->query, &tokens);

	if (w->count - g->seen > REMEMBERED || (has_links(g->query) && any_reached(r, w, g)))
		return false;
	for (int64_t i = g->seen; i < w->count; i++) {
		const struct written_row *row = &w->at[i & (REMEMBERED - 1)];

		if (!may_match(row, g->query, by_token ? &tokens : NULL))
			continue;
		rows[only.count] = row->row;
		leads[only.count++] = row->lead;
		if (only.count == SEARCHED_AT_ONCE && !finds_nothing(r, w, g, &only))
			return false;
	}
	return only.count == 0 || finds_nothing(r, w, g, &only);
}
