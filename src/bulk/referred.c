/* referred.c -- rows that exported resources refer to and that are in no patient's compartment: who treated, where,
 * with what (Bulk Data Access 2.0, export.html#endpoint---all-patients: what is helpful in interpreting the
 * patient data).  A set that grows with the export and is saved with its state. */
#include "bulk/inside.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/exchange.h"
#include "exchange/service.h"

struct referred {
	int64_t *rows;                  /* open addressing; 0: empty */
	uint32_t count, room;
};

struct referred *
referred_new(void)
{
	struct referred *r = calloc(1, sizeof *r);

	if (r == NULL)
		abort();
	return r;
}

void
referred_free(struct referred *r)
{
	if (r != NULL)
		free(r->rows);
	free(r);
}

static int64_t *
place(const struct referred *r, int64_t row)
{
	uint32_t at = (uint32_t)((uint64_t)row * 0x9E3779B97F4A7C15u >> 32) & (r->room - 1);

	while (r->rows[at] != 0 && r->rows[at] != row)
		at = (at + 1) & (r->room - 1);
	return &r->rows[at];
}

static void
make_room(struct referred *r)
{
	struct referred more = { .count = r->count, .room = r->room == 0 ? 256 : r->room * 2 };

	if ((more.rows = calloc(more.room, sizeof *more.rows)) == NULL)
		abort();
	for (uint32_t i = 0; i < r->room; i++)
		if (r->rows[i] != 0)
			*place(&more, r->rows[i]) = r->rows[i];
	free(r->rows);
	*r = more;
}

void
referred_add(struct referred *r, int64_t row)
{
	int64_t *at;

	if (r->count * 2 >= r->room)
		make_room(r);
	at = place(r, row);
	r->count += *at == 0;
	*at = row;
}

bool
referred_has(const struct referred *r, int64_t row)
{
	return r->count > 0 && *place(r, row) != 0;
}

bool
referred_is_empty(const struct referred *r)
{
	return r->count == 0;
}

bool
referred_next(const struct referred *r, uint32_t *at, int64_t *row)
{
	while (*at < r->room && r->rows[*at] == 0)
		++*at;
	if (*at == r->room)
		return false;
	*row = r->rows[(*at)++];
	return true;
}

static void
note_one(struct referred *r, struct exchange *x, const bool *types, struct slice reference)
{
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct slice rest = reference, id;
	const struct type *type;
	int64_t lead, row;

	if (slice_starts(rest, resolver.base))
		rest = slice_sub(rest, resolver.base.len + 1, rest.len);
	type = pack_resource(x->service->pack, slice_cut(&rest, '/'));
	id = slice_cut(&rest, '/');
	if (type != NULL && types[type->number] && resolver.find(resolver.ctx, type->name, id, &lead, &row)
	    && lead == 0)
		referred_add(r, row);
}

/* A quote within a string has a backslash before it, so the name of the member is found as it stands. */
void
referred_note(struct referred *r, struct exchange *x, const bool *types, struct slice body)
{
	static const char member[] = "\"reference\":\"";
	const char *at;

	while ((at = memmem(body.ptr, body.len, member, sizeof member - 1)) != NULL) {
		body = slice_sub(body, (size_t)(at - body.ptr) + sizeof member - 1, body.len);
		note_one(r, x, types, slice_cut(&body, '"'));
	}
}
