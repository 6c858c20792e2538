/* hcl_functions_encoding.c -- digests, base64, JSON's neighbours: YAML, CSV, URLs. */
#include "iac/hcl_functions.h"

#include <openssl/evp.h>
#include <unicode/ucnv.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/encode.h"
#include "iac/document.h"

/* ---- digests ---- */

struct digest {
	unsigned char bytes[EVP_MAX_MD_SIZE];
	size_t        len;
};

static bool
digest_of(struct slice s, const char *name, struct digest *d)
{
	return EVP_Q_digest(NULL, name, NULL, s.len == 0 ? "" : s.ptr, s.len, d->bytes, &d->len) == 1;
}

static const struct value *
hashed(struct hcl_call *c, const char *name, bool base64)
{
	struct digest d;
	struct slice s;
	struct buf b;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	if (!digest_of(s, name, &d))
		return value_unknown(c->arena, c->span, SLICE("this digest is not available"));
	buf_init(&b, c->arena, 256);
	if (base64)
		encode_base64(&b, d.bytes, d.len);
	else
		encode_hex(&b, d.bytes, d.len);
	return hcl_text_value(c, buf_slice(&b));
}

static const struct value *md5(struct hcl_call *c) { return hashed(c, "MD5", false); }
static const struct value *sha1(struct hcl_call *c) { return hashed(c, "SHA1", false); }
static const struct value *sha256(struct hcl_call *c) { return hashed(c, "SHA256", false); }
static const struct value *sha512(struct hcl_call *c) { return hashed(c, "SHA512", false); }
static const struct value *base64sha256(struct hcl_call *c) { return hashed(c, "SHA256", true); }
static const struct value *base64sha512(struct hcl_call *c) { return hashed(c, "SHA512", true); }

/* RFC 4122 section 4.3, version 5. */
static const struct value *
uuidv5(struct hcl_call *c)
{
	static const struct {
		const char *name;
		uint8_t     low;        /* the one byte by which the names of the RFC differ */
	} spaces[] = { { "dns", 0x10 }, { "url", 0x11 }, { "oid", 0x12 }, { "x500", 0x14 } };
	uint8_t space[16] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30,
		0xc8 };
	struct slice name, text;
	struct digest d;
	bool known = false;
	struct buf b;

	if (!hcl_text(c, 0, &name) || !hcl_text(c, 1, &text))
		return hcl_wrong(c, "this is not a text");
	for (size_t i = 0; i < COUNT_OF(spaces); i++)
		if (slice_is(name, spaces[i].name)) {
			space[3] = spaces[i].low;
			known = true;
		}
	if (!known && name.len == 36) {
		buf_init(&b, c->arena, 64);
		for (size_t i = 0; i < 36; i++)
			if (name.ptr[i] != '-')
				buf_add_char(&b, name.ptr[i]);
		known = b.len == 32 && decode_hex(buf_slice(&b), space, 16);
	}
	if (!known)
		return hcl_wrong(c, "uuidv5() takes a namespace and a name");
	hcl_begin(c, &b);
	buf_add_bytes(&b, space, 16);
	buf_add(&b, text);
	if (!digest_of(buf_slice(&b), "SHA1", &d))
		return value_unknown(c->arena, c->span, SLICE("this digest is not available"));
	d.bytes[6] = (unsigned char)((d.bytes[6] & 0x0f) | 0x50);
	d.bytes[8] = (unsigned char)((d.bytes[8] & 0x3f) | 0x80);
	buf_init(&b, c->arena, 64);
	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_add_char(&b, '-');
		encode_hex(&b, d.bytes + i, 1);
	}
	return hcl_text_value(c, buf_slice(&b));
}

/* ---- base64 and URLs ---- */

static const struct value *
base64gzip(struct hcl_call *c)
{
	z_stream z = { 0 };
	struct slice s;
	struct buf b;
	uLong room;
	char *to;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return value_unknown(c->arena, c->span, SLICE("the text cannot be compressed"));
	room = deflateBound(&z, s.len);
	to = arena_alloc(c->arena, room);
	z.next_in = (Bytef *)(uintptr_t)s.ptr;
	z.avail_in = (uInt)s.len;
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	buf_init(&b, c->arena, hcl_room(c->scope->meter));
	encode_base64(&b, to, z.total_out);
	return hcl_built(c, &b);
}

/* As Go's QueryEscape: a space is '+'. */
static const struct value *
urlencode(struct hcl_call *c)
{
	struct slice s, part;
	struct buf b;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	hcl_begin(c, &b);
	for (bool first = true; s.ptr != NULL && (first || s.len > 0 || part.ptr != NULL); first = false) {
		part = slice_cut(&s, ' ');
		if (!first)
			buf_add_char(&b, '+');
		encode_percent(&b, part);
		if (s.ptr == NULL)
			break;
	}
	return hcl_built(c, &b);
}

/* Between UTF-8 and an encoding by its IANA name. */
static bool
converted(struct hcl_call *c, const char *to, const char *from, struct slice s, struct slice *out)
{
	int32_t room = (int32_t)(s.len * 4 + 16), n;
	UErrorCode error = U_ZERO_ERROR;
	char *text = arena_alloc(c->arena, (size_t)room);

	n = s.len > 1 << 20 ? -1 : ucnv_convert(to, from, text, room, s.len == 0 ? "" : s.ptr, (int32_t)s.len, &error);
	*out = slice_make(text, n < 0 ? 0 : (size_t)n);
	return n >= 0 && U_SUCCESS(error);
}

static const struct value *
textencodebase64(struct hcl_call *c)
{
	struct slice s, name, out;
	struct buf b;

	if (!hcl_text(c, 0, &s) || !hcl_text(c, 1, &name)
	    || !converted(c, slice_cstr(name, c->arena), "UTF-8", s, &out))
		return hcl_wrong(c, "the text has no such encoding");
	hcl_begin(c, &b);
	encode_base64(&b, out.ptr, out.len);
	return hcl_built(c, &b);
}

static const struct value *
textdecodebase64(struct hcl_call *c)
{
	struct slice s, name, bytes, out;

	if (!hcl_text(c, 0, &s) || !hcl_text(c, 1, &name) || !decode_base64(s, c->arena, &bytes)
	    || !converted(c, "UTF-8", slice_cstr(name, c->arena), bytes, &out))
		return hcl_wrong(c, "the text has no such encoding");
	return hcl_text_value(c, out);
}

/* ---- YAML ---- */

static void write_yaml(struct hcl_call *, struct buf *, const struct value *, uint32_t level, bool behind_dash);

static void
new_line(struct buf *b, uint32_t level)
{
	buf_add_char(b, '\n');
	for (uint32_t i = 0; i < level; i++)
		buf_add_cstr(b, "  ");
}

/* Several lines are a literal block. */
static void
write_yaml_text(struct hcl_call *c, struct buf *b, struct slice s, uint32_t level)
{
	if (slice_find(s, '\n') == s.len) {
		hcl_write_json(b, c->arena, value_string(c->arena, c->span, s), 0);
		return;
	}
	buf_add_cstr(b, "|");
	if (!slice_ends(s, SLICE("\n")))
		buf_add_char(b, '-');
	else
		s.len--;
	if (slice_ends(s, SLICE("\n")))
		buf_add_char(b, '+');
	while (s.ptr != NULL) {
		struct slice line = slice_cut(&s, '\n');

		if (line.len > 0)
			new_line(b, level > 0 ? level : 1);
		else
			buf_add_char(b, '\n');
		buf_add(b, line);
	}
}

static void
write_yaml_list(struct hcl_call *c, struct buf *b, const struct value *v, uint32_t level, bool behind_dash)
{
	for (uint32_t i = 0; i < v->count; i++) {
		if (i > 0 || !behind_dash)
			new_line(b, level);
		buf_add_cstr(b, "- ");
		write_yaml(c, b, v->items[i], level + 1, true);
	}
}

static void
write_yaml_map(struct hcl_call *c, struct buf *b, const struct value *v, uint32_t level, bool behind_dash)
{
	const struct member **sorted = hcl_sorted(c->arena, v);

	for (uint32_t i = 0; i < v->count; i++) {
		const struct value *one = sorted[i]->value;
		bool nested = (one->kind == VALUE_LIST || one->kind == VALUE_MAP) && one->count > 0;

		if (i > 0 || !behind_dash)
			new_line(b, level);
		hcl_write_json(b, c->arena, value_string(c->arena, c->span, sorted[i]->key), 0);
		buf_add_cstr(b, nested ? ":" : ": ");
		/* Lists stand as far left as their key. */
		write_yaml(c, b, one, one->kind == VALUE_LIST ? level : level + 1, false);
	}
}

static void
write_yaml(struct hcl_call *c, struct buf *b, const struct value *v, uint32_t level, bool behind_dash)
{
	if (v->kind == VALUE_LIST && v->count > 0)
		write_yaml_list(c, b, v, level, behind_dash);
	else if (v->kind == VALUE_MAP && v->count > 0)
		write_yaml_map(c, b, v, level, behind_dash);
	else if (v->kind == VALUE_LIST || v->kind == VALUE_MAP)
		buf_add_cstr(b, v->kind == VALUE_LIST ? "[]" : "{}");
	else if (v->kind == VALUE_STRING)
		write_yaml_text(c, b, v->text, level);
	else
		hcl_write_json(b, c->arena, v, 0);
}

static const struct value *
yamlencode(struct hcl_call *c)
{
	const struct value *v = c->args[0];
	uint64_t nodes = 200000;
	struct buf b;

	if (v->kind == VALUE_UNKNOWN)
		return v;
	if (!hcl_moderate(v, 90, &nodes))
		return value_unknown(c->arena, c->span, SLICE("the value is too large"));
	hcl_begin(c, &b);
	write_yaml(c, &b, v, 0, true);
	buf_add_char(&b, '\n');
	return hcl_built_unless(c, &b, value_has_unknown(v)
	    ? value_unknown(c->arena, c->span, SLICE("a part of the text is unknown")) : NULL);
}

/* Read as a file of its own; what is wrong in it is a wrong call. */
static const struct value *
yamldecode(struct hcl_call *c)
{
	const struct value **documents;
	struct project inner;
	uint32_t count;
	struct slice s;

	if (!hcl_text(c, 0, &s) || s.len > 1 << 20)
		return hcl_wrong(c, "this is not a text");
	project_init(&inner, c->arena, c->scope->project->env);
	if (!document_yaml(&inner, project_add_source(&inner, SLICE("yaml"), s), YAML_1_2_CORE, &documents, &count)
	    || count > 1)
		return hcl_wrong(c, "the text is not one YAML document");
	c->scope->meter->steps -= c->scope->meter->steps > s.len ? s.len : c->scope->meter->steps;
	return count == 0 ? &value_null : value_moved(c->arena, documents[0], c->span);
}

/* ---- CSV ---- */

/* One field, RFC 4180; *end: it was the last of its line. */
static bool
csv_field(struct hcl_call *c, struct slice s, size_t *at, struct slice *field, bool *end)
{
	struct buf b;
	size_t start = *at;

	if (*at < s.len && s.ptr[*at] == '"') {
		hcl_begin(c, &b);
		for (++*at; *at < s.len; ++*at) {
			if (s.ptr[*at] == '"' && !(*at + 1 < s.len && s.ptr[*at + 1] == '"'))
				break;
			*at += s.ptr[*at] == '"';
			buf_add_char(&b, s.ptr[*at]);
		}
		if (*at == s.len)
			return false;
		++*at;
		*field = buf_slice(&b);
	} else {
		while (*at < s.len && s.ptr[*at] != ',' && s.ptr[*at] != '\n')
			++*at;
		*field = slice_sub(s, start, *at - start);
		if (slice_ends(*field, SLICE("\r")))
			field->len--;
	}
	if (*at < s.len && s.ptr[*at] == '\r')
		++*at;
	*end = *at >= s.len || s.ptr[*at] == '\n';
	if (!*end && s.ptr[*at] != ',')
		return false;
	++*at;
	return true;
}

static const struct value *
csvdecode(struct hcl_call *c)
{
	struct slice s, heads[256], field;
	struct value_builder lines;
	uint32_t columns = 0;
	bool end = false;
	size_t at = 0;

	if (!hcl_text(c, 0, &s))
		return hcl_wrong(c, "this is not a text");
	while (!end)
		if (columns == COUNT_OF(heads) || !csv_field(c, s, &at, &heads[columns++], &end))
			return hcl_wrong(c, "the text is not CSV");
	value_begin(&lines, c->arena, VALUE_LIST, c->span);
	while (at < s.len && lines.made->count < HCL_ITEMS) {
		struct hcl_map m = { .arena = c->arena };

		if (s.ptr[at] == '\n' || (s.ptr[at] == '\r' && at + 1 < s.len && s.ptr[at + 1] == '\n')) {
			at += s.ptr[at] == '\r' ? 2 : 1;
			continue;
		}
		for (end = false; !end;) {
			if (m.count == columns || !csv_field(c, s, &at, &field, &end))
				return hcl_wrong(c, "the text is not CSV");
			hcl_map_add(&m, heads[m.count], c->span, hcl_text_value(c, field));
		}
		if (m.count != columns)
			return hcl_wrong(c, "a line of the CSV has another number of fields");
		value_append(&lines, hcl_map_end(&m, c->span));
	}
	return value_end(&lines);
}

static const struct hcl_function rows[] = {
	{ "base64gzip", 1, 1, 0, base64gzip },     { "base64sha256", 1, 1, 0, base64sha256 },
	{ "base64sha512", 1, 1, 0, base64sha512 }, { "csvdecode", 1, 1, 0, csvdecode },
	{ "md5", 1, 1, 0, md5 },                   { "sha1", 1, 1, 0, sha1 },
	{ "sha256", 1, 1, 0, sha256 },             { "sha512", 1, 1, 0, sha512 },
	{ "textdecodebase64", 2, 2, 0, textdecodebase64 }, { "textencodebase64", 2, 2, 0, textencodebase64 },
	{ "urlencode", 1, 1, 0, urlencode },       { "uuidv5", 2, 2, 0, uuidv5 },
	{ "yamldecode", 1, 1, 0, yamldecode },     { "yamlencode", 1, 1, HCL_LOOKS, yamlencode },
};

const struct hcl_table hcl_encoding_table = { rows, COUNT_OF(rows) };
