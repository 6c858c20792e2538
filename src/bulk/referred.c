/* referred.c -- rows that exported resources refer to and that are in no patient's compartment: who treated, where,
 * with what (Bulk Data Access 2.0, export.html#endpoint---all-patients: what is helpful in interpreting the
 * patient data).  A set that grows with the export; what is new in it is added to the job's notes at each
 * checkpoint, so that a checkpoint costs what happened since the last one. */
#include "bulk/inside.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "exchange/exchange.h"
#include "exchange/service.h"

static void
add(struct referred *r, int64_t row)
{
	if (!numbers_add(&r->all, r->arena, row))
		return;
	r->rows = arena_more(r->arena, r->rows, r->count, sizeof *r->rows);
	r->rows[r->count++] = row;
}

bool
referred_save(struct referred *r, struct output *out)
{
	char text[24];

	for (; r->noted < r->count; r->noted++) {
		int n = snprintf(text, sizeof text, "%lld", (long long)r->rows[r->noted]);

		if (!output_note(out, slice_make(text, (size_t)n)))
			return false;
	}
	return true;
}

static void
add_note(void *ctx, struct slice line)
{
	uint64_t row;

	if (slice_uint(line, &row))
		add(ctx, (int64_t)row);
}

bool
referred_load(struct referred *r, const struct bulk *b, const struct bulk_job *job)
{
	bool good = output_notes(b, job, add_note, r);

	r->noted = r->count;
	return good;
}

static void
find_one(struct referred *r, struct exchange *x, const bool *types, struct slice reference)
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
		add(r, row);
}

/* A quote within a string has a backslash before it, so the name of the member is found as it stands. */
void
referred_find(struct referred *r, struct exchange *x, const bool *types, struct slice body)
{
	static const char member[] = "\"reference\":\"";
	const char *at;

	while ((at = memmem(body.ptr, body.len, member, sizeof member - 1)) != NULL) {
		body = slice_sub(body, (size_t)(at - body.ptr) + sizeof member - 1, body.len);
		find_one(r, x, types, slice_cut(&body, '"'));
	}
}
