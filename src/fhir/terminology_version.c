/* terminology_version.c -- versions of definitions: which fits, and which is higher.
 *
 * R4 says only that a version is a string; most are dotted numbers or dates.  "x" and "*" in the place of a
 * part stand for any (R4 valueset.html: "*" is any version). */
#include "fhir/terminology.h"

#include "base/ascii.h"
#include "fhir/terminology_inside.h"

static bool
is_wild(struct slice part)
{
	return slice_is(part, "x") || slice_is(part, "X") || slice_is(part, "*");
}

bool
version_is_wide(struct slice asked)
{
	while (asked.len > 0)
		if (is_wild(slice_cut(&asked, '.')))
			return true;
	return false;
}

bool
version_fits(struct slice asked, struct slice version)
{
	struct slice a = asked, v = version;

	if (asked.len == 0 || slice_eq(asked, version))
		return true;
	if (!version_is_wide(asked))
		return false;
	while (a.len > 0 && v.len > 0) {
		struct slice want = slice_cut(&a, '.'), have = slice_cut(&v, '.');

		if (!is_wild(want) && !slice_eq(want, have))
			return false;
		if (a.len == 0 && slice_is(want, "*"))
			return true;
	}
	return a.len == 0 && v.len == 0;
}

/* Takes a run of digits, or one other byte. */
static struct slice
next_part(struct slice *rest)
{
	size_t n = 1;
	struct slice part;

	while (ascii_is_digit(rest->ptr[0]) && n < rest->len && ascii_is_digit(rest->ptr[n]))
		n++;
	part = slice_sub(*rest, 0, n);
	*rest = slice_sub(*rest, n, rest->len);
	return part;
}

static int
part_compare(struct slice a, struct slice b)
{
	bool numbers = ascii_is_digit(a.ptr[0]) && ascii_is_digit(b.ptr[0]);

	while (numbers && a.len > 1 && a.ptr[0] == '0')
		a = slice_sub(a, 1, a.len);
	while (numbers && b.len > 1 && b.ptr[0] == '0')
		b = slice_sub(b, 1, b.len);
	if (numbers && a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return slice_cmp(a, b);
}

int
version_compare(struct slice a, struct slice b)
{
	int order = 0;

	while (a.len > 0 && b.len > 0 && order == 0)
		order = part_compare(next_part(&a), next_part(&b));
	return order != 0 ? order : (a.len > 0) - (b.len > 0);
}
