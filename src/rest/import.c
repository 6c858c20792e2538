/* import.c -- $import and its status: the operator's, for a directory on this machine (docs/bulk.md).
 *
 * A client can name nothing but one word; to anybody but the operator's own client no job is
 * there. */
#include "rest/interactions.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/instant.h"
#include "exchange/exchange.h"
#include "exchange/imports.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/parameters.h"

static bool
is_operator(const struct exchange *x)
{
	return exchange_is_operator(x) && x->parent == NULL;
}

/* Letters, digits, "-", "_" and ".", but none in front: no way up, no way out. */
static bool
is_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!(ascii_is_digit(c) || ascii_is_letter(c)
		    || c == '-' || c == '_' || c == '.'))
			return false;
	}
	return s.len > 0 && s.len <= 64 && s.ptr[0] != '.';
}

static void
name_event(struct exchange *x, struct slice id)
{
	struct buf b;

	buf_init(&b, x->arena, 256);
	buf_printf(&b, "$import %.*s", SLICE_FMT(id));
	exchange_event_add(x)->resource = buf_slice(&b);
}

bool
rest_import(struct exchange *x)
{
	struct parameters p;
	struct slice directory, format, id;
	struct buf b;

	if (!is_operator(x))
		return exchange_fail(x, FAULT_FORBIDDEN, "");
	if (x->service->imports == NULL)
		return exchange_fail(x, FAULT_NOT_SUPPORTED, "not here");
	if (!parameters_read(x, "inputFormat directory keepIds", &p))
		return false;
	directory = parameter_text(&p, "directory");
	format = parameter_text(&p, "inputFormat");
	if (!is_word(directory))
		return exchange_fail(x, FAULT_INVALID, "directory is the name of one in the directory import");
	if (format.len > 0 && !slice_is(format, "application/fhir+ndjson"))
		return exchange_fail(x, FAULT_NOT_SUPPORTED, "inputFormat is application/fhir+ndjson");
	if (!x->service->imports->begin(x->service->imports, x, directory,
	    parameter_is(&p, "keepIds", false), &id))
		return false;
	name_event(x, id);
	buf_init(&b, x->arena, SIZE_MAX);
	buf_printf(&b, "%.*s/import/%.*s", SLICE_FMT(x->service->base), SLICE_FMT(id));
	exchange_add_header(x, "content-location", buf_slice(&b));
	answer_bytes(x, 202, SLICE_NONE);
	return true;
}

static bool
have_job(struct exchange *x, struct import_status *s)
{
	name_event(x, x->id);
	if (!is_operator(x) || x->service->imports == NULL)
		return exchange_fail(x, FAULT_NO_SUCH, "");
	return x->service->imports->look(x->service->imports, x, x->id, s);
}

static void
write_figures(struct buf *b, const struct import_status *s)
{
	buf_printf(b, "%llu resources from %llu items, %llu skipped, %llu refused",
	    (unsigned long long)s->resources, (unsigned long long)s->items,
	    (unsigned long long)s->skipped, (unsigned long long)s->refused);
}

static bool
answer_running(struct exchange *x, const struct import_status *s)
{
	struct buf b;

	buf_init(&b, x->arena, 256);
	write_figures(&b, s);
	exchange_add_header(x, "x-progress", buf_slice(&b));
	exchange_add_header(x, "retry-after", SLICE("2"));
	answer_bytes(x, 202, SLICE_NONE);
	return true;
}

static bool
answer_done(struct exchange *x, const struct import_status *s)
{
	char asked[INSTANT_TEXT];
	struct buf b;

	instant_format(s->asked, asked);
	buf_init(&b, x->arena, 4096);
	buf_printf(&b, "{\"transactionTime\":\"%.*s\",\"directory\":\"%.*s\",\"resources\":%llu,\"items\":%llu,"
	    "\"skipped\":%llu,\"refused\":%llu,\"error\":[", INSTANT_TEXT, asked, SLICE_FMT(s->directory),
	    (unsigned long long)s->resources, (unsigned long long)s->items,
	    (unsigned long long)s->skipped, (unsigned long long)s->refused);
	if (s->refused > 0)
		buf_printf(&b, "{\"type\":\"OperationOutcome\",\"url\":\"%.*s/import/%.*s/errors.ndjson\"}",
		    SLICE_FMT(x->service->base), SLICE_FMT(x->id));
	buf_add(&b, SLICE("]}"));
	exchange_add_header(x, "content-type", SLICE("application/json"));
	x->status = 200;
	x->bytes = buf_slice(&b);
	return true;
}

bool
rest_import_status(struct exchange *x)
{
	struct import_status s;

	if (!have_job(x, &s))
		return false;
	if (s.state == IMPORT_FAILED)
		return exchange_fail(x, FAULT_BROKEN, "the import failed");
	return s.state == IMPORT_DONE ? answer_done(x, &s) : answer_running(x, &s);
}

bool
rest_import_cancel(struct exchange *x)
{
	struct import_status s;

	if (!have_job(x, &s) || !x->service->imports->cancel(x->service->imports, x, x->id))
		return false;
	answer_bytes(x, 202, SLICE_NONE);
	return true;
}

bool
rest_import_errors(struct exchange *x)
{
	struct import_status s;
	struct slice lines;

	if (!have_job(x, &s))
		return false;
	if (!slice_is(x->version, "errors.ndjson"))
		return exchange_fail(x, FAULT_NO_SUCH, "");
	if (!x->service->imports->refusals(x->service->imports, x, x->id, &lines))
		return false;
	exchange_add_header(x, "content-type", SLICE("application/fhir+ndjson"));
	x->status = 200;
	x->bytes = lines;
	return true;
}
