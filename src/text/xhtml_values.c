/* xhtml_values.c -- values of attributes, after their references were decoded.
 *
 * A link is judged by what it is, not by what it is not: a scheme of the table, or a
 * relative reference (RFC 3986) that no browser can take for an absolute one.  What
 * browsers repair on the way (white space, control characters, backslashes) is
 * refused, so that nothing depends on how they repair it. */
#include "text/xhtml_names.h"

#include "base/ascii.h"

#define WORD_MAX  64
#define TEXT_MAX  4096
#define LINK_MAX  2048

static bool
is_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_letter(s.ptr[i]) && !ascii_is_digit(s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '_')
			return false;
	return s.len <= WORD_MAX;
}

/* No spaces, no controls. */
static bool
is_anchor(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] <= ' ' || s.ptr[i] == 0x7f)
			return false;
	return s.len <= TEXT_MAX;
}

static bool
is_number(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.ptr[i]))
			return false;
	return s.len >= 1 && s.len <= 5;
}

/* HTML 4.0 %MultiLength: pixels, per cent, "2*". */
static bool
is_length(struct slice s)
{
	if (slice_is(s, "*"))
		return true;
	if (slice_ends(s, SLICE("%")) || slice_ends(s, SLICE("*")))
		s.len--;
	else if (slice_ends(s, SLICE("px")))
		s.len -= 2;
	return is_number(s);
}

/* Links */

static const struct { struct slice name; bool authority; } schemes[] = {
	{ SLICE_INIT("https"), true }, { SLICE_INIT("http"), true },
	{ SLICE_INIT("mailto"), false }, { SLICE_INIT("tel"), false },
};
#define SCHEME_HTTP 1

/* Printable, none of those that RFC 3986 excludes; "|" is in canonical urls.  Letters of
 * other scripts are those of an IRI, their spaces and controls are not. */
static bool
link_character(const char *at)
{
	unsigned char c = (unsigned char)*at;

	if (c >= 0x80)
		return !(c == 0xC2 && (unsigned char)at[1] < 0xA1) && c != 0xE1 && c != 0xE2 && c != 0xE3
		    && c != 0xEF;
	return c > ' ' && c < 0x7f && memchr("\"<>\\^`{}", c, 8) == NULL;
}

static bool
link_characters(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!link_character(s.ptr + i))
			return false;
	return s.len <= LINK_MAX;
}

static size_t
first_of(struct slice s, const char *set)
{
	size_t i = 0;

	while (i < s.len && strchr(set, s.ptr[i]) == NULL)
		i++;
	return i;
}

/* "%3a" is a colon for whoever decodes once more; "%253a" for whoever does so twice. */
static bool
hides_colon(struct slice segment)
{
	for (size_t i = 0; i + 2 < segment.len; i++) {
		size_t k = i + 1;

		if (segment.ptr[i] != '%')
			continue;
		while (k + 3 < segment.len && segment.ptr[k] == '2' && segment.ptr[k + 1] == '5')
			k += 2;
		if (slice_eq_nocase(slice_sub(segment, k, 2), SLICE("3a")))
			return true;
	}
	return false;
}

/* "//host" without anybody in front: a name before "@" only deceives. */
static bool
authority_good(struct slice rest)
{
	struct slice host;

	if (!slice_starts(rest, SLICE("//")))
		return false;
	host = slice_sub(rest, 2, first_of(slice_sub(rest, 2, rest.len), "/?#"));
	return host.len > 0 && slice_find(host, '@') == host.len;
}

static bool
absolute_good(const struct xhtml_how *how, struct slice scheme, struct slice rest)
{
	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (slice_eq_nocase(scheme, schemes[i].name))
			return (i != SCHEME_HTTP || how->http)
			    && (schemes[i].authority ? authority_good(rest) : rest.len > 0);
	return false;
}

static bool
link_good(const struct xhtml_how *how, struct slice s)
{
	size_t end = first_of(s, ":/?#");

	if (!link_characters(s))
		return false;
	if (end < s.len && s.ptr[end] == ':')
		return absolute_good(how, slice_sub(s, 0, end), slice_sub(s, end + 1, s.len));
	return !slice_starts(s, SLICE("//")) && !hides_colon(slice_sub(s, 0, end));
}

/* Images */

static const struct slice image_types[] = {
	SLICE_INIT("image/png"), SLICE_INIT("image/jpeg"), SLICE_INIT("image/jpg"), SLICE_INIT("image/gif"),
};

/* The first bytes of PNG, JPEG and GIF, in base64: whole triples of bytes. */
static const struct slice image_beginnings[] = {
	SLICE_INIT("iVBORw0KGgo"), SLICE_INIT("/9j/"), SLICE_INIT("R0lGODdh"), SLICE_INIT("R0lGODlh"),
};

static bool
is_base64(struct slice s)
{
	while (s.len > 0 && s.ptr[s.len - 1] == '=')
		s.len--;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_letter(s.ptr[i]) && !ascii_is_digit(s.ptr[i]) && s.ptr[i] != '+' && s.ptr[i] != '/'
		    && s.ptr[i] != '\n' && s.ptr[i] != '\r' && s.ptr[i] != ' ')
			return false;
	return true;
}

static bool
begins_as_image(struct slice base64)
{
	for (size_t i = 0; i < COUNT_OF(image_beginnings); i++)
		if (slice_starts(base64, image_beginnings[i]))
			return true;
	return false;
}

bool
xhtml_is_data_image(struct slice s)
{
	struct slice type;

	if (!slice_eq_nocase(slice_sub(s, 0, 5), SLICE("data:")))
		return false;
	s = slice_trim(slice_sub(s, 5, s.len));
	type = slice_cut(&s, ';');
	if (!slice_starts(s, SLICE("base64,")))
		return false;
	s = slice_trim(slice_sub(s, 7, s.len));
	for (size_t i = 0; i < COUNT_OF(image_types); i++)
		if (slice_eq_nocase(type, image_types[i]))
			return begins_as_image(s) && is_base64(s);
	return false;
}

/* A file beside the narrative, as in published guides: no host, no way up, no query. */
static bool
is_local_file(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_letter(s.ptr[i]) && !ascii_is_digit(s.ptr[i]) && strchr("-_./", s.ptr[i]) == NULL)
			return false;
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.ptr[i] == '.' && s.ptr[i + 1] == '.')
			return false;
	return s.len > 0 && s.len <= LINK_MAX && (ascii_is_letter(s.ptr[0]) || ascii_is_digit(s.ptr[0]));
}

static bool
image_good(const struct xhtml_how *how, struct slice s)
{
	if (slice_starts(s, SLICE("#")))
		return s.len > 1 && is_anchor(s);
	if (slice_eq_nocase(slice_sub(s, 0, 5), SLICE("data:")))
		return xhtml_is_data_image(s);
	return is_local_file(s) || (how->remote_images && s.len > 0 && link_good(how, s));
}

/* All */

static bool
plain_good(enum xhtml_kind kind, struct slice s)
{
	switch (kind) {
	case VALUE_TEXT:     return s.len <= TEXT_MAX;
	case VALUE_WORD:     return is_word(s);
	case VALUE_ID:       return s.len > 0 && is_anchor(s);
	case VALUE_ANCHOR:   return is_anchor(s);
	case VALUE_NUMBER:   return is_number(s);
	case VALUE_LENGTH:   return is_length(s);
	case VALUE_FRAGMENT: return slice_starts(s, SLICE("#")) && is_anchor(s);
	case VALUE_COLOR:    return xhtml_color_good(s) || is_word(s);
	case VALUE_NAMESPACE: return slice_is(s, XHTML_URI);
	default:             return false;
	}
}

bool
xhtml_value_good(const struct xhtml_how *how, const struct xhtml_attribute *a, struct slice value,
    enum xhtml_rule *rule)
{
	switch (a->kind) {
	case VALUE_LINK:
		*rule = XHTML_link;
		return link_good(how, value);
	case VALUE_IMAGE:
		*rule = XHTML_image;
		return image_good(how, value);
	default:
		*rule = XHTML_value;
		return plain_good(a->kind, value);
	}
}
