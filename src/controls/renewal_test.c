/* N7 and promise (3) of narrative.c: what elements no longer say, no narrative says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/options.h"
#include "base/outcome.h"
#include "controls/narrative.h"
#include "fhir/pack.h"

#define EMPTY "{'status':'empty','div':'<div xmlns=\\'http://www.w3.org/1999/xhtml\\'><p>No text is shown here.</p></div>'}"
#define DIV(text) "<div xmlns=\\'http://www.w3.org/1999/xhtml\\'>" text "</div>"
#define TEXT(text) "'text':{'status':'generated','div':'" DIV(text) "'}"
#define MADE "'text':{'status':'generated','div':'" DIV("<p><b>Basic</b></p><table><tbody><tr><th>Code</th><td>x</td></tr></tbody></table>") "'}"
#define CODE "'code':{'text':'x'}"

/* A quote ' stands for ". */
static const struct {
	const char *name, *type, *body, *want;
	bool drop, recheck, make, make_missing;
} rows[] = {
	{ "nothing to do", "Basic", "{'resourceType':'Basic'," TEXT("a") "," CODE "}", "{'resourceType':'Basic'," TEXT("a") "," CODE "}",
	  .make_missing = true },
	{ "missing", "Basic", "{'resourceType':'Basic'," CODE "}", "{" MADE ",'resourceType':'Basic'," CODE "}", .make_missing = true },
	{ "empty is missing", "Basic", "{'resourceType':'Basic','text':{'status':'empty','div':'" DIV("a") "'}," CODE "}",
	  "{" MADE ",'resourceType':'Basic'," CODE "}", .make_missing = true },
	{ "always", "Basic", "{'resourceType':'Basic'," CODE "," TEXT("a") "}", "{" MADE ",'resourceType':'Basic'," CODE "}", .make = true },
	{ "the first member", "Basic", "{" TEXT("a") ",'resourceType':'Basic'," CODE "}", "{" MADE ",'resourceType':'Basic'," CODE "}", .make = true },
	{ "redacted", "Basic", "{'resourceType':'Basic'," TEXT("secret") "," CODE "}", "{" MADE ",'resourceType':'Basic'," CODE "}", .drop = true },
	{ "redacted, without text", "Basic", "{'resourceType':'Basic'," CODE "}", "{" MADE ",'resourceType':'Basic'," CODE "}", .drop = true },
	{ "redacted to nothing", "Basic", "{'resourceType':'Basic'," TEXT("secret") "}",
	  "{'text':" EMPTY ",'resourceType':'Basic'}", .drop = true },
	{ "redacted, contained", "Basic", "{'resourceType':'Basic','contained':[{'resourceType':'Basic','id':'c'," TEXT("secret") "}]," CODE "}",
	  "{" MADE ",'resourceType':'Basic','contained':[{'resourceType':'Basic','id':'c','text':" EMPTY "}]," CODE "}", .drop = true },
	{ "redacted, sections", "Composition", "{'resourceType':'Composition','section':[{'title':'t'," TEXT("secret") "}]}",
	  "{'text':{'status':'generated','div':'" DIV("<p><b>Composition</b></p><table><tbody><tr><th>Section</th><td><ul><li>Title: t</li></ul>"
	  "</td></tr></tbody></table>") "'},'resourceType':'Composition','section':[{'title':'t','text':" EMPTY "}]}", .drop = true },
	{ "a Bundle has no text of its own", "Bundle", "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Basic'," TEXT("secret") "}}]}",
	  "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Basic','text':" EMPTY "}}]}", .drop = true },
	{ "rechecked, good", "Basic", "{'resourceType':'Basic'," TEXT("a") "," CODE "}", "{'resourceType':'Basic'," TEXT("a") "," CODE "}", .recheck = true },
	{ "rechecked, bad", "Basic", "{'resourceType':'Basic'," TEXT("<script>secret</script>a") "," CODE "}",
	  "{" MADE ",'resourceType':'Basic'," CODE "}", .recheck = true },
	{ "rechecked, bad below", "Basic", "{'resourceType':'Basic'," TEXT("a") ",'contained':[{'resourceType':'Basic'," TEXT("<p>secret") "}]," CODE "}",
	  "{'resourceType':'Basic'," TEXT("a") ",'contained':[{'resourceType':'Basic','text':" EMPTY "}]," CODE "}", .recheck = true },
};

static struct slice
quoted(const char *text, struct arena *arena)
{
	char *copy = slice_cstr(slice_of(text), arena);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return slice_of(copy);
}

static void
each_row(void **state UNUSED)
{
	struct arena *arena = arena_new(1 << 16);
	struct options options;
	struct outcome o;
	struct pack *pack;

	outcome_init(&o, arena);
	options_default(arena, &options);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	assert_non_null(pack);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct narrative_renewal how = { .pack = pack, .options = &options, .drop = rows[i].drop,
			.recheck = rows[i].recheck, .make = rows[i].make, .make_missing = rows[i].make_missing };
		struct slice body = quoted(rows[i].body, arena), want = quoted(rows[i].want, arena);

		assert_true(narrative_renew(&how, pack_type(pack, slice_of(rows[i].type)), &body, arena, &o));
		if (!slice_eq(body, want))
			fail_msg("%s: got %.*s, want %.*s", rows[i].name, SLICE_FMT(body), SLICE_FMT(want));
		if (rows[i].drop)
			assert_null(memmem(body.ptr, body.len, "secret", 6));
	}
	pack_close(pack);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_row) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
