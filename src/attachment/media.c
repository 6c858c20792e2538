/* media.c -- see media.h. */
#include "attachment/media.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/attr.h"
#include "base/options.h"

static const struct media table[] = {
/*    type                           ending  probe          libmagic may say                  but not */
	{ "application/pdf",             "pdf",  PROBE_PDF,     "application/pdf",                  "" },
	{ "image/png",                   "png",  PROBE_PNG,     "image/png",                        "" },
	{ "image/jpeg",                  "jpg",  PROBE_JPEG,    "image/jpeg",                       "" },
	{ "image/gif",                   "gif",  PROBE_GIF,     "image/gif",                        "" },
	{ "image/tiff",                  "tif",  PROBE_TIFF,    "image/tiff",                       "" },
	{ "application/dicom",           "dcm",  PROBE_DICOM,   "application/dicom",                "" },
	{ "text/plain",                  "txt",  PROBE_TEXT,
	    "text/ application/json application/x-ndjson application/csv message/ application/octet-stream inode/x-empty application/x-empty",
	    "text/html text/x-shellscript text/x-php text/x-msdos-batch text/x-powershell" },
	{ "text/csv",                    "csv",  PROBE_TEXT,    "text/ application/csv inode/x-empty application/x-empty", "text/html text/x-shellscript" },
	{ "text/markdown",               "md",   PROBE_TEXT,    "text/ inode/x-empty application/x-empty",              "text/html text/x-shellscript" },
	{ "text/xml",                    "xml",  PROBE_XML,     "text/xml application/xml text/plain text/html", "" },
	{ "application/xml",             "xml",  PROBE_XML,     "text/xml application/xml text/plain text/html", "" },
	{ "application/hl7-cda+xml",     "xml",  PROBE_XML,     "text/xml application/xml text/plain text/html", "" },
	{ "application/fhir+xml",        "xml",  PROBE_XML,     "text/xml application/xml text/plain text/html", "" },
	{ "application/fhir+json",       "json", PROBE_TEXT,    "application/json application/x-ndjson", "" },
	{ "application/json",            "json", PROBE_TEXT,    "application/json application/x-ndjson", "" },
	{ "audio/mpeg",                  "mp3",  PROBE_NOTHING, "audio/mpeg audio/mpegapplication/octet-stream", "" },
	{ "video/mp4",                   "mp4",  PROBE_NOTHING, "video/mp4 video/x-m4v",            "" },
	{ "application/zip",             "zip",  PROBE_ZIP,     "application/zip",                  "" },
	{ "application/gzip",            "gz",   PROBE_GZIP,    "application/gzip application/x-gzip", "" },
	{ "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", PROBE_ZIP,
	    "application/vnd.openxmlformats-officedocument.wordprocessingml.document application/zip", "" },
	{ "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", PROBE_ZIP,
	    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet application/zip", "" },
};

static const char *const active[] = {
	"text/html", "application/xhtml+xml", "image/svg+xml", "application/javascript",
	"text/javascript", "text/xml", "application/xml", "application/hl7-cda+xml",
};

const struct media *
media_find(struct slice essence)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (slice_is(essence, table[i].type))
			return &table[i];
	return NULL;
}

/* RFC 9110 5.6.2 */
static bool
token_good(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!((c >= 'a' && c <= 'z') || ascii_is_digit(c)
		    || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
			return false;
	}
	return s.len > 0;
}

static struct slice
lower(struct slice s, struct arena *arena)
{
	struct slice copy = slice_dup(s, arena);
	char *to = (char *)(uintptr_t)copy.ptr;

	for (size_t i = 0; i < copy.len; i++)
		if (to[i] >= 'A' && to[i] <= 'Z')
			to[i] = (char)(to[i] + ('a' - 'A'));
	return copy;
}

bool
media_essence(struct slice declared, struct arena *arena, struct slice *essence)
{
	struct slice rest = declared, subtype;

	for (size_t i = 0; i < declared.len; i++)
		if ((unsigned char)declared.ptr[i] < ' ' || (unsigned char)declared.ptr[i] > '~')
			return false;
	*essence = subtype = lower(slice_trim(slice_cut(&rest, ';')), arena);
	return token_good(slice_cut(&subtype, '/')) && token_good(subtype);
}

bool
media_charset_good(struct slice declared)
{
	slice_cut(&declared, ';');
	while (declared.len > 0) {
		struct slice value = slice_trim(slice_cut(&declared, ';')), name = slice_trim(slice_cut(&value, '='));

		if (name.len > 0 && value.ptr == NULL)
			return false;
		if (value.len > 1 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
			value = slice_sub(value, 1, value.len - 2);
		if (slice_eq_nocase(name, SLICE("charset")) && !slice_eq_nocase(value, SLICE("utf-8"))
		    && !slice_eq_nocase(value, SLICE("us-ascii")))
			return false;
	}
	return true;
}

bool
media_allowed(const struct option_list *allowed, struct slice essence)
{
	for (size_t i = 0; i < allowed->count; i++)
		if (slice_eq_nocase(allowed->at[i], essence))
			return true;
	return false;
}

static bool
among(struct slice names, struct slice name)
{
	while (names.len > 0) {
		struct slice one = slice_cut(&names, ' ');

		if (slice_eq(one, name) || (slice_ends(one, SLICE("/")) && slice_starts(name, one)))
			return true;
	}
	return false;
}

/* A note that speaks of markup is not a page: that begins with it. */
static bool
speaks_of_markup(struct slice found, struct slice head)
{
	head = slice_trim(slice_sub(head, slice_starts(head, SLICE("\xef\xbb\xbf")) ? 3 : 0, head.len));
	return slice_is(found, "text/html") && head.len > 0 && head.ptr[0] != '<';
}

bool
media_agrees(struct slice essence, struct slice found, struct slice head)
{
	const struct media *m = media_find(essence);

	if (m == NULL)
		return slice_eq(essence, found);
	if (m->probe == PROBE_TEXT && speaks_of_markup(found, head))
		return true;
	return among(slice_of(m->agrees), found) && !among(slice_of(m->differs), found);
}

bool
media_is_program(struct slice head)
{
	static const struct slice beginnings[] = {
		SLICE_INIT("\x7f" "ELF"), SLICE_INIT("MZ"), SLICE_INIT("#!"), SLICE_INIT("\xca\xfe\xba\xbe"),
		SLICE_INIT("\xfe\xed\xfa\xce"), SLICE_INIT("\xfe\xed\xfa\xcf"),
		SLICE_INIT("\xce\xfa\xed\xfe"), SLICE_INIT("\xcf\xfa\xed\xfe"),
		SLICE_INIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),         /* OLE: may hold macros */
	};

	for (size_t i = 0; i < COUNT_OF(beginnings); i++)
		if (slice_starts(head, beginnings[i]))
			return true;
	return false;
}

bool
media_is_active(struct slice essence)
{
	for (size_t i = 0; i < COUNT_OF(active); i++)
		if (slice_is(essence, active[i]))
			return true;
	return false;
}
