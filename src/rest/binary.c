/* binary.c -- see binary.h.
 *
 * Access is decided twice: by the row gate (a Binary is in the compartment, and at least at the
 * level, of its securityContext), and here by whether that resource can be seen now. */
#include "rest/binary.h"

#include <inttypes.h>
#include <unistd.h>

#include "attachment/media.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/plant.h"
#include "controls/control.h"
#include "exchange/exchange.h"
#include "exchange/interaction.h"
#include "exchange/place.h"
#include "exchange/principal.h"
#include "exchange/service.h"
#include "rest/answer.h"
#include "rest/format.h"
#include "rest/rest.h"

bool
binary_is(const struct exchange *x)
{
	return x->type != NULL && slice_is(x->type->name, "Binary");
}

static bool
is_write(const struct exchange *x)
{
	return binary_is(x) && x->interaction != NULL && x->interaction->body == BODY_RESOURCE
	    && (x->interaction->verb & (PERMIT_CREATE | PERMIT_UPDATE)) != 0;
}

/* Taking content in its own type */

static bool
type_taken(struct exchange *x, struct slice *essence)
{
	return (media_essence(exchange_header(x, "content-type"), x->arena, essence)
	    && media_charset_good(exchange_header(x, "content-type"))
	    && media_allowed(&x->service->options.attachments_types, *essence))
	    || exchange_fail(x, FAULT_MEDIA_TYPE, "");
}

bool
binary_brings_stream(struct exchange *x, struct slice *essence)
{
	enum format format = format_of_content(x);

	return is_write(x) && format != FORMAT_JSON && format != FORMAT_XML && type_taken(x, essence);
}

/* The first element of an XML text, behind declaration, comments and white space. */
static struct slice
first_element(struct slice rest)
{
	for (;;) {
		size_t at = slice_find(rest, '<'), end = 0;
		const char *close;

		rest = slice_sub(rest, at + 1, rest.len);
		if (rest.len == 0)
			return SLICE_NONE;
		if (rest.ptr[0] != '?' && rest.ptr[0] != '!') {
			while (end < rest.len && strchr(" \t\r\n/>", rest.ptr[end]) == NULL)
				end++;
			return slice_sub(rest, 0, end);
		}
		close = slice_starts(rest, SLICE("!--")) ? memmem(rest.ptr, rest.len, "-->", 3)
		    : memchr(rest.ptr, '>', rest.len);
		if (close == NULL)
			return SLICE_NONE;
		rest = slice_sub(rest, (size_t)(close - rest.ptr) + 1, rest.len);
	}
}

/* R4 binary.html#rest: a body of a FHIR type is content too, unless it is a Binary itself. */
static bool
is_resource(struct exchange *x, enum format format)
{
	struct outcome aside;
	struct json j;

	if (format == FORMAT_XML)
		return slice_is(first_element(x->content), "Binary");
	outcome_init(&aside, x->arena);
	return !json_parse(x->content, json_bounds(x->service->limits, true), x->arena, &j, &aside)
	    || json_is(&j, json_get(&j, 0, SLICE("resourceType")), SLICE("Binary"));
}

static void
add_context(struct exchange *x, struct buf *b)
{
	struct slice context = exchange_header(x, "x-security-context");

	if (context.len == 0)
		return;
	buf_add_cstr(b, ",\"securityContext\":{\"reference\":");
	json_write_string(b, context);
	buf_add_char(b, '}');
}

/* A Binary as if it had come in the FHIR form; its content stands aside. */
static bool
make_body(struct exchange *x, struct slice essence)
{
	struct resource *r = arena_alloc(x->arena, sizeof *r);
	struct buf b;

	if (exchange_header_count(x, "x-security-context") > 1
	    || exchange_header_count(x, "content-type") > 1)
		return exchange_fail(x, FAULT_INVALID, "");
	buf_init(&b, x->arena, SIZE_MAX);
	buf_add_cstr(&b, "{\"resourceType\":\"Binary\"");
	if (x->id.len > 0) {
		buf_add_cstr(&b, ",\"id\":");
		json_write_string(&b, x->id);
	}
	buf_add_cstr(&b, ",\"contentType\":");
	json_write_string(&b, essence);
	add_context(x, &b);
	buf_add_char(&b, '}');
	r->type = x->type;
	x->body = r;
	return json_parse(buf_slice(&b), json_bounds(x->service->limits, false), x->arena, &r->json,
	    &x->outcome);
}

/* A short body that was gathered like a resource, and is none. */
static bool
take_whole(struct exchange *x)
{
	struct slice essence;
	struct buf text;

	if (!type_taken(x, &essence) || !make_body(x, essence))
		return false;
	if (x->content.len > x->service->limits->of[LIMIT_ATTACHMENT])
		return exchange_fail(x, FAULT_TOO_BIG, "");
	buf_init(&text, x->arena, SIZE_MAX);
	buf_add(&text, slice_sub(x->body->json.text, 0, x->body->json.text.len - 1));
	buf_add_cstr(&text, ",\"data\":\"");
	encode_base64(&text, x->content.ptr, x->content.len);
	buf_add_cstr(&text, "\"}");
	return json_parse(buf_slice(&text), json_bounds(x->service->limits, false), x->arena,
	    &x->body->json, &x->outcome);
}

bool
binary_native(struct exchange *x, enum format format)
{
	return is_write(x) && x->parent == NULL && (x->uploaded != NULL
	    || ((format == FORMAT_JSON || format == FORMAT_XML) && !is_resource(x, format)));
}

bool
binary_parse(struct exchange *x)
{
	struct slice essence;

	if (x->uploaded == NULL)
		return take_whole(x) && binary_adopt(x);
	return type_taken(x, &essence) && make_body(x, essence) && binary_adopt(x);
}

bool
binary_adopt(struct exchange *x)
{
	struct resource *r = x->body;
	int64_t compartment;
	struct buf b;

	if (!is_write(x) || !permit_compartment(x->permit, &compartment) || x->who->patient.len == 0
	    || json_get(&r->json, r->node, SLICE("securityContext")) != 0)
		return true;
	buf_init(&b, x->arena, SIZE_MAX);
	json_write_node(&b, &r->json, r->node);
	b.len--;
	buf_add_cstr(&b, ",\"securityContext\":{\"reference\":\"Patient/");
	buf_add(&b, x->who->patient);
	buf_add_cstr(&b, "\"}}");
	r->node = 0;
	x->places = NULL;
	return json_parse(buf_slice(&b), json_bounds(x->service->limits, false), x->arena, &r->json,
	    &x->outcome);
}

struct slice
binary_with_data(struct exchange *x, struct slice text)
{
	struct buf b;

	if (x->cut_data.len == 0)
		return text;
	buf_init(&b, x->arena, SIZE_MAX);
	buf_reserve(&b, text.len + x->cut_data.len + 16);
	buf_add(&b, slice_sub(text, 0, text.len - 1));
	buf_add_cstr(&b, ",\"data\":\"");
	buf_add(&b, x->cut_data);
	buf_add_cstr(&b, "\"}");
	return buf_slice(&b);
}

/* Reading */

/* What a version says of its content. */
struct about {
	struct slice essence, context;
};

static bool
read_about(struct exchange *x, const struct stored *s, struct about *a)
{
	uint32_t context;
	struct slice declared;
	struct json j;

	if (!json_parse(s->body, json_bounds(x->service->limits, false), x->arena, &j, &x->outcome))
		return false;
	declared = json_string(&j, json_get(&j, 0, SLICE("contentType")), x->arena);
	if (!media_essence(declared, x->arena, &a->essence))
		a->essence = SLICE("application/octet-stream");
	context = json_path(&j, 0, "securityContext.reference");
	a->context = context == 0 ? SLICE_NONE : json_string(&j, context, x->arena);
	return true;
}

static bool
context_visible(struct exchange *x, const struct about *a)
{
	struct stored s;

	return a->context.len == 0 || planted(71) || exchange_find_context(x, a->context, &s)
	    || exchange_fail(x, FAULT_NO_SUCH, "");
}

/* The FHIR form is for those who name it (R4 binary.html#rest). */
static bool
choose_form(struct exchange *x, const struct about *a, bool *native)
{
	bool native_named, fhir_named;
	int content = format_wanted(x, a->essence, &native_named);
	int fhir = format_fhir_wanted(x, &fhir_named);

	*native = false;
	x->unacceptable |= x->format_asked && x->as_html;
	x->as_html = false;             /* content is never a page */
	if (x->format_asked)
		return !x->unacceptable || exchange_fail(x, FAULT_NOT_ACCEPTABLE, "");
	if (fhir_named && fhir > 0 && !(native_named && content > fhir))
		return true;
	*native = true;
	return content > 0 || exchange_fail(x, FAULT_NOT_ACCEPTABLE, "");
}

static void
close_file(void *stream)
{
	close(((struct exchange_stream *)stream)->fd);
}

static struct exchange_stream *
new_stream(struct exchange *x, const struct stored *s)
{
	struct exchange_stream *stream = arena_alloc(x->arena, sizeof *stream);

	stream->content = s->content;
	stream->length = s->content->size;
	stream->fd = store_content_open(s->content);
	if (stream->fd < 0) {
		exchange_fail(x, FAULT_BROKEN, "");
		return NULL;
	}
	arena_defer(x->arena, close_file, stream);
	return stream;
}

/* RFC 9110 14.2: one range of bytes, of a GET; what has another form is passed over. */
static bool
one_range(struct slice header, uint64_t size, uint64_t *from, uint64_t *length, bool *outside)
{
	struct slice last = header, unit = slice_cut(&last, '='), first;
	uint64_t end = size;

	*outside = false;
	if (!slice_is(unit, "bytes") || slice_find(last, ',') < last.len)
		return false;
	first = slice_trim(slice_cut(&last, '-'));
	last = slice_trim(last);
	if (first.len == 0) {
		if (!slice_uint(last, &end))
			return false;
		*from = end >= size ? 0 : size - end;
		*length = size - *from;
		*outside = end == 0 || size == 0;
		return true;
	}
	if (!slice_uint(first, from) || (last.len > 0 && (!slice_uint(last, &end) || end < *from)))
		return false;
	*outside = *from >= size;
	if (*outside)
		return true;
	*length = (last.len == 0 || end >= size ? size - 1 : end) - *from + 1;
	return true;
}

static void
digest_header(struct exchange *x, const char *name, const struct store_content *c)
{
	struct buf b;

	buf_init(&b, x->arena, 128);
	buf_add_cstr(&b, "sha-256=:");
	encode_base64(&b, c->sha256, sizeof c->sha256);
	buf_add_char(&b, ':');
	exchange_add_header(x, name, buf_slice(&b));
}

static void
content_range(struct exchange *x, const char *range, uint64_t from, uint64_t to, uint64_t size)
{
	struct buf b;

	buf_init(&b, x->arena, 128);
	if (range == NULL)
		buf_printf(&b, "bytes */%" PRIu64, size);
	else
		buf_printf(&b, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from, to, size);
	exchange_add_header(x, "content-range", buf_slice(&b));
}

static bool
choose_range(struct exchange *x, struct exchange_stream *stream, bool *part)
{
	struct slice header = exchange_header(x, "range");
	uint64_t size = stream->length;
	bool outside;

	*part = header.len > 0 && slice_is(x->method, "GET") && exchange_header(x, "if-range").len == 0      /* our tags are weak */
	    && exchange_header_count(x, "range") == 1
	    && one_range(header, size, &stream->from, &stream->length, &outside);
	if (!*part) {
		stream->from = 0;
		stream->length = size;
		return true;
	}
	if (outside) {
		content_range(x, NULL, 0, 0, size);
		return exchange_fail(x, FAULT_RANGE, "");
	}
	content_range(x, "", stream->from, stream->from + stream->length - 1, size);
	return true;
}

/* A name of our own making (R4 security.html#attachments: never the client's). */
static void
disposition(struct exchange *x, const struct stored *s, const struct about *a)
{
	const struct media *m = media_find(a->essence);
	struct buf b;

	buf_init(&b, x->arena, 256);
	buf_printf(&b, "attachment; filename=\"binary-%.*s.%s\"", SLICE_FMT(s->id),
	    m == NULL ? "bin" : m->ending);
	exchange_add_header(x, "content-disposition", buf_slice(&b));
}

static void
content_headers(struct exchange *x, const struct stored *s, const struct about *a, bool part)
{
	struct slice type = a->essence;

	if (media_is_active(type))
		type = SLICE("application/octet-stream");
	if (slice_starts(type, SLICE("text/")))
		type = slice_is(type, "text/plain") ? SLICE("text/plain; charset=utf-8") : type;
	exchange_add_header(x, "content-type", type);
	exchange_add_header(x, "accept-ranges", SLICE("bytes"));
	disposition(x, s, a);
	digest_header(x, part ? "repr-digest" : "content-digest", s->content);
	if (a->context.len > 0)
		exchange_add_header(x, "x-security-context", a->context);
}

static bool
answer_content(struct exchange *x, const struct stored *s, const struct about *a)
{
	struct exchange_stream *stream = new_stream(x, s);
	bool part;

	if (stream == NULL || !choose_range(x, stream, &part))
		return false;
	content_headers(x, s, a, part);
	x->status = part ? 206 : 200;
	x->stream = stream;
	return true;
}

static struct slice
joined(struct exchange *x, struct slice a, struct slice b)
{
	struct buf both;

	buf_init(&both, x->arena, SIZE_MAX);
	buf_add(&both, a);
	buf_add(&both, b);
	return buf_slice(&both);
}

/* The FHIR form with a gap in it, at its end: data is the last element of a Binary. */
static bool
answer_with_gap(struct exchange *x, const struct stored *s)
{
	struct exchange_stream *stream;
	struct slice end = x->as_xml ? SLICE("</Binary>") : SLICE("}");
	struct slice text = x->bytes;
	size_t at = text.len;

	if (s->content->size == 0)
		return true;
	while (at > 0 && !slice_starts(slice_sub(text, at - 1, text.len), end))
		at--;
	if (at == 0 || (stream = new_stream(x, s)) == NULL)
		return exchange_fail(x, FAULT_BROKEN, "");
	stream->base64 = true;
	stream->before = slice_sub(text, 0, at - 1);
	if (x->pretty)
		stream->before = slice_trim(stream->before);
	stream->after = slice_sub(text, at - 1, text.len);
	stream->before = joined(x, stream->before, x->as_xml ? SLICE("<data value=\"") : SLICE(",\"data\":\""));
	stream->after = joined(x, x->as_xml ? SLICE("\"/>") : SLICE("\""), stream->after);
	x->bytes = SLICE_NONE;
	x->stream = stream;
	return true;
}

static bool
answer_resource(struct exchange *x, const struct stored *s)
{
	answer_bytes(x, 200, s->body);
	return s->content == NULL || x->parent != NULL || x->status != 200 || answer_with_gap(x, s);
}

bool
binary_answer(struct exchange *x, struct stored *s, bool not_modified)
{
	struct about about;
	bool native = false;

	if (!read_about(x, s, &about) || !context_visible(x, &about) || !controls_out(x, s))
		return false;
	if (x->parent == NULL && !choose_form(x, &about, &native))
		return false;
	answer_note_patient(x, s->compartment);
	answer_version_headers(x, s);
	if (not_modified) {
		x->status = 304;
		return true;
	}
	if (!native)
		return answer_resource(x, s);
	if (s->content != NULL)
		return answer_content(x, s, &about);
	x->status = 204;                        /* a Binary without data */
	return true;
}
