/* outcome.c -- see outcome.h. */
#include "base/outcome.h"

#include "base/arena.h"
#include "base/buf.h"

const struct fault_row faults[FAULT_COUNT] = {
#define X(sym, status, severity, code, text) { #sym, status, severity, code, text },
	FAULTS(X)
#undef X
};

void
outcome_init(struct outcome *o, struct arena *arena)
{
	*o = (struct outcome){ .arena = arena };
	o->tail = &o->first;
}

void
outcome_clear(struct outcome *o)
{
	outcome_init(o, o->arena);
}

static void
add(struct outcome *o, enum fault fault, struct place place, struct slice detail)
{
	struct issue *i = arena_alloc(o->arena, sizeof *i);

	*i = (struct issue){ .fault = fault, .place = place, .detail = detail };
	if (o->tail == NULL)
		o->tail = &o->first;
	*o->tail = i;
	o->tail = &i->next;
	o->count++;
}

bool
outcome_fail(struct outcome *o, enum fault fault, struct place place,
    struct slice detail)
{
	add(o, fault, place, detail);
	if (!o->failed || faults[fault].status > faults[o->worst].status)
		o->worst = fault;
	o->failed = true;
	return false;
}

bool
outcome_fail_at_once(struct outcome *o, enum fault fault, const char *detail)
{
	return outcome_fail(o, fault, NOWHERE, slice_of(detail));
}

void
outcome_issue(struct outcome *o, enum fault fault, const char *id, struct place place,
    struct slice detail)
{
	struct issue **tail;

	if (o->tail == NULL)
		o->tail = &o->first;
	tail = o->tail;
	if (faults[fault].status >= 400)
		outcome_fail(o, fault, place, detail);
	else
		add(o, fault, place, detail);
	(*tail)->id = id;
}

void
outcome_warn(struct outcome *o, struct place place, struct slice detail)
{
	add(o, FAULT_WARNING, place, detail);
}

int
outcome_status(const struct outcome *o)
{
	return o->failed ? faults[o->worst].status : 200;
}

struct place
place_of(struct slice text, size_t at)
{
	struct place p = { SLICE_NONE, 1, 1 };

	for (size_t i = 0; i < at && i < text.len; i++) {
		p.column = text.ptr[i] == '\n' ? 1 : p.column + 1;
		p.line += text.ptr[i] == '\n';
	}
	return p;
}

static void
text_line(const struct issue *i, const char *file, struct buf *out)
{
	const struct fault_row *row = &faults[i->fault];

	if (file != NULL)
		buf_printf(out, "%s:", file);
	if (i->place.line > 0)
		buf_printf(out, "%u:%u:", i->place.line, i->place.column);
	buf_printf(out, "%s%s: ", out->len > 0 && out->ptr[out->len - 1] == ':' ? " " : "",
	    row->severity);
	if (i->place.path.len > 0)
		buf_printf(out, "%.*s: ", SLICE_FMT(i->place.path));
	buf_add_cstr(out, row->text);
	if (i->detail.len > 0)
		buf_printf(out, ": %.*s", SLICE_FMT(i->detail));
	buf_printf(out, " [%s]\n", row->code);
}

void
outcome_text(const struct outcome *o, const char *file, struct buf *out)
{
	for (const struct issue *i = o->first; i != NULL; i = i->next)
		text_line(i, file, out);
}

/* Fixed texts and paths hold no control characters; quotes and backslashes of
 * a path (none today) would still be escaped. */
static void
json_text(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		if (c >= 0x20)
			buf_add_char(out, (char)c);
		else
			buf_printf(out, "\\u%04x", c);
	}
}

static void
json_issue(const struct issue *i, struct buf *out)
{
	const struct fault_row *row = &faults[i->fault];

	buf_printf(out, "{\"severity\":\"%s\",\"code\":\"%s\",\"details\":{",
	    row->severity, row->code);
	if (i->id != NULL)
		buf_printf(out, "\"coding\":[{\"code\":\"%s\"}],", i->id);
	buf_printf(out, "\"text\":\"%s\"}", row->text);
	if (i->detail.len > 0 || i->place.line > 0) {
		buf_add_cstr(out, ",\"diagnostics\":\"");
		json_text(out, i->detail);
		if (i->place.line > 0)
			buf_printf(out, "%sline %u, column %u",
			    i->detail.len > 0 ? " at " : "", i->place.line, i->place.column);
		buf_add_char(out, '"');
	}
	if (i->place.path.len > 0) {
		buf_add_cstr(out, ",\"expression\":[\"");
		json_text(out, i->place.path);
		buf_add_cstr(out, "\"]");
	}
	buf_add_char(out, '}');
}

/* What failed the work stands before what did not. */
static void
json_issues(const struct outcome *o, bool failing, bool *any, struct buf *out)
{
	for (const struct issue *i = o->first; i != NULL; i = i->next) {
		if ((faults[i->fault].status >= 400) != failing)
			continue;
		if (*any)
			buf_add_char(out, ',');
		*any = true;
		json_issue(i, out);
	}
}

void
outcome_json(const struct outcome *o, struct buf *out)
{
	bool any = false;

	buf_add_cstr(out, "{\"resourceType\":\"OperationOutcome\",\"issue\":[");
	json_issues(o, true, &any, out);
	json_issues(o, false, &any, out);
	if (o->first == NULL)
		buf_add_cstr(out, "{\"severity\":\"information\",\"code\":\"informational\","
		    "\"details\":{\"text\":\"All ok\"}}");
	buf_add_cstr(out, "]}");
}
