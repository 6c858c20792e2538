/* probe.c -- see probe.h.
 *
 * Each type has an automaton that is fed bytes (PNG, JPEG, PDF) or a library
 * that is (XML, by expat).  What is judged at the end needs the first KiB, the last 64 KiB, or
 * both.  The first finding stays. */
#include "attachment/probe.h"

#include <expat.h>
#include <stddef.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/limits.h"

#define HEAD      1024
#define TAIL      65557                 /* a ZIP end record and its longest comment */
#define NAME      16                    /* the longest PDF name that is looked for, and more */
#define XML_DEEP  1024
#define INNER     16

struct pdf {
	char   name[NAME];
	size_t len;
	int    escape;                  /* digits of #xx still to come */
	char   value;                   /* of #xx so far */
	bool   in_name, in_stream, opening;     /* opening: behind /OpenAction, in its dictionary */
	char   word[10];                /* the last bytes outside of names: "endstream" */
};

struct segments {                       /* of PNG chunks or JPEG markers */
	int      state;
	uint64_t skip;                  /* bytes of the segment still to come */
	uint8_t  field[9];
	int      have;
	bool     ended;
};

struct probe {
	const struct limits *limits;
	enum media_probe kind;
	bool             typed;
	enum probed     found;
	uint64_t         size;
	char             head[HEAD];
	size_t           head_len, tail_len;
	struct pdf       pdf;
	struct segments  seg;
	XML_Parser       xml;
	int              depth;
	z_stream        *z;             /* of GZIP: of a member */
	bool             complete;      /* the last member is */
	uint64_t         unpacked;
	char             inner[INNER];  /* what it unpacks to begins with */
	size_t           inner_len;
	char             tail[TAIL * 2];        /* the last TAIL bytes are in its end; zeroed by nobody */
};

const char *
probed_text(enum probed finding)
{
	static const char *const texts[] = {
#define X(sym, text) text,
		PROBES(X)
#undef X
	};

	return texts[finding];
}

static void
find(struct probe *p, enum probed finding)
{
	if (p->found == PROBED_GOOD)
		p->found = finding;
}

/* PDF (ISO 32000-1): names, "#41" being "A" in them (7.3.5).  Inside a stream a name of three
 * letters is chance, longer ones are not; a reader may be led into what looks like a stream. */

static const struct { const char *name; bool short_one; enum probed finding; } pdf_names[] = {
	{ "JavaScript",   false, PROBED_ACTIVE }, { "JS", true, PROBED_ACTIVE },
	{ "Launch",       false, PROBED_ACTIVE }, { "EmbeddedFile", false, PROBED_ACTIVE },
	{ "EmbeddedFiles", false, PROBED_ACTIVE }, { "RichMedia", false, PROBED_ACTIVE },
	{ "SubmitForm",   false, PROBED_ACTIVE }, { "ImportData", false, PROBED_ACTIVE },
	{ "GoToE",        false, PROBED_ACTIVE }, { "XFA",     true,  PROBED_ACTIVE }, { "Encrypt", false, PROBED_ENCRYPTED },
};

static void
pdf_name(struct probe *p)
{
	struct pdf *f = &p->pdf;
	struct slice name = slice_make(f->name, f->len);

	for (size_t i = 0; i < COUNT_OF(pdf_names); i++)
		if (slice_is(name, pdf_names[i].name) && !(f->in_stream && pdf_names[i].short_one))
			find(p, pdf_names[i].finding);
	if (f->opening && slice_is(name, "URI"))
		find(p, PROBED_ACTIVE);
	if (!f->in_stream && slice_is(name, "OpenAction"))
		f->opening = true;
	f->in_name = false;
}

static void
pdf_add(struct pdf *f, char c)
{
	if (f->len < NAME)
		f->name[f->len++] = c;
}

static void
pdf_in_name(struct probe *p, char c)
{
	struct pdf *f = &p->pdf;

	if (f->escape > 0 && ascii_hex_value(c) >= 0) {
		f->value = (char)(f->value << 4 | ascii_hex_value(c));
		if (--f->escape == 0)
			pdf_add(f, f->value);
	} else if (c == '#') {
		f->escape = 2;
		f->value = 0;
	} else if (strchr("\t\n\f\r ()<>[]{}/%", c) != NULL) {         /* NUL too */
		pdf_name(p);
	} else {
		f->escape = 0;
		pdf_add(f, c);
	}
}

static bool
word_ends(const struct pdf *f, const char *word, size_t n)
{
	return memcmp(f->word + sizeof f->word - n, word, n) == 0;
}

static void
pdf_byte(struct probe *p, char c)
{
	struct pdf *f = &p->pdf;

	if (f->in_name)
		pdf_in_name(p, c);
	if (c == '/') {
		f->in_name = true;
		f->len = 0;
		f->escape = 0;
	}
	memmove(f->word, f->word + 1, sizeof f->word - 1);
	f->word[sizeof f->word - 1] = c;
	if (c == 'm' && word_ends(f, "endstream", 9))
		f->in_stream = false;
	else if ((word_ends(f, "stream\n", 7) && !word_ends(f, "endstream\n", 10))
	    || (word_ends(f, "stream\r", 7) && !word_ends(f, "endstream\r", 10)))
		f->in_stream = true;
	else if (c == '>' && word_ends(f, ">>", 2))
		f->opening = false;
}

/* PNG: chunks until IEND, and nothing behind it; IHDR has the dimensions. */

static uint32_t
big(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void
check_pixels(struct probe *p, uint64_t width, uint64_t height)
{
	if (width * height > p->limits->of[LIMIT_IMAGE_PIXELS])
		find(p, PROBED_PIXELS);
}

#define PNG_SIGNATURE 8

static void
png_byte(struct probe *p, uint8_t c)
{
	struct segments *s = &p->seg;

	if (p->size < PNG_SIGNATURE)
		return;
	if (s->ended)
		find(p, PROBED_POLYGLOT);
	if (s->skip > 0) {
		s->skip--;
		s->ended = s->state == 1 && s->skip == 0;
		return;
	}
	s->field[s->have++] = c;
	if (s->have < 8)
		return;
	s->have = 0;
	s->skip = (uint64_t)big(s->field) + 4;                  /* and its checksum */
	s->state = memcmp(s->field + 4, "IEND", 4) == 0;
}

static void
png_end(struct probe *p)
{
	if (p->head_len < 24 || memcmp(p->head, "\x89PNG\r\n\x1a\n", 8) != 0
	    || memcmp(p->head + 12, "IHDR", 4) != 0 || !p->seg.ended)
		find(p, PROBED_MISMATCH);
	else
		check_pixels(p, big((uint8_t *)p->head + 16), big((uint8_t *)p->head + 20));
}

/* JPEG: markers and their segments up to the first frame header. */

enum { JPEG_MARKER, JPEG_LENGTH, JPEG_FRAME, JPEG_DONE };

static bool
is_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static void
jpeg_length(struct segments *s)
{
	uint64_t length = (uint64_t)s->field[1] << 8 | s->field[2];

	if (s->have < 3)
		return;
	s->state = is_frame(s->field[0]) ? JPEG_FRAME : JPEG_MARKER;
	if (s->state == JPEG_MARKER) {
		s->skip = length < 2 ? 0 : length - 2;
		s->have = 0;
	}
}

static void
jpeg_byte(struct probe *p, uint8_t c)
{
	struct segments *s = &p->seg;

	if (p->size < 2 || s->state == JPEG_DONE)
		return;
	if (s->skip > 0) {
		s->skip--;
		return;
	}
	if (s->state == JPEG_MARKER) {
		if (c == 0xff)
			return;
		s->field[0] = c;
		s->have = 1;
		s->state = c == 0xda || c == 0xd9 ? JPEG_DONE : JPEG_LENGTH;
		return;
	}
	s->field[s->have++] = c;
	if (s->state == JPEG_LENGTH)
		jpeg_length(s);
	if (s->state == JPEG_FRAME && s->have == 8) {
		check_pixels(p, (uint64_t)s->field[6] << 8 | s->field[7],
		    (uint64_t)s->field[4] << 8 | s->field[5]);
		s->state = JPEG_DONE;
	}
}

static uint64_t
from_little(const char *b, int bytes)
{
	uint64_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | (unsigned char)b[bytes];
	return n;
}

static struct slice
tail_of(const struct probe *p)
{
	size_t n = p->tail_len < TAIL ? p->tail_len : TAIL;

	return slice_make(p->tail + p->tail_len - n, n);
}

/* GIF (89a, 18, 27): the screen's dimensions, and its end. */
static void
gif_end(struct probe *p)
{
	struct slice tail = tail_of(p);

	if (p->head_len < 13 || (memcmp(p->head, "GIF87a", 6) != 0 && memcmp(p->head, "GIF89a", 6) != 0))
		find(p, PROBED_MISMATCH);
	else if (tail.ptr[tail.len - 1] != ';')
		find(p, PROBED_POLYGLOT);
	else
		check_pixels(p, from_little(p->head + 6, 2), from_little(p->head + 8, 2));
}

/* TIFF 6.0: dimensions of the first directory, when it is in the head. */

static uint64_t
tiff_number(const struct probe *p, size_t at, int bytes, bool little)
{
	uint64_t n = 0;

	for (int i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)p->head[at + (size_t)(little ? bytes - 1 - i : i)];
	return n;
}

static void
tiff_end(struct probe *p)
{
	bool little = p->head_len > 0 && p->head[0] == 'I';
	uint64_t width = 0, height = 0, at, count;

	if (p->head_len < 8 || (memcmp(p->head, "II*\0", 4) != 0 && memcmp(p->head, "MM\0*", 4) != 0)) {
		find(p, PROBED_MISMATCH);
		return;
	}
	at = tiff_number(p, 4, 4, little);
	if (at + 2 > p->head_len)
		return;
	count = tiff_number(p, at, 2, little);
	for (at += 2; count > 0 && at + 12 <= p->head_len; at += 12, count--) {
		uint64_t tag = tiff_number(p, at, 2, little), type = tiff_number(p, at + 2, 2, little);
		uint64_t value = tiff_number(p, at + 8, type == 3 ? 2 : 4, little);

		if (tag == 256)
			width = value;
		if (tag == 257)
			height = value;
	}
	check_pixels(p, width, height);
}

/* ZIP (APPNOTE 4.3): the central directory must be within the last 64 KiB, says how much it
 * all unpacks to, and names nothing encrypted, nested, or outside. */

static bool
ends_with(struct slice name, struct slice end)
{
	return name.len >= end.len && slice_eq_nocase(slice_sub(name, name.len - end.len, end.len), end);
}

static bool
is_link(uint64_t attributes)
{
	return (attributes >> 16 & 0170000) == 0120000;         /* of Unix: st_mode */
}

static bool
entry_good(struct slice name, uint64_t flags, uint64_t attributes)
{
	static const char *const nested[] = { ".zip", ".jar", ".gz", ".tgz", ".7z", ".rar", ".xz", ".bz2", ".tar", ".bin" };

	for (size_t i = 0; i < COUNT_OF(nested); i++)
		if (ends_with(name, slice_of(nested[i])))       /* ".bin": vbaProject.bin, macros */
			return false;
	return (flags & 1) == 0 && !is_link(attributes) && name.len > 0 && name.ptr[0] != '/'
	    && memmem(name.ptr, name.len, "..", 2) == NULL
	    && memchr(name.ptr, '\\', name.len) == NULL;
}

static bool
directory_good(const struct probe *p, struct slice directory, uint64_t count)
{
	uint64_t total = 0;

	for (; count > 0; count--) {
		size_t name, other;

		if (directory.len < 46 || memcmp(directory.ptr, "PK\1\2", 4) != 0)
			return false;
		name = from_little(directory.ptr + 28, 2);
		other = from_little(directory.ptr + 30, 2) + from_little(directory.ptr + 32, 2);
		if (directory.len < 46 + name + other
		    || !entry_good(slice_sub(directory, 46, name), from_little(directory.ptr + 8, 2),
		        from_little(directory.ptr + 38, 4)))
			return false;
		total += from_little(directory.ptr + 24, 4);
		directory = slice_sub(directory, 46 + name + other, directory.len);
	}
	return total <= p->limits->of[LIMIT_ARCHIVE_BYTES]
	    && total <= p->size * p->limits->of[LIMIT_ARCHIVE_RATIO];
}

/* Where the end record stands in the tail, or SIZE_MAX. */
static size_t
zip_end_record(const char *tail, size_t n)
{
	for (size_t at = n < 22 ? 0 : n - 22 + 1; at-- > 0;)
		if (memcmp(tail + at, "PK\5\6", 4) == 0 && at + 22 + from_little(tail + at + 20, 2) == n)
			return at;
	return SIZE_MAX;
}

static void
zip_end(struct probe *p)
{
	struct slice tail = tail_of(p);
	size_t end = tail.len < 22 ? SIZE_MAX : zip_end_record(tail.ptr, tail.len);
	uint64_t size = end == SIZE_MAX ? 0 : from_little(tail.ptr + end + 12, 4);

	if (end == SIZE_MAX || size > end || !directory_good(p, slice_make(tail.ptr + end - size, size),
	    from_little(tail.ptr + end + 10, 2)))
		find(p, PROBED_ARCHIVE);
}

/* GZIP (RFC 1952): all members are unpacked, to be counted and thrown away; what is in it is no
 * archive or program again. */
#define UNPACKED 16384          /* in one go */

static void
gzip_begin(struct probe *p)
{
	if ((p->z = calloc(1, sizeof *p->z)) == NULL || inflateInit2(p->z, 16 + MAX_WBITS) != Z_OK)
		abort();
}

static void
gzip_drop(struct probe *p)
{
	if (p->z != NULL)
		inflateEnd(p->z);
	free(p->z);
	p->z = NULL;
}

static bool
is_packed(struct slice head)
{
	static const struct slice packed[] = {
		SLICE_INIT("PK\3\4"), SLICE_INIT("\x1f\x8b"), SLICE_INIT("BZh"), SLICE_INIT("\xfd" "7zXZ"),
		SLICE_INIT("7z\xbc\xaf"), SLICE_INIT("Rar!"),
	};

	for (size_t i = 0; i < COUNT_OF(packed); i++)
		if (slice_starts(head, packed[i]))
			return true;
	return media_is_program(head);
}

static void
keep_inner(struct probe *p, struct slice piece)
{
	piece = slice_sub(piece, 0, INNER - p->inner_len);
	memcpy(p->inner + p->inner_len, piece.ptr, piece.len);
	p->inner_len += piece.len;
}

static bool
unpack(struct probe *p)
{
	char out[UNPACKED];
	int code;

	do {
		p->z->next_out = (Bytef *)out;
		p->z->avail_out = sizeof out;
		code = inflate(p->z, Z_NO_FLUSH);
		p->unpacked += sizeof out - p->z->avail_out;
		keep_inner(p, slice_make(out, sizeof out - p->z->avail_out));
	} while (code == Z_OK && p->unpacked <= p->limits->of[LIMIT_ARCHIVE_BYTES]
	    && (p->z->avail_in > 0 || p->z->avail_out == 0));
	p->complete = code == Z_STREAM_END;
	return (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
	    && p->unpacked <= p->limits->of[LIMIT_ARCHIVE_BYTES];
}

static void
gzip_add(struct probe *p, struct slice piece)
{
	while (piece.len > 0 && p->found == PROBED_GOOD) {
		if (p->z == NULL)
			gzip_begin(p);
		p->z->next_in = (Bytef *)(uintptr_t)piece.ptr;
		p->z->avail_in = (uInt)piece.len;
		if (!unpack(p))
			find(p, PROBED_ARCHIVE);
		piece = slice_sub(piece, piece.len - p->z->avail_in, piece.len);
		if (piece.len > 0)              /* it ended before; another member follows */
			gzip_drop(p);
	}
}

static void
gzip_end(struct probe *p)
{
	if (!p->complete || is_packed(slice_make(p->inner, p->inner_len))
	    || p->unpacked > p->size * p->limits->of[LIMIT_ARCHIVE_RATIO])
		find(p, PROBED_ARCHIVE);
}

/* XML: well-formed, no document type, bounded depth. */

static void
xml_doctype(void *ctx, const XML_Char *name UNUSED, const XML_Char *sysid UNUSED,
    const XML_Char *pubid UNUSED, int internal UNUSED)
{
	struct probe *p = ctx;

	find(p, PROBED_XML);
	XML_StopParser(p->xml, XML_FALSE);
}

/* A browser shows it as a page, or runs what it holds. */
static bool
is_page(const XML_Char *name, int depth)
{
	static const struct { const char *name; bool anywhere; } names[] = {
		{ "http://www.w3.org/1999/xhtml html", false }, { "http://www.w3.org/2000/svg svg", false },
		{ "http://www.w3.org/1999/xhtml script", true }, { "http://www.w3.org/2000/svg script", true },
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if ((depth == 1 || names[i].anywhere) && strcmp(name, names[i].name) == 0)
			return true;
	return false;
}

static void
xml_start(void *ctx, const XML_Char *name, const XML_Char **attributes UNUSED)
{
	struct probe *p = ctx;

	if (++p->depth > XML_DEEP)
		find(p, PROBED_XML);
	else if (is_page(name, p->depth))
		find(p, PROBED_ACTIVE);
	if (p->found != PROBED_GOOD)
		XML_StopParser(p->xml, XML_FALSE);
}

static void
xml_stop(void *ctx, const XML_Char *name UNUSED)
{
	((struct probe *)ctx)->depth--;
}

static void
xml_begin(struct probe *p)
{
	if ((p->xml = XML_ParserCreateNS(NULL, ' ')) == NULL)
		abort();
	XML_SetUserData(p->xml, p);
	XML_SetStartDoctypeDeclHandler(p->xml, xml_doctype);
	XML_SetElementHandler(p->xml, xml_start, xml_stop);
}

static void
xml_add(struct probe *p, struct slice piece, bool last)
{
	if (p->found == PROBED_GOOD
	    && XML_Parse(p->xml, piece.ptr, (int)piece.len, last) != XML_STATUS_OK)
		find(p, PROBED_XML);
}

/* Two kinds at once: what other files begin with, further on in the first KiB; or
 * an archive that hangs on to the end. */

static const struct slice beginnings[] = {
	SLICE_INIT("%PDF-"), SLICE_INIT("PK\3\4"), SLICE_INIT("\x7f" "ELF"), SLICE_INIT("Rar!\x1a"),
	SLICE_INIT("7z\xbc\xaf\x27\x1c"), SLICE_INIT("GIF8"), SLICE_INIT("\x89PNG\r\n"),
	SLICE_INIT("\xd0\xcf\x11\xe0\xa1\xb1"), SLICE_INIT("<html"), SLICE_INIT("<HTML"),
	SLICE_INIT("<script"), SLICE_INIT("<SCRIPT"), SLICE_INIT("<!DOCTYPE html"),
	SLICE_INIT("This program cannot be run in DOS mode"),
};

static void
look_for_second_kind(struct probe *p)
{
	struct slice tail = tail_of(p);

	if (p->kind == PROBE_TEXT || p->kind == PROBE_XML || p->kind == PROBE_ZIP || !p->typed)
		return;
	for (size_t i = 0; i < COUNT_OF(beginnings); i++)
		if (p->head_len > 1 && memmem(p->head + 1, p->head_len - 1, beginnings[i].ptr,
		    beginnings[i].len) != NULL)
			find(p, PROBED_POLYGLOT);
	if (tail.len >= 22 && zip_end_record(tail.ptr, tail.len) != SIZE_MAX)
		find(p, PROBED_POLYGLOT);
}

struct probe *
probe_new(struct slice essence, const struct limits *limits)
{
	const struct media *m = media_find(essence);
	struct probe *p = malloc(sizeof *p);

	if (p == NULL)
		abort();
	memset(p, 0, offsetof(struct probe, tail));
	p->limits = limits;
	p->kind = m == NULL ? PROBE_NOTHING : m->probe;
	p->typed = essence.len > 0;
	if (p->kind == PROBE_XML)
		xml_begin(p);
	return p;
}

static void
add_bytes(struct probe *p, struct slice piece)
{
	for (size_t i = 0; i < piece.len; i++, p->size++)
		if (p->kind == PROBE_PDF)
			pdf_byte(p, piece.ptr[i]);
		else if (p->kind == PROBE_PNG)
			png_byte(p, (uint8_t)piece.ptr[i]);
		else
			jpeg_byte(p, (uint8_t)piece.ptr[i]);
}

static void
keep_ends(struct probe *p, struct slice piece)
{
	struct slice head = slice_sub(piece, 0, HEAD - p->head_len);

	memcpy(p->head + p->head_len, head.ptr, head.len);
	p->head_len += head.len;
	if (piece.len > TAIL)
		piece = slice_sub(piece, piece.len - TAIL, TAIL);
	if (p->tail_len + piece.len > sizeof p->tail) {
		memmove(p->tail, p->tail + p->tail_len - TAIL, TAIL);
		p->tail_len = TAIL;
	}
	memcpy(p->tail + p->tail_len, piece.ptr, piece.len);
	p->tail_len += piece.len;
}

void
probe_add(struct probe *p, struct slice piece)
{
	if (piece.len == 0)
		return;
	keep_ends(p, piece);
	switch (p->kind) {
	case PROBE_PDF: case PROBE_PNG: case PROBE_JPEG:
		add_bytes(p, piece);
		return;
	case PROBE_XML:
		xml_add(p, piece, false);
		break;
	case PROBE_GZIP:
		gzip_add(p, piece);
		break;
	case PROBE_TEXT:
		if (memchr(piece.ptr, '\0', piece.len) != NULL)
			find(p, PROBED_TEXT);
		break;
	default:
		break;
	}
	p->size += piece.len;
}

enum probed
probe_end(struct probe *p)
{
	struct slice head = slice_make(p->head, p->head_len);

	if (media_is_program(head))
		find(p, PROBED_PROGRAM);
	if (p->kind == PROBE_PDF && !slice_starts(head, SLICE("%PDF-")))
		find(p, PROBED_MISMATCH);
	if (p->kind == PROBE_PDF && p->pdf.in_name)
		pdf_name(p);
	if (p->kind == PROBE_JPEG && !slice_starts(head, SLICE("\xff\xd8\xff")))
		find(p, PROBED_MISMATCH);
	if (p->kind == PROBE_DICOM && (p->head_len < 132 || memcmp(p->head + 128, "DICM", 4) != 0))
		find(p, PROBED_MISMATCH);
	if (p->kind == PROBE_PNG)
		png_end(p);
	if (p->kind == PROBE_TIFF)
		tiff_end(p);
	if (p->kind == PROBE_GIF)
		gif_end(p);
	if (p->kind == PROBE_ZIP)
		zip_end(p);
	if (p->kind == PROBE_GZIP)
		gzip_end(p);
	if (p->kind == PROBE_XML)
		xml_add(p, SLICE(""), true);
	look_for_second_kind(p);
	return p->found;
}

void
probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	if (p->xml != NULL)
		XML_ParserFree(p->xml);
	gzip_drop(p);
	explicit_bzero(p, offsetof(struct probe, tail)
	    + (p->size < sizeof p->tail ? (size_t)p->size : sizeof p->tail));
	free(p);
}

enum probed
probe_whole(struct slice essence, const struct limits *limits, struct slice content)
{
	struct probe *p = probe_new(essence, limits);
	enum probed finding;

	while (content.len > 0) {               /* expat counts in int */
		probe_add(p, slice_sub(content, 0, 1 << 20));
		content = slice_sub(content, 1 << 20, content.len);
	}
	finding = probe_end(p);
	probe_free(p);
	return finding;
}
