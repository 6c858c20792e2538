/* export.c -- $export of the system, of patients and of a Group, its status, its files (Bulk Data Access
 * 2.0, export.html); see bulk/bulk.h.
 *
 * It runs beside the event loops (rest_waits): a job's state is synced before the answer may
 * leave, and a file is opened piece by piece.  A job of another caller and one that
 * never was are one answer. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/instant.h"
#include "base/limits.h"
#include "base/plant.h"
#include "bulk/bulk.h"
#include "controls/authorization.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/parameters.h"
#include "rest/rest.h"

static const char names[] = "_outputFormat _since _type _elements patient includeAssociatedData "
    "_typeFilter";

/* A "+" that stands in a URL as it is was meant as one, as in _format. */
static const char *const formats[] = { "application/fhir+ndjson", "application/fhir ndjson", "application/ndjson", "ndjson" };

struct asked {
	struct exchange    *x;
	struct parameters   p;
	struct bulk_request q;
	struct slice       *types, *elements, *patients;
	struct bulk_filter *filters;
	size_t              most;
};

bool
rest_waits(const struct interaction *i)
{
	static bool (*const all[])(struct exchange *) = { rest_export, rest_export_cancel,
		rest_export_file, rest_import, rest_import_errors };

	for (size_t k = 0; k < COUNT_OF(all); k++)
		if (i->perform == all[k])
			return true;
	return false;
}

/* Reading what is asked for */

static bool
too_many(struct asked *a)
{
	return exchange_fail(a->x, FAULT_TOO_COSTLY, "too many values of a parameter");
}

static bool
take_format(struct asked *a, struct slice value)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (slice_is(value, formats[i]))
			return true;
	return exchange_fail(a->x, FAULT_NOT_SUPPORTED, "_outputFormat is application/fhir+ndjson");
}

static bool
take_since(struct asked *a, struct slice value)
{
	int64_t end;

	return index_date(value, &a->q.since, &end)
	    || exchange_fail(a->x, FAULT_INVALID, "_since is an instant");
}

static bool
take_types(struct asked *a, struct slice value)
{
	while (value.len > 0) {
		struct slice one = slice_trim(slice_cut(&value, ','));

		if (pack_resource(a->x->service->pack, one) == NULL)
			return exchange_fail(a->x, FAULT_INVALID, "_type lists names of resource types");
		if (a->q.type_count == pack_type_count(a->x->service->pack))
			return too_many(a);
		a->types[a->q.type_count++] = one;
	}
	return true;
}

static bool
take_elements(struct asked *a, struct slice value)
{
	while (value.len > 0) {
		if (a->q.element_count == a->most)
			return too_many(a);
		a->elements[a->q.element_count++] = slice_trim(slice_cut(&value, ','));
	}
	return true;
}

#define TYPE_NAME_MAX 64

/* Where the next "Type?" of a list begins; a comma inside a query is none. */
static size_t
filter_end(struct asked *a, struct slice list)
{
	for (size_t i = 0; i < list.len; i++) {
		struct slice head = slice_sub(list, i + 1, TYPE_NAME_MAX), type;

		if (list.ptr[i] != ',')
			continue;
		type = slice_sub(head, 0, slice_find(head, '?'));
		if (type.len < head.len && pack_resource(a->x->service->pack, type) != NULL)
			return i;
	}
	return list.len;
}

static bool
query_good(struct asked *a, const struct type *type, struct slice text)
{
	struct exchange *x = a->x;
	struct index_resolver resolver = store_resolver(x->worker->reader, x->service->base);
	struct query q;

	return permit_allows(x->permit, type, PERMIT_SEARCH)
	    ? query_parse(store_index(x->worker->reader), type, text, SLICE_NONE, false, &resolver,
	        x->service->limits, x->received, x->arena, &q, &x->outcome)
	    : exchange_fail(x, FAULT_FORBIDDEN, "");
}

static bool
take_filters(struct asked *a, struct slice value)
{
	while (value.len > 0) {
		struct slice query = slice_sub(value, 0, filter_end(a, value)), name;
		const struct type *type;

		value = slice_sub(value, query.len + 1, value.len);
		name = slice_cut(&query, '?');
		if ((type = pack_resource(a->x->service->pack, name)) == NULL)
			return exchange_fail(a->x, FAULT_INVALID, "_typeFilter is Type?query");
		if (a->q.filter_count == a->most)
			return too_many(a);
		if (!query_good(a, type, query))
			return false;
		a->filters[a->q.filter_count++] = (struct bulk_filter){ name, query };
	}
	return true;
}

static bool
take_associated(struct asked *a, struct slice value)
{
	if (slice_is(value, "LatestProvenanceResources"))
		a->q.provenance = PROVENANCE_LATEST;
	else if (slice_is(value, "RelevantProvenanceResources"))
		a->q.provenance = PROVENANCE_RELEVANT;
	else
		return exchange_fail(a->x, FAULT_NOT_SUPPORTED,
		    "includeAssociatedData is LatestProvenanceResources or RelevantProvenanceResources");
	return true;
}

static const struct {
	const char *name;
	bool      (*take)(struct asked *, struct slice value);
} takers[] = {
	{ "_outputFormat", take_format }, { "_since", take_since }, { "_type", take_types },
	{ "_elements", take_elements }, { "_typeFilter", take_filters },
	{ "includeAssociatedData", take_associated },
};

/* A Reference; by POST only, as the specification says: ids of patients are not for URLs. */
static bool
take_patient(struct asked *a, const struct parameter *one)
{
	struct slice id = one->node == 0 ? SLICE_NONE : json_string(a->p.json,
	    json_path(a->p.json, one->node, "valueReference.reference"), a->x->arena);

	if (a->q.level == BULK_SYSTEM || !slice_is(slice_cut(&id, '/'), "Patient") || id.len == 0)
		return exchange_fail(a->x, FAULT_INVALID, "patient is a Reference, by POST");
	if (a->q.patient_count == a->most)
		return too_many(a);
	a->patients[a->q.patient_count++] = id;
	return true;
}

static bool
take(struct asked *a, const struct parameter *one)
{
	if (slice_is(one->name, "patient"))
		return take_patient(a, one);
	for (size_t i = 0; i < COUNT_OF(takers); i++)
		if (slice_is(one->name, takers[i].name))
			return takers[i].take(a, one->text);
	return true;
}

static void
write_url(struct asked *a)
{
	struct exchange *x = a->x;
	struct buf b;

	buf_init(&b, x->arena, SIZE_MAX);
	buf_add(&b, x->service->issuer);
	buf_add(&b, x->path);
	if (x->query.len > 0)
		buf_add_char(&b, '?');
	buf_add(&b, x->query);
	a->q.url = buf_slice(&b);
}

static enum bulk_level
level_of(const struct exchange *x)
{
	return x->type == NULL ? BULK_SYSTEM : x->id.len > 0 ? BULK_GROUP : BULK_PATIENT;
}

static bool
read_asked(struct exchange *x, struct asked *a)
{
	*a = (struct asked){ .x = x, .most = x->service->limits->of[LIMIT_BULK_FILTERS] };
	a->q.level = level_of(x);
	a->q.group = x->id;
	a->q.types = a->types = arena_array(x->arena, pack_type_count(x->service->pack) + 1, sizeof *a->types);
	a->q.elements = a->elements = arena_array(x->arena, a->most + 1, sizeof *a->elements);
	a->q.patients = a->patients = arena_array(x->arena, a->most + 1, sizeof *a->patients);
	a->q.filters = a->filters = arena_array(x->arena, a->most + 1, sizeof *a->filters);
	write_url(a);
	if (!parameters_read(x, names, &a->p))
		return false;
	for (uint32_t i = 0; i < a->p.count; i++)
		if (!take(a, &a->p.at[i]))
			return false;
	return true;
}

/* A Group that the caller may not see is not there, and said so at once. */
static bool
group_there(struct exchange *x)
{
	struct stored s;

	if (x->id.len == 0)
		return true;
	if (!store_read(x->worker->reader, planted(77) ? authorization_house : x->permit, x->type, x->id, x->arena, &s,
	    &x->outcome))
		return false;
	return !s.deleted || exchange_fail(x, FAULT_DELETED, "");
}

static void
name_event(struct exchange *x, const char *what, struct slice id)
{
	struct buf b;

	buf_init(&b, x->arena, 512);
	buf_printf(&b, "%s%.*s", what, SLICE_FMT(id));
	exchange_event_add(x)->resource = buf_slice(&b);
}

bool
rest_export(struct exchange *x)
{
	bool *types = arena_array(x->arena, pack_type_count(x->service->pack), sizeof *types);
	struct asked a;
	struct slice id;
	struct buf b;

	if (x->service->bulk == NULL || x->parent != NULL)
		return exchange_fail(x, FAULT_NOT_SUPPORTED, "not here");
	if (!read_asked(x, &a) || !bulk_types(x, &a.q, types) || !group_there(x)
	    || !bulk_create(x->service->bulk, x, &a.q, &id))
		return false;
	name_event(x, "$export ", id);
	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "%.*s/bulk/%.*s", SLICE_FMT(x->service->base), SLICE_FMT(id));
	exchange_add_header(x, "content-location", buf_slice(&b));
	answer_bytes(x, 202, SLICE_NONE);
	return true;
}

/* Status and manifest */

static bool
answer_running(struct exchange *x, const struct bulk_status *s)
{
	struct buf b;

	buf_init(&b, x->arena, 128);
	buf_printf(&b, "%llu resources so far", (unsigned long long)s->count);
	exchange_add_header(x, "x-progress", buf_slice(&b));
	exchange_add_header(x, "retry-after", SLICE("2"));
	answer_bytes(x, 202, SLICE_NONE);
	return true;
}

static void
write_files(struct exchange *x, struct buf *b, struct slice id, const struct bulk_status *s,
    bool deleted)
{
	bool first = true;

	for (uint32_t i = 0; i < s->file_count; i++) {
		const struct bulk_file *f = &s->files[i];

		if (f->deleted != deleted || f->count == 0)
			continue;
		buf_printf(b, "%s{\"type\":\"%.*s\",\"url\":\"%.*s/bulk/%.*s/", first ? "" : ",",
		    SLICE_FMT(f->type), SLICE_FMT(x->service->base), SLICE_FMT(id));
		bulk_file_name(b, f);
		buf_printf(b, "\",\"count\":%llu}", (unsigned long long)f->count);
		first = false;
	}
}

static bool
answer_manifest(struct exchange *x, struct slice id, const struct bulk_status *s)
{
	char *expires = arena_alloc(x->arena, HTTP_DATE_TEXT), time[INSTANT_TEXT];
	struct buf b;

	instant_http_date(s->expires, expires);
	instant_format(s->time, time);
	exchange_add_header(x, "expires", slice_make(expires, HTTP_DATE_TEXT));
	exchange_add_header(x, "content-type", SLICE("application/json"));
	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "{\"transactionTime\":\"%.*s\",\"request\":", INSTANT_TEXT, time);
	json_write_string(&b, s->url);
	buf_add(&b, SLICE(",\"requiresAccessToken\":true,\"output\":["));
	write_files(x, &b, id, s, false);
	buf_add(&b, SLICE("],\"deleted\":["));
	write_files(x, &b, id, s, true);
	buf_add(&b, SLICE("],\"error\":[]}"));
	x->status = 200;
	x->bytes = buf_slice(&b);
	return true;
}

static bool
have_bulk(struct exchange *x)
{
	return (x->service->bulk != NULL && x->parent == NULL) || exchange_fail(x, FAULT_NO_SUCH, "");
}

bool
rest_export_status(struct exchange *x)
{
	struct bulk_status s;

	if (!have_bulk(x) || !bulk_look(x->service->bulk, x, x->id, &s))
		return false;
	switch (s.state) {
	case BULK_RUNNING:
		return answer_running(x, &s);
	case BULK_DONE:
		return answer_manifest(x, x->id, &s);
	case BULK_FAILED:
		break;
	}
	return exchange_fail(x, FAULT_BROKEN, "the export failed");
}

bool
rest_export_cancel(struct exchange *x)
{
	name_event(x, "$export ", x->id);
	if (!have_bulk(x) || !bulk_cancel(x->service->bulk, x, x->id))
		return false;
	answer_bytes(x, 202, SLICE_NONE);
	return true;
}

bool
rest_export_file(struct exchange *x)
{
	struct buf b;

	buf_init(&b, x->arena, 256);
	buf_printf(&b, "%.*s/%.*s", SLICE_FMT(x->id), SLICE_FMT(x->version));
	name_event(x, "$export ", buf_slice(&b));
	if (!have_bulk(x) || !bulk_read(x->service->bulk, x, x->id, x->version))
		return false;
	exchange_add_header(x, "content-type", SLICE("application/fhir+ndjson"));
	x->status = 200;
	return true;
}
