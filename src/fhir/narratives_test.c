/* Where narratives stand, how texts change, and the templates: one row, one case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/narratives.h"
#include "fhir/pack.h"

static struct pack *pack;

/* A quote ' stands for ". */
static struct json
parse(const char *text, struct arena *arena)
{
	char *copy = slice_cstr(slice_of(text), arena);
	struct outcome o;
	struct json j;

	outcome_init(&o, arena);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	if (!json_parse(slice_of(copy), json_bounds(&limits_default, true), arena, &j, &o))
		fail_msg("%s is no JSON", text);
	return j;
}

static void
same(const char *about, struct slice got, const char *want)
{
	if (!slice_is(got, want))
		fail_msg("%s: got %.*s, want %s", about, SLICE_FMT(got), want);
}

static const struct { const char *json, *paths; } places[] = {
	{ "{'resourceType':'Basic','text':{'status':'generated','div':'a'}}", "Basic.text.div" },
	{ "{'resourceType':'Basic','text':{'div':'a','status':'generated'},'contained':[{'resourceType':'Basic'},"
	  "{'resourceType':'Basic','text':{'div':'b'}}]}", "Basic.text.div Basic.contained[1].text.div" },
	{ "{'resourceType':'Composition','section':[{'section':[{'text':{'div':'a'}}]},{'text':{'div':'b'}}]}",
	  "Composition.section[0].section[0].text.div Composition.section[1].text.div" },
	{ "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Basic','text':{'div':'a'}}}]}",
	  "Bundle.entry[0].resource.text.div" },
	{ "{'resourceType':'Basic','te\\u0078t':{'d\\u0069v':'a'}}", "Basic.te\\u0078t.d\\u0069v" },
	{ "{'resourceType':'Basic','div':'a'}", "" },           /* in nothing */
	{ "{'resourceType':'Basic','text':{'div':1}}", "" },
	{ "{'resourceType':'Basic','code':{'text':'div'}}", "" },
};

static void
places_are_found(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct arena *arena = arena_new(4096);
		struct json j = parse(places[i].json, arena);
		struct narrative *all;
		uint32_t count = narratives_find(&j, 0, json_string(&j, json_get(&j, 0, SLICE("resourceType")), arena),
		    arena, &all);
		struct buf b;

		buf_init(&b, arena, 4096);
		for (uint32_t n = 0; n < count; n++)
			buf_printf(&b, "%s%.*s", n == 0 ? "" : " ", SLICE_FMT(all[n].path));
		same(places[i].json, buf_slice(&b), places[i].paths);
		arena_free(arena);
	}
}

static void
contained_ones_know_their_outer(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct json j = parse("{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Basic','contained':["
	    "{'resourceType':'Basic','id':'a','text':{'div':'a'}}]}}]}", arena);
	struct narrative *all;

	assert_int_equal(narratives_find(&j, 0, SLICE("Bundle"), arena, &all), 1);
	assert_int_not_equal(all[0].outer, all[0].resource);
	assert_int_equal(narratives_contained(&j, all[0].outer, SLICE("a")), all[0].resource);
	assert_int_equal(narratives_contained(&j, all[0].outer, SLICE("b")), 0);
	arena_free(arena);
}

/* Removing and inserting, wherever the member stands. */
static const struct { const char *json, *removed, *inserted; } edits[] = {
	{ "{'text':1,'a':2}", "{\"a\":2}", "{\"new\":0,\"text\":1,\"a\":2}" },
	{ "{'a':2,'text':1}", "{\"a\":2}", "{\"new\":0,\"a\":2,\"text\":1}" },
	{ "{'a':2,'text':1,'b':[3]}", "{\"a\":2,\"b\":[3]}", "{\"new\":0,\"a\":2,\"text\":1,\"b\":[3]}" },
	{ "{ 'text' : 1 , 'a' : 2 }", "{  \"a\" : 2 }", "{\"new\":0, \"text\" : 1 , \"a\" : 2 }" },
	{ "{'text':1}", "{}", "{\"new\":0,\"text\":1}" },
	{ "{'a':'x,y','text':'z'}", "{\"a\":\"x,y\"}", "{\"new\":0,\"a\":\"x,y\",\"text\":\"z\"}" },
};

static void
texts_change(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(edits); i++) {
		struct arena *arena = arena_new(4096);
		struct json j = parse(edits[i].json, arena);
		struct narrative_edit remove = edit_remove(&j, 0, json_get(&j, 0, SLICE("text")) - 1);
		struct narrative_edit insert = edit_insert(&j, 0, SLICE("\"new\":0,"));

		same(edits[i].json, narratives_edit(&j, 0, &remove, 1, arena), edits[i].removed);
		same(edits[i].json, narratives_edit(&j, 0, &insert, 1, arena), edits[i].inserted);
		arena_free(arena);
	}
}

/* A value in Basic's or Observation's element, and what is said of it. */
static const struct { const char *members, *says; } templates[] = {
	{ "'valueQuantity':{'value':1.50,'unit':'mg','code':'mg'}", "1.50 mg" },
	{ "'valueQuantity':{'comparator':'<','value':5,'code':'mg'}", "&lt; 5 mg" },
	{ "'valueQuantity':{'value':5}", "5" },
	{ "'valueCodeableConcept':{'coding':[{'code':'a'},{'display':'B','code':'b'}]}", "a, B" },
	{ "'valueCodeableConcept':{'text':'t','coding':[{'code':'a'}]}", "t" },
	{ "'valueString':'a\\nb <script>&\\u202e'", "a<br/>b &lt;script&gt;&amp;" },
	{ "'valueBoolean':true", "yes" }, { "'valueBoolean':false", "no" },
	{ "'valueInteger':-3", "-3" },
	{ "'valueRange':{'low':{'value':1},'high':{'value':2}}", "1 to 2" },
	{ "'valueRange':{'low':{'value':1}}", "at least 1" },
	{ "'valueRatio':{'numerator':{'value':1},'denominator':{'value':128}}", "1 to 128" },
	{ "'valuePeriod':{'start':'2020','end':'2021'}", "2020 to 2021" },
	{ "'valuePeriod':{'end':'2021'}", "until 2021" },
	{ "'valueSampledData':{'origin':{'value':0},'period':1,'dimensions':1,'data':'1 2'}", "sampled values" },
	{ "'valueTime':'12:00:00'", "12:00:00" },
};

static void
templates_say(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(templates); i++) {
		struct arena *arena = arena_new(4096);
		struct buf text, want;
		struct slice div;
		struct json j;

		buf_init(&text, arena, 4096);
		buf_printf(&text, "{'resourceType':'Observation',%s}", templates[i].members);
		j = parse(slice_cstr(buf_slice(&text), arena), arena);
		assert_true(narrate(pack, &j, 0, pack_type(pack, SLICE("Observation")), false, &limits_default, arena, &div));
		buf_init(&want, arena, 4096);
		buf_printf(&want, "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p><b>Observation</b></p><table><tbody><tr><th>Value"
		    "</th><td>%s</td></tr></tbody></table></div>", templates[i].says);
		same(templates[i].members, div, slice_cstr(buf_slice(&want), arena));
		arena_free(arena);
	}
}

static void
modifiers_are_said(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct json j = parse("{'resourceType':'Basic','modifierExtension':[{'url':'http://a.test/not','valueBoolean':true}]}", arena);

	same("modifier", narrate_member(pack, &j, 0, pack_type(pack, SLICE("Basic")), &limits_default, arena),
	    "\"text\":{\"status\":\"extensions\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><p><b>Basic</b></p>"
	    "<table><tbody><tr><th>Modifier</th><td>http://a.test/not yes</td></tr></tbody></table></div>\"}");
	arena_free(arena);
}

static void
too_long_is_shorter(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct limits small = limits_default;
	struct json j = parse("{'resourceType':'Patient','active':true,'photo':[{'title':'a long title, much longer than is "
	    "allowed here, so that the text is made of the summary alone, and this is not in it'}]}", arena);
	const struct type *patient = pack_type(pack, SLICE("Patient"));

	small.of[LIMIT_NARRATIVE_BYTES] = 170;
	same("summary", narrate_member(pack, &j, 0, patient, &small, arena),
	    "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><p><b>Patient</b></p>"
	    "<table><tbody><tr><th>Active</th><td>yes</td></tr></tbody></table></div>\"}");
	small.of[LIMIT_NARRATIVE_BYTES] = 40;
	assert_true(slice_starts(narrate_member(pack, &j, 0, patient, &small, arena), SLICE("\"text\":{\"status\":\"empty\"")));
	arena_free(arena);
}

static int
open_pack(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct outcome o;

	outcome_init(&o, arena);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	arena_free(arena);
	return pack == NULL;
}

static int
close_pack(void **state UNUSED)
{
	pack_close(pack);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_found), cmocka_unit_test(contained_ones_know_their_outer),
		cmocka_unit_test(texts_change), cmocka_unit_test(templates_say), cmocka_unit_test(modifiers_are_said),
		cmocka_unit_test(too_long_is_shorter),
	};

	return cmocka_run_group_tests(tests, open_pack, close_pack);
}
