/* front_end_test.h -- what the tests of the front-ends share: finding and showing what was read. */
#ifndef IAC_FRONT_END_TEST_H
#define IAC_FRONT_END_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/project.h"

enum { SHOWN_BYTES = 2000 };

/* NULL when there is none. */
static inline const struct resource *
find_resource(const struct project *p, const char *address)
{
	for (uint32_t i = 0; i < p->resource_count; i++)
		if (slice_is(p->resources[i].address, address))
			return &p->resources[i];
	return NULL;
}

static inline const struct resource *
resource(const struct project *p, const char *address)
{
	const struct resource *r = find_resource(p, address);

	for (uint32_t i = 0; r == NULL && i < p->resource_count; i++)
		print_message("there is %.*s\n", SLICE_FMT(p->resources[i].address));
	if (r == NULL)
		fail_msg("%s is not there", address);
	return r;
}

static inline bool
refers(const struct resource *r, const char *address, const char *attribute)
{
	for (uint32_t i = 0; i < r->reference_count; i++)
		if (slice_is(r->references[i].address, address) && slice_is(r->references[i].attribute, attribute))
			return true;
	return false;
}

/* A string at `path` with this text. */
static inline void
is(const struct value *v, const char *path, const char *text)
{
	v = value_path(v, path);
	assert_int_equal(v->kind, VALUE_STRING);
	if (!slice_is(v->text, text))
		fail_msg("%s is \"%.*s\"", path, SLICE_FMT(v->text));
}

/* A value as text; an unknown as '?' with its sketch, a list or map by its count and last item.  Four may be
 * in use at once. */
static inline const char *
shown(const struct value *v)
{
	static char text[4][SHOWN_BYTES];
	static int next;
	char *to = text[next++ & 3];

	if (v->kind == VALUE_BOOL)
		snprintf(to, SHOWN_BYTES, "%s", v->boolean ? "true" : "false");
	else if (v->kind == VALUE_LIST || v->kind == VALUE_MAP)
		snprintf(to, SHOWN_BYTES, "[%u]%.*s", v->count, SLICE_FMT(value_item(v, v->count - 1)->text));
	else
		snprintf(to, SHOWN_BYTES, "%s%.*s", v->kind == VALUE_UNKNOWN ? "?" : v->kind == VALUE_NULL ? "null" : "",
		    SLICE_FMT(v->text));
	return to;
}

#endif
