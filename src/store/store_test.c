/* One table of cases for every kind of store: what was written is there, what a permit hides
 * is not, and SQL finds what query_matches() says. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "crypto/keeper.h"
#include "fhir/pack.h"
#include "json/json.h"
#include "search/index.h"
#include "search/query.h"
#include "store/permit_make.h"
#include "store/store.h"

#define MODEL_MAX 256

/* What was written, and how it should be found. */
static struct model {
	int64_t row, vid, compartment, updated;
	const struct type *type;
	struct index_rows rows;
	struct slice id, version, body;
	uint32_t labels;
} model[MODEL_MAX];
static size_t model_count;

static struct arena *arena;
static struct outcome outcome;
static char dir[64];
static struct keeper *keeper;
static struct pack *pack;
static struct store *store;
static struct search_index *search_index;
static struct store_reader *reader;
static const struct permit_rule all_rules[] = { { NULL, 31, false } };
static const struct permit everything = { all_rules, 1, false, 0, 5, true, 0 };

static const struct store_span any_time = {
	.since = INT64_MIN, .first = INT64_MIN, .last = INT64_MAX, .before = INT64_MAX, .max = 10
};

static int
open_store(void **state)
{
	struct store_config config = { .env = &env_real, .limits = &limits_default, .path = dir };
	struct siphash_key key;

	arena = arena_new(1 << 16);
	outcome_init(&outcome, arena);
	model_count = 0;
	snprintf(dir, sizeof dir, "/tmp/store-test-XXXXXX");
	if (mkdtemp(dir) == NULL || !keeper_create(&env_real, dir, NULL, &outcome))
		return 1;
	config.keeper = keeper = keeper_open(&env_real, dir, &outcome);
	config.pack = pack = pack_open(&env_real, "build/fhir-r4.pack", &outcome);
	store = store_open(*state, &config, &outcome);
	key = store_index_key(store);
	search_index = search_index_new(pack, &limits_default, &key, arena, &outcome);
	reader = store_reader_open(store, &outcome);
	return reader == NULL;
}

static int
close_store(void **state UNUSED)
{
	char command[128];

	store_reader_close(reader);
	store_close(store);
	pack_close(pack);
	keeper_close(keeper);
	arena_free(arena);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

/* Writing */

static void
wake(struct store_commit *c)
{
	sem_post(c->ctx);
}

static enum store_verdict
commit_unit(struct store_unit *unit)
{
	sem_t written;
	struct store_commit c = { .units = unit, .count = 1, .done = wake, .ctx = &written };

	sem_init(&written, 0, 0);
	assert_true(store_submit(store, &everything, &c, arena, &outcome));
	sem_wait(&written);
	sem_destroy(&written);
	return unit->verdict;
}

static enum store_verdict
commit(struct store_write *writes, uint32_t count)
{
	struct store_unit unit = { .writes = writes, .count = count };

	return commit_unit(&unit);
}

static void
place(const struct json *j, const struct type *type, struct store_compartment *c)
{
	struct index_resolver resolver = store_resolver(reader, SLICE("https://test.example/fhir"));
	struct patient_refs refs;

	if (slice_is(type->name, "Patient")) {
		assert_true(store_compartment_new(store, c, &outcome));
		return;
	}
	assert_true(index_patients(search_index, type, j, 0, &resolver, arena, &refs, &outcome));
	assert_true(store_compartment_of(reader, &everything, &refs, arena, c, &outcome));
}

/* No two are the same: what is told apart by its instant has its own. */
static int64_t
next_instant(void)
{
	static int64_t latest;

	return latest = store_stamp(store, latest);
}

static struct store_write
prepare(const char *type, const char *body, const struct model *old)
{
	struct index_resolver resolver = store_resolver(reader, SLICE("https://test.example/fhir"));
	struct store_write w = { .type = pack_resource(pack, slice_of(type)), .method = 'P' };
	struct json j;
	int level;

	assert_true(store_begin(reader, &outcome));
	assert_true(json_parse(slice_of(body), json_bounds(&limits_default, false), arena, &j, &outcome));
	assert_true(store_labels(store, &j, 0, &w.labels, &level, &outcome));
	if (old == NULL)
		place(&j, w.type, &w.compartment);
	else
		w.compartment.number = old->compartment;
	w.row = old != NULL ? old->row
	    : slice_is(w.type->name, "Patient") ? w.compartment.number : store_new_row(store);
	w.replaces = old == NULL ? 0 : old->vid;
	w.vid = store_new_vid(store);
	w.updated = next_instant();
	w.body = slice_dup(slice_of(body), arena);
	assert_true(index_extract(search_index, w.type, &j, 0, &resolver, arena, &w.rows, &outcome));
	if (old != NULL)
		w.old_rows = old->rows;
	store_end(reader);
	return w;
}

static void
remember(struct model *m, const struct store_write *w, struct slice body)
{
	*m = (struct model){ w->row, w->vid, w->compartment.number, w->updated, w->type, w->rows,
		store_id(store, w->compartment.number, w->row, arena),
		store_version_id(store, w->row, w->vid, arena), body, w->labels };
}

static struct model *
create_as(const char *id, const char *type, const char *body)
{
	struct store_write w = prepare(type, body, NULL);

	w.alias = slice_of(id);
	assert_int_equal(commit(&w, 1), STORE_DONE);
	remember(&model[model_count], &w, slice_dup(slice_of(body), arena));
	return &model[model_count++];
}

static struct model *
create(const char *type, const char *body)
{
	return create_as("", type, body);
}

static struct model *
observation_of(const struct model *patient, const char *code, const char *more)
{
	char body[1024];

	snprintf(body, sizeof body, "{\"resourceType\":\"Observation\",\"status\":\"final\",%s"
	    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"%s\"}]},"
	    "\"subject\":{\"reference\":\"Patient/%.*s\"}}", more, code, SLICE_FMT(patient->id));
	return create("Observation", slice_cstr(slice_of(body), arena));
}

/* Reading */

static bool
reads(const struct permit *p, const struct model *m, struct stored *s)
{
	struct outcome aside;
	bool found;

	outcome_init(&aside, arena);
	assert_true(store_begin(reader, &aside));
	found = store_read(reader, p, m->type, m->id, arena, s, &aside);
	store_end(reader);
	return found;
}

static void
what_is_written_is_read(void **state UNUSED)
{
	struct model *m = create("Patient", "{\"resourceType\":\"Patient\",\"gender\":\"female\"}");
	struct stored s;

	assert_true(reads(&everything, m, &s));
	assert_true(slice_eq(s.body, m->body) && slice_eq(s.version, m->version));
	assert_int_equal(s.updated, m->updated);
	assert_int_equal(s.method, 'P');
	assert_false(s.deleted);
	m->type = pack_resource(pack, SLICE("Observation"));
	assert_false(reads(&everything, m, &s));        /* the id of another type */
}

static void
an_outdated_version_loses(void **state UNUSED)
{
	struct model old, *m = create("Patient", "{\"resourceType\":\"Patient\",\"active\":true}");
	struct store_write w;
	struct stored s, *versions;
	uint32_t count;

	old = *m;
	w = prepare("Patient", "{\"resourceType\":\"Patient\",\"active\":false}", m);
	w.method = 'U';
	assert_int_equal(commit(&w, 1), STORE_DONE);
	remember(m, &w, SLICE("{\"resourceType\":\"Patient\",\"active\":false}"));
	w = prepare("Patient", "{\"resourceType\":\"Patient\"}", &old);
	assert_int_equal(commit(&w, 1), STORE_CONFLICT);
	assert_true(reads(&everything, m, &s) && slice_eq(s.body, m->body));
	assert_true(store_begin(reader, &outcome));
	assert_true(store_vread(reader, &everything, m->type, m->id, old.version, arena, &s, &outcome));
	assert_true(slice_eq(s.body, old.body));
	assert_true(store_history(reader, &everything, m->type, m->id, 0, &any_time, arena, &versions, &count,
	    &outcome));
	store_end(reader);
	assert_int_equal(count, 2);
	assert_int_equal(versions[0].method, 'U');
	assert_true(slice_eq(versions[1].body, old.body));
}

static void
a_unit_is_written_whole_or_not(void **state UNUSED)
{
	struct model stale, *m = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct store_write w[2];
	struct model fresh;
	struct stored s;

	stale = *m;
	stale.vid = m->vid + 1000;
	w[0] = prepare("Patient", "{\"resourceType\":\"Patient\",\"active\":true}", NULL);
	w[1] = prepare("Patient", "{\"resourceType\":\"Patient\",\"active\":false}", &stale);
	remember(&fresh, &w[0], SLICE_NONE);
	assert_int_equal(commit(w, 2), STORE_CONFLICT);
	assert_false(reads(&everything, &fresh, &s));
	assert_true(reads(&everything, m, &s) && slice_eq(s.body, m->body));
}

static const struct permit elsewhere = { all_rules, 1, true, 0, 5, false, 0 };

struct own_read {
	struct model *m;
	bool          seen, others, answer;
};

static bool
read_own(void *ctx, struct store_reader *r, struct store_unit *u)
{
	struct own_read *read = ctx;
	struct stored s;
	struct outcome aside;

	outcome_init(&aside, arena);
	read->seen = store_read(r, &everything, read->m->type, read->m->id, arena, &s, &aside)
	    && slice_eq(s.version, read->m->version) && !store_overdue(r) && u->count == 1;
	read->others = store_read(r, &elsewhere, read->m->type, read->m->id, arena, &s, &aside);
	return read->answer;
}

static void
a_unit_reads_what_it_writes_or_is_undone(void **state UNUSED)
{
	static const bool answers[] = { false, true };

	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		struct store_write w = prepare("Patient", "{\"resourceType\":\"Patient\",\"active\":true}", NULL);
		struct model m;
		struct own_read read = { .m = &m, .answer = answers[i] };
		struct store_unit unit = { .writes = &w, .count = 1, .read = read_own, .ctx = &read };
		struct stored s;

		remember(&m, &w, SLICE_NONE);
		assert_int_equal(commit_unit(&unit), answers[i] ? STORE_DONE : STORE_REFUSED);
		assert_true(read.seen);
		assert_false(read.others);
		assert_int_equal(reads(&everything, &m, &s), answers[i]);
	}
	assert_non_null(create("Patient", "{\"resourceType\":\"Patient\"}"));         /* the writer goes on */
}

static void
a_tombstone_has_no_body(void **state UNUSED)
{
	struct model *m = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct store_write w = prepare("Patient", "{\"resourceType\":\"Patient\"}", m);
	struct stored s;

	w.method = 'D';
	w.body = SLICE_NONE;
	w.rows = (struct index_rows){ NULL, 0 };
	assert_int_equal(commit(&w, 1), STORE_DONE);
	assert_true(reads(&everything, m, &s));
	assert_true(s.deleted);
	assert_int_equal(s.body.len, 0);
}

static void
a_chosen_id_is_bound_once(void **state UNUSED)
{
	struct store_write w = prepare("Patient", "{\"resourceType\":\"Patient\"}", NULL);
	struct model m = { .type = w.type, .id = SLICE("chosen") };
	struct stored s;

	w.alias = m.id;
	assert_int_equal(commit(&w, 1), STORE_DONE);
	assert_true(reads(&everything, &m, &s));
	assert_int_equal(s.row, w.row);
	w = prepare("Patient", "{\"resourceType\":\"Patient\"}", NULL);
	w.alias = m.id;
	assert_int_equal(commit(&w, 1), STORE_CONFLICT);
	w.alias = create("Patient", "{\"resourceType\":\"Patient\"}")->id;
	assert_int_equal(commit(&w, 1), STORE_CONFLICT);
}

/* Searching */

static struct store_page
search(const struct permit *p, const char *type, const char *text, struct query *q)
{
	struct index_resolver resolver = store_resolver(reader, SLICE("https://test.example/fhir"));
	struct store_position start = { .set = false };
	struct store_page page;

	assert_true(store_begin(reader, &outcome));
	if (!query_parse(search_index, pack_resource(pack, slice_of(type)), slice_of(text),
	    SLICE("_count=100&_total=accurate"), false, &resolver, &limits_default, 1800000000000, arena, q, &outcome))
		fail_msg("\"%s\" is refused", text);
	assert_true(store_search(reader, p, q, &start, arena, &page, &outcome));
	store_end(reader);
	return page;
}

static bool
on_page(const struct store_page *page, const struct model *m)
{
	for (uint32_t i = 0; i < page->count; i++)
		if (page->at[i].row == m->row)
			return true;
	return false;
}

static const char *const queries[] = {
	"", "code=a", "code=http://loinc.org|a", "code=http://other|a", "code=|a", "code:not=a",
	"code=a,b", "code=a&status=final", "code:missing=true", "code:missing=false",
	"date=2020", "date=gt2020-06", "date=le2020-03-01", "date=ne2020-03-01", "date=sa2020-03-01",
	"date:missing=true", "value-quantity=5", "value-quantity=5.0", "value-quantity=gt5",
	"value-quantity=5||mg", "value-quantity=lt6|http://unitsofmeasure.org|mg",
	"value-string=abc", "value-string:contains=bc", "value-string:exact=Abc",
	"subject:Patient.gender=female", "patient.name=al", "subject.birthdate=lt1980", "patient.gender:not=male",
	"subject:Patient._has:Observation:patient:code=b", "_has:Observation:derived-from:code=b",
	"derived-from:Observation.date=2020", "derived-from:Observation.code:not=b", "patient.name:missing=true",
	"derived-from.patient.name=al", "_filter=code eq a and (date ge 2020-06 or value-string co bc)",
	"_filter=not(code eq a)", "_filter=subject.name sw al", "_filter=value-quantity gt 5 or status ne final",
	"_filter=date pr false", "_filter=subject[gender eq female].name eq alice", "_filter=value-string ew cd",
	"code-value-quantity=a$5", "code-value-quantity=b$gt4||mg", "component-code-value-quantity=c$lt10",
	"combo-code-value-quantity=c$7", "component-code=c&combo-value-quantity=7", "focus:identifier=i",
	"focus:identifier=urn:i|i", "_content=abc", "_text=hello", "category:text=Display", "category:text=abc", "category:missing=true",
	"value-quantity=5000|http://unitsofmeasure.org|ug", "value-quantity=0.005|http://unitsofmeasure.org|g",
	"value-quantity=ne5|http://unitsofmeasure.org|mg", "code:in=http://hl7.org/fhir/ValueSet/observation-status",
	"status:in=http://hl7.org/fhir/ValueSet/observation-status", "status:not-in=http://hl7.org/fhir/ValueSet/administrative-gender",
	"specimen.type=blood", "specimen:Specimen.type:missing=false",
	"performer:Practitioner.name=doc", "focus:Patient.gender=female", "code=a,f&status=final",
	"derived-from:Observation.code=a", "derived-from:Observation.code=e", "derived-from:Observation.derived-from:Observation.code=b",
	"has-member:Observation.code=a", "specimen:Specimen.type=blood", "derived-from:Observation.code=a&code=e",
	"_lastUpdated=gt2000", "_lastUpdated=lt2000", "_tag=t", "code=b&date=2021", "code=zzz",
	"status:not=final", "status:not=amended,final", "code:not=a,b,c", "_tag:not=t", "category:not=x&code=a", "method:missing=false",
	"subject:missing=true", "value-quantity:missing=false&code:not=b", "code-value-quantity:missing=true", "focus:missing=false",
	"derived-from.status:not=amended", "subject:Patient.gender:missing=true", "date=gt2000&status:not=final",
};

static const char *const patient_queries[] = {
	"", "gender=female", "gender=female,male", "gender:not=female", "_has:Observation:patient:code=a",
	"_has:Observation:patient:code=f", "_has:Observation:patient:code=zzz", "_has:Observation:focus:code=f",
	"_has:Observation:focus:code=a", "gender=female&_has:Observation:patient:code=b",
	"name=al&gender=female", "name=al&_has:Observation:patient:code=a", "name=zz&gender=female",
	"_has:Observation:patient:code=a&_has:Observation:patient:code=f", "_has:Observation:patient:code=a&_sort=-birthdate", "identifier=urn:x|1", "identifier=|1",
	"_has:Observation:patient:_has:Observation:derived-from:code=e", "_has:Observation:patient:date=2020",
	"_has:Observation:patient:specimen.type=blood", "_filter=gender eq female or identifier eq 1",
	"_has:Observation:patient:status:not=final", "_has:Observation:patient:value-quantity:missing=false", "gender:missing=true",
	"_has:Observation:patient:code:not=a,b,c,d", "birthdate:missing=false&gender:not=male", "name:missing=true&gender:missing=false",
	"_has:Observation:focus:code=g", "general-practitioner:Practitioner.name=doc", "birthdate=1970&gender=female",
};

static const struct { const char *type, *text; } canonical_queries[] = {
	{ "QuestionnaireResponse", "questionnaire.title=one" }, { "QuestionnaireResponse", "questionnaire.title=two" },
	{ "QuestionnaireResponse", "questionnaire.title:contains=o&patient.name=alice" },
	{ "QuestionnaireResponse", "questionnaire:Questionnaire.status=active" },
	{ "QuestionnaireResponse", "questionnaire._has:QuestionnaireResponse:questionnaire:patient.name=alice" },
	{ "QuestionnaireResponse", "questionnaire=urn:form" },
	{ "Questionnaire", "_has:QuestionnaireResponse:questionnaire:status=completed" },
	{ "Questionnaire", "_has:QuestionnaireResponse:questionnaire:patient.name=alice" },
	{ "Questionnaire", "url=urn:form%7C1" },
	{ "Measure", "depends-on.name=one" }, { "Library", "_has:Measure:depends-on:name=m" },
	{ "Patient", "_has:QuestionnaireResponse:patient:questionnaire.title=one" },
	{ "Patient", "_has:QuestionnaireResponse:patient:questionnaire.title=two" },
};

static void
make_forms(struct model **patients)
{
	static const char *const forms[] = {
		"form\",\"title\":\"One\",\"version\":\"1", "form\",\"title\":\"Two\",\"version\":\"2.1",
		"alone\",\"title\":\"One", "form\",\"title\":\"Other\",\"version\":\"1",
	};
	static const char *const answers[] = {
		"form", "form|1", "form|2.1", "form|2", "alone", "alone|1", "none|1",
	};
	char body[512];

	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		snprintf(body, sizeof body, "{\"resourceType\":\"Questionnaire\",\"status\":\"active\",\"url\":\"urn:%s\"}",
		    forms[i]);
		create("Questionnaire", slice_cstr(slice_of(body), arena));
	}
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		snprintf(body, sizeof body, "{\"resourceType\":\"QuestionnaireResponse\",\"status\":\"completed\","
		    "\"questionnaire\":\"urn:%s\",\"subject\":{\"reference\":\"Patient/%.*s\"}}", answers[i],
		    SLICE_FMT(patients[i % 2]->id));
		create("QuestionnaireResponse", slice_cstr(slice_of(body), arena));
	}
	create("Library", "{\"resourceType\":\"Library\",\"url\":\"urn:library\",\"version\":\"1\",\"name\":\"one\"}");
	create("Measure", "{\"resourceType\":\"Measure\",\"name\":\"m\",\"library\":[\"urn:library|1\"]}");
}

/* One more that another was derived from. */
static void
derive(const struct model *patient, const struct model *from)
{
	char more[256];

	snprintf(more, sizeof more, "\"derivedFrom\":[{\"reference\":\"Observation/%.*s\"}],",
	    SLICE_FMT(from->id));
	observation_of(patient, "e", slice_cstr(slice_of(more), arena));
}

static void
make_observations(struct model **patients)
{
	static const char *const more[] = {
		"", "\"effectiveDateTime\":\"2020-03-01\",", "\"effectiveDateTime\":\"2020\",",
		"\"effectivePeriod\":{\"start\":\"2020-05-01\"},",
		"\"effectiveDateTime\":\"2021-01-01T10:00:00Z\",\"meta\":{\"tag\":[{\"code\":\"t\"}]},",
		"\"valueQuantity\":{\"value\":5,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"},",
		"\"valueQuantity\":{\"value\":5.04,\"unit\":\"mg\"},", "\"valueString\":\"Abc\",", "\"valueString\":\"\xc3\x84""bcd\",",
		"\"component\":[{\"code\":{\"coding\":[{\"code\":\"c\"}]},\"valueQuantity\":{\"value\":7}},"
		"{\"code\":{\"coding\":[{\"code\":\"d\"}]},\"valueQuantity\":{\"value\":70}}],",
		"\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Hello <b>there</b></div>\"},",
		"\"category\":[{\"text\":\"Abc of it\",\"coding\":[{\"code\":\"x\",\"display\":\"Display this\"}]}],",
		"\"contained\":[{\"resourceType\":\"Specimen\",\"id\":\"s\",\"type\":{\"coding\":[{\"code\":\"blood\"}]}}],"
		"\"specimen\":{\"reference\":\"#s\"},",
		"\"focus\":[{\"identifier\":{\"system\":\"urn:i\",\"value\":\"i\"}}],",
	};

	patients[0] = create("Patient", "{\"resourceType\":\"Patient\",\"gender\":\"female\","
	    "\"name\":[{\"text\":\"Alice\"}],\"birthDate\":\"1970-01-01\"}");
	patients[1] = create("Patient", "{\"resourceType\":\"Patient\"}");
	for (size_t i = 0; i < COUNT_OF(more); i++)
		for (size_t k = 0; k < 2; k++)
			observation_of(patients[(i + k) % 2], i % 2 == k ? "a" : "b", more[i]);
	derive(patients[0], &model[2]);
	derive(patients[1], &model[3]);
	create("Observation", "{\"resourceType\":\"Observation\",\"status\":\"amended\"}");
}

/* The semantics know no reference that was written before its target: it is as if it were written now. */
static void
refer_again(struct model *m)
{
	struct index_resolver resolver = store_resolver(reader, SLICE("https://test.example/fhir"));
	struct json j;

	assert_true(store_begin(reader, &outcome));
	assert_true(json_parse(m->body, json_bounds(&limits_default, false), arena, &j, &outcome));
	assert_true(index_extract(search_index, m->type, &j, 0, &resolver, arena, &m->rows, &outcome));
	store_end(reader);
}

/* Observations of one patient that look at another, at one who comes later, and at a doctor inside. */
static void
make_far_references(struct model **patients)
{
	struct model *before;
	char more[256];

	snprintf(more, sizeof more, "\"focus\":[{\"reference\":\"Patient/%.*s\"}],", SLICE_FMT(patients[0]->id));
	observation_of(patients[1], "f", slice_cstr(slice_of(more), arena));
	before = observation_of(patients[1], "g", "\"focus\":[{\"reference\":\"Patient/late\"}],");
	create_as("late", "Patient", "{\"resourceType\":\"Patient\",\"id\":\"late\",\"gender\":\"female\","
	    "\"identifier\":[{\"system\":\"urn:x\",\"value\":\"1\"}]}");
	refer_again(before);
	observation_of(patients[0], "h", "\"contained\":[{\"resourceType\":\"Practitioner\",\"id\":\"d\","
	    "\"name\":[{\"text\":\"Doctor\"}]}],\"performer\":[{\"reference\":\"#d\"}],");
}

static struct query_world
the_world(void)
{
	struct query_row *rows = arena_array(arena, model_count + 1, sizeof *rows);

	for (size_t i = 0; i < model_count; i++)
		rows[i] = (struct query_row){ model[i].type, model[i].row, model[i].updated, model[i].rows,
			model[i].body };
	return (struct query_world){ rows, (uint32_t)model_count, arena };
}

static size_t
found_as_meant(const char *type, const char *text)
{
	struct query q;
	struct store_page page = search(&everything, type, text, &q);
	struct query_world world = the_world();
	size_t found = 0;

	for (size_t i = 0; i < model_count; i++) {
		bool want = query_matches(&q, &world, &world.at[i]);

		if (on_page(&page, &model[i]) != want)
			fail_msg("%s?%s, row %zu: want %d", type, text, i, want);
		found += want;
	}
	if (page.total != (int64_t)found)
		fail_msg("%s?%s: total %lld of %zu", type, text, (long long)page.total, found);
	return found;
}

static void
sql_finds_what_the_semantics_say(void **state UNUSED)
{
	struct model *patients[2];
	size_t found = 0, patients_found = 0, forms_found = 0;

	make_observations(patients);
	make_far_references(patients);
	make_forms(patients);
	for (size_t n = 0; n < COUNT_OF(queries); n++)
		found += found_as_meant("Observation", queries[n]);
	for (size_t n = 0; n < COUNT_OF(patient_queries); n++)
		patients_found += found_as_meant("Patient", patient_queries[n]);
	for (size_t n = 0; n < COUNT_OF(canonical_queries); n++)
		forms_found += found_as_meant(canonical_queries[n].type, canonical_queries[n].text);
	assert_int_equal(forms_found, 29);
	assert_in_range(found, 300, COUNT_OF(queries) * model_count);
	assert_in_range(patients_found, 20, COUNT_OF(patient_queries) * 3);
}

/* The beginnings of keys that a search may go by: none grows with what is unrelated. */
static const char *const ways[] = {
	"SEARCH token USING PRIMARY KEY (lead=? AND param=?", "SEARCH string USING PRIMARY KEY (lead=? AND param=?",
	"SEARCH reference USING PRIMARY KEY (lead=? AND param=? AND b", "SEARCH reference USING PRIMARY KEY (lead=? AND param=?)", "SEARCH date USING PRIMARY KEY (lead=? AND param=?",
	"SEARCH number USING PRIMARY KEY (lead=? AND param=?", "SEARCH quantity USING PRIMARY KEY (lead=? AND param=?",
	"SEARCH uri USING PRIMARY KEY (lead=? AND param=?",
	"SEARCH composite USING PRIMARY KEY (lead=? AND param=? AND part=?", "SEARCH composite USING PRIMARY KEY (lead=? AND param=?)",
	"SEARCH contained USING PRIMARY KEY (lead=? AND param=?",
	"SEARCH resource USING PRIMARY KEY (lead=? AND type=?",
	"SEARCH backref USING PRIMARY KEY (param=? AND target", "SEARCH occurrence USING PRIMARY KEY (param=? AND level=? AND a",
	"SEARCH magnitude USING PRIMARY KEY (type=? AND key=? AND side=? AND level=? AND params",
	"SEARCH alias USING INDEX alias_row (row=?)", "SEARCH alias USING INDEX alias_target (target=?",
	"SEARCH alias USING PRIMARY KEY (type=? AND hash=?)",
	"SEARCH generation USING INTEGER PRIMARY KEY (rowid=?)",
	"SEARCH version USING INTEGER PRIMARY KEY (rowid=?)",
	"SEARCH census USING PRIMARY KEY (type=? AND level=? AND shape", "SEARCH compartment USING INTEGER PRIMARY KEY (rowid", "SEARCH member USING PRIMARY KEY (member=?)",
	"SEARCH date USING COVERING INDEX date_first (param=? AND labels=? AND span=? AND a",
	"SEARCH date USING COVERING INDEX date_last (param=? AND labels=? AND span=? AND b",
	"SEARCH date USING COVERING INDEX date_first (param=? AND labels=? AND span>?)", "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
	"SEARCH c USING PRIMARY KEY (lead=? AND level=? AND type=? AND ",
	"SEARCH c USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH m USING PRIMARY KEY (member=?)",
	"CORRELATED SCALAR SUBQUERY",
	"USE TEMP B-TREE FOR RIGHT PART OF ORDER BY", "USE TEMP B-TREE FOR LAST ",      /* before SQLite 3.43, and since */
};

static void
check_way(void *ctx, const char *sql, const char *line)
{
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		if (slice_starts(slice_of(line), slice_of(ways[i]))) {
			++*(size_t *)ctx;
			return;
		}
	fail_msg("%s: %s", sql, line);
}

static const char *const sorts[] = {
	"_sort=date", "_sort=-value-quantity", "_sort=code", "_sort=-_lastUpdated", "_total=accurate", "_summary=count",
	"_contained=both", "_include=*&_revinclude=*", "near=1|2|3|km", "_sort=-date", "_sort=-date,code", "_sort=-date&code=a",
	"_sort=date&date=ge2020", "date=ge2020&date=lt2021", "_lastUpdated=gt2000", "_sort=_lastUpdated&_lastUpdated=lt2100",
};

static const char *const patient_orders[] = {
	"_sort=name", "_sort=-name", "_sort=birthdate", "_sort=-birthdate", "_sort=_lastUpdated", "_sort=-_lastUpdated",
	"_sort=name&gender=female",
};

static void
no_search_scans_a_table(void **state UNUSED)
{
	struct permit bound = { all_rules, 1, true, 0, 5, false, 0 };
	struct model *patients[2];
	size_t ways_seen = 0;
	struct query q;

	make_observations(patients);
	make_forms(patients);
	bound.compartment = patients[0]->compartment;
	for (size_t n = 0; n < COUNT_OF(queries); n++) {
		search(&everything, "Observation", queries[n], &q);
		search(&bound, "Observation", queries[n], &q);
	}
	for (size_t n = 0; n < COUNT_OF(sorts); n++) {
		struct index_resolver resolver = store_resolver(reader, SLICE("https://test.example/fhir"));
		struct store_page page = search(&everything, n == 8 ? "Location" : "Observation", sorts[n], &q);
		struct store_related related;

		assert_true(store_begin(reader, &outcome));
		assert_true(store_include(reader, &everything, &q, &resolver, &page, arena, &related, &outcome));
		store_end(reader);
	}
	for (size_t n = 0; n < COUNT_OF(patient_queries); n++)
		search(&everything, "Patient", patient_queries[n], &q);
	for (size_t n = 0; n < COUNT_OF(canonical_queries); n++) {
		search(&everything, canonical_queries[n].type, canonical_queries[n].text, &q);
		search(&bound, canonical_queries[n].type, canonical_queries[n].text, &q);
	}
	for (size_t n = 0; n < COUNT_OF(patient_orders); n++)
		search(&everything, "Patient", patient_orders[n], &q);
	search(&everything, "Patient", "_has:Observation:patient:code=a&name=al&organization.name=x", &q);
	assert_true(store_plans(reader, check_way, &ways_seen));
	assert_in_range(ways_seen, 50, 10000);
}

/* Order */

static void
make_patients(size_t count)
{
	static const char *const names[] = { "Adam", "adam", "Bo", "B\xc3\xb6", "Cleo", "Adamson" };

	for (size_t i = 0; i < count; i++) {
		char name[160] = "", born[64] = "", body[512];

		if (i % 5 != 0)
			snprintf(name, sizeof name, ",\"name\":[{\"family\":\"%s\"},{\"family\":\"%s\",\"given\":[\"%s\"]}]",
			    names[i * 7 % 6], names[i % 6], names[i * 5 % 6]);
		if (i % 3 != 0)
			snprintf(born, sizeof born, ",\"birthDate\":\"%zu%s\"", 1990 + i % 4, i % 2 == 0 ? "" : "-05-01");
		snprintf(body, sizeof body, "{\"resourceType\":\"Patient\",\"gender\":\"%s\"%s%s}",
		    i % 8 == 0 ? "male" : "female", name, born);
		create("Patient", body);
	}
}

/* Of all types that the text names when `type` is empty. */
static void
parse(const char *type, const char *text, const char *more, struct query *q)
{
	struct index_resolver resolver = store_resolver(reader, SLICE("https://test.example/fhir"));
	struct query_place place = { .type = pack_resource(pack, slice_of(type)) };

	if (!query_parse_at(search_index, &place, slice_of(text), slice_of(more), false, &resolver, &limits_default,
	    1800000000000, arena, q, &outcome))
		fail_msg("%s?%s is refused", type, text);
}

static struct store_page
page_for(const struct permit *p, const char *type, const char *text, const char *count,
    const struct store_position *from)
{
	struct store_page page;
	struct query q;

	assert_true(store_begin(reader, &outcome));
	parse(type, text, count, &q);
	assert_true(store_search(reader, p, &q, from, arena, &page, &outcome));
	store_end(reader);
	return page;
}

static struct store_page
page_behind(const char *type, const char *text, const char *count, const struct store_position *from)
{
	return page_for(&everything, type, text, count, from);
}

/* Small pages walk by value where one large page orders all that it has found. */
static void
small_pages_are_in_the_order_of_a_large_one(void **state UNUSED)
{
	static const char *const orders[] = { "name", "-name", "family,-birthdate", "-given", "birthdate",
		"-birthdate,family", "death-date", "_lastUpdated", "-_lastUpdated", "gender,-family", "-_id" };
	static const char *const clauses[] = { "", "&_lastUpdated=gt2000", "&gender=female", "&gender=male" };

	make_patients(80);
	for (size_t i = 0; i < COUNT_OF(orders) * COUNT_OF(clauses); i++) {
		struct store_position at = { .set = false };
		struct store_page all, one;
		char text[128];

		snprintf(text, sizeof text, "_sort=%s%s", orders[i / COUNT_OF(clauses)], clauses[i % COUNT_OF(clauses)]);
		all = page_behind("Patient", text, "_count=200", &at);
		assert_in_range(all.count, 10, 80);
		for (uint32_t k = 0; k < all.count; k++, at = one.end) {
			one = page_behind("Patient", text, "_count=1", &at);
			if (one.count != 1 || one.at[0].row != all.at[k].row || one.more != (k + 1 < all.count))
				fail_msg("%s: page %u", text, k);
		}
	}
}

/* What is sorted by its dates, as plain code: INT64_MAX, and INT64_MIN when descending, of none. */

static int64_t
date_key(const struct model *m, const struct query_sort *sort)
{
	int64_t key = sort->descending ? INT64_MIN : INT64_MAX;

	if (sort->on == CLAUSE_LAST_UPDATED)
		return m->updated;
	for (uint32_t i = 0; i < m->rows.count; i++) {
		const struct index_row *r = &m->rows.at[i];

		if (r->param == sort->param->number && r->kind == SEARCH_DATE && r->contained == 0
		    && (sort->descending ? r->b > key : r->a < key))
			key = sort->descending ? r->b : r->a;
	}
	return key;
}

static const struct query *in_order;

static const struct query_part *
part_of(const struct model *m)
{
	const struct query_part *part = in_order->parts;

	while (part->type != m->type)
		part++;
	return part;
}

static int
by_dates(const void *a, const void *b)
{
	const struct model *x = *(const struct model *const *)a, *y = *(const struct model *const *)b;

	for (uint32_t i = 0; i < in_order->sort_count; i++) {
		int64_t kx = date_key(x, &part_of(x)->sorts[i]), ky = date_key(y, &part_of(y)->sorts[i]);

		if (kx != ky)
			return (kx < ky) != in_order->parts[0].sorts[i].descending ? -1 : 1;
	}
	if (x->type != y->type)
		return part_of(x) < part_of(y) ? -1 : 1;
	if (x->compartment != y->compartment)
		return x->compartment < y->compartment ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Those that match and are seen, in the order of `sort` if the query has none. */
static size_t
expected(const char *type, const char *text, const char *sort, uint32_t seen, const struct model **out)
{
	struct query_world world = the_world();
	struct query q, order;
	size_t count = 0;

	assert_true(store_begin(reader, &outcome));
	parse(type, text, "", &q);
	parse(type, sort, "", &order);
	store_end(reader);
	for (size_t i = 0; i < model_count; i++)
		if ((seen & 1u << model[i].labels) != 0 && query_matches(&q, &world, &world.at[i]))
			out[count++] = &model[i];
	in_order = q.sort_count > 0 ? &q : &order;
	qsort(out, count, sizeof *out, by_dates);
	return count;
}

#define RESTRICTED "\"meta\":{\"security\":[{\"system\":" \
	"\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},"
#define TAGGED "\"meta\":{\"security\":[{\"system\":\"urn:x\",\"code\":\"x\"}]},"

/* Of all widths, some of none, some with several; the third set of labels is seen by everybody. */
static void
make_dated(void)
{
	static const char *const effective[] = { "", "\"effectiveDateTime\":\"2020-03-01\",",
		"\"effectiveDateTime\":\"2020-03-01T10:00:00Z\",", "\"effectiveDateTime\":\"2020-03\",",
		"\"effectiveDateTime\":\"2021\",", "\"effectivePeriod\":{\"start\":\"2019-03-01\",\"end\":\"2020-03-02\"},",
		"\"effectivePeriod\":{\"start\":\"2020-02-01\"},", "\"effectivePeriod\":{\"end\":\"2020-02-20\"},",
		"\"effectivePeriod\":{\"start\":\"2020-03-01T09:00:00Z\",\"end\":\"2020-03-01T10:00:00Z\"},",
		"\"effectiveInstant\":\"2020-03-01T10:00:00.123Z\"," };
	static const char *const due[] = { "", "{\"dueDate\":\"2020-03-01\"}", "{\"dueDate\":\"2020-03-01\"},{\"dueDate\":\"2021-01-01\"}",
		"{\"dueDate\":\"2020\"},{\"dueDate\":\"2020-06\"},{\"dueDate\":\"2019-06-01\"}" };
	static const char *const labels[] = { "", RESTRICTED, TAGGED };
	struct model *patients[3];
	char text[512];

	for (size_t i = 0; i < 3; i++)
		patients[i] = create("Patient", "{\"resourceType\":\"Patient\"}");
	for (size_t i = 0; i < 60; i++) {
		snprintf(text, sizeof text, "%s%s", effective[i * 7 % COUNT_OF(effective)], labels[i % 3]);
		observation_of(patients[i * 5 % 3], i % 4 == 0 ? "a" : "b", slice_cstr(slice_of(text), arena));
	}
	for (size_t i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "{\"resourceType\":\"DiagnosticReport\",%s%s\"code\":{\"coding\":[{\"code\":\"%s\"}]},"
		    "\"subject\":{\"reference\":\"Patient/%.*s\"}}", effective[i * 3 % 8], labels[i % 3], i % 2 == 0 ? "a" : "b",
		    SLICE_FMT(patients[i % 3]->id));
		create("DiagnosticReport", slice_cstr(slice_of(text), arena));
	}
	for (size_t i = 0; i < 30; i++) {
		snprintf(text, sizeof text, "{\"resourceType\":\"Goal\",%s\"target\":[%s],\"subject\":{\"reference\":\"Patient/%.*s\"}}",
		    labels[i % 3], due[i % 4], SLICE_FMT(patients[i * 5 % 3]->id));
		create("Goal", slice_cstr(slice_of(text), arena));
	}
}

static void
pages_are_as_expected(const struct permit *p, const char *type, const char *text, const char *sort,
    const char *size, uint32_t seen)
{
	const struct model **want = arena_array(arena, model_count, sizeof *want);
	size_t count = expected(type, text, sort, seen, want), k = 0;
	struct store_page page = { .more = true };

	while (page.more) {
		page = page_for(p, type, text, size, &page.end);
		if (page.total != (int64_t)count)
			fail_msg("%s?%s: total %lld of %zu", type, text, (long long)page.total, count);
		for (uint32_t i = 0; i < page.count; i++, k++)
			if (k >= count || page.at[i].row != want[k]->row)
				fail_msg("%s?%s (%s): %zu", type, text, size, k);
	}
	if (k != count)
		fail_msg("%s?%s (%s): %zu of %zu", type, text, size, k, count);
}

static void
dates_are_in_order_whatever_is_hidden(void **state UNUSED)
{
	static const struct { const char *type, *text, *sort; } cases[] = {
		{ "", "_type=Observation,Goal,Patient&_lastUpdated=gt2000", "_type=Observation,Goal,Patient&_sort=_lastUpdated" },
		{ "", "_type=Goal,Patient&_lastUpdated=lt2100&_sort=-_lastUpdated", "" },
		{ "", "_type=Goal,Patient&_lastUpdated=lt2000", "_type=Goal,Patient" },
		{ "", "_type=DiagnosticReport,Observation&_sort=date", "" }, { "", "_type=Observation,DiagnosticReport&_sort=-date", "" },
		{ "", "_type=Observation,DiagnosticReport&_sort=-date&date=ge2020-03", "" },
		{ "", "_type=DiagnosticReport,Observation&_sort=date&code=a", "" },
		{ "Observation", "_sort=date", "" }, { "Observation", "_sort=-date", "" },
		{ "Observation", "_sort=-date,_lastUpdated", "" }, { "Observation", "_sort=date,-_lastUpdated&code=a", "" },
		{ "Observation", "_sort=-date&code=b", "" }, { "Observation", "_sort=-date&date=lt2020-03-01T10:00:00Z", "" },
		{ "Observation", "_sort=date&date=ge2020-03-01T10:00:00Z&date=lt2021", "" },
		{ "Observation", "_sort=-date&date=ge2020-03-01&date=le2020-03-01", "" },
		{ "Observation", "date=gt2020-03-01", "_sort=date" }, { "Observation", "date=lt2020-03-01", "_sort=date" },
		{ "Observation", "date=2020-03", "_sort=date" }, { "Observation", "date=2020-03-01,2021", "_sort=date" },
		{ "Observation", "date=ap2020-03", "_sort=date" }, { "Observation", "date=sa2020-02", "_sort=date" },
		{ "Observation", "date=eb2020-03-01", "_sort=date" }, { "Observation", "date=ge2020-02&date=lt2020-03-02", "_sort=date" },
		{ "Observation", "date=ge2020-02&code:not=a", "_sort=_id" }, { "Observation", "date=gt2022", "_sort=date" },
		{ "Observation", "date=ne2020-03", "_sort=_id" }, { "Observation", "", "_sort=_id" }, { "Goal", "", "_sort=_id" },
		{ "Patient", "", "_sort=_id" }, { "Condition", "", "_sort=_id" },
		{ "Observation", "_lastUpdated=gt2000", "_sort=_lastUpdated" }, { "Observation", "_lastUpdated=lt2000", "_sort=_lastUpdated" },
		{ "Observation", "_sort=-_lastUpdated&date=ge2020-03", "" },
		{ "Goal", "_sort=target-date", "" }, { "Goal", "_sort=-target-date", "" }, { "Goal", "target-date=ge2020-06", "_sort=target-date" },
		{ "Goal", "_sort=-target-date&target-date=lt2020-06", "" }, { "Goal", "target-date=2020-03-01", "_sort=target-date" },
		{ "Goal", "_sort=target-date,-_lastUpdated&target-date=gt2019-07", "" },
	};
	static const char *const sizes[] = { "_count=1&_total=accurate", "_count=7&_total=accurate",
		"_count=100&_total=accurate" };
	struct permit normal = everything;

	normal.clearance = 3;
	make_dated();
	for (size_t i = 0; i < COUNT_OF(cases) * COUNT_OF(sizes); i++) {
		const char *size = sizes[i % COUNT_OF(sizes)];

		pages_are_as_expected(&everything, cases[i / 3].type, cases[i / 3].text, cases[i / 3].sort, size, ~0u);
		pages_are_as_expected(&normal, cases[i / 3].type, cases[i / 3].text, cases[i / 3].sort, size,
		    ~(1u << model[4].labels));
	}
}

/* Single values, intervals, several of a resource, with and without units; the third set of labels is seen by everybody. */
static void
make_measured(void)
{
#define UCUM(code) "\"unit\":\"" code "\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"" code "\"}"
#define OF(code, value) "{\"code\":{\"coding\":[{\"code\":\"" code "\"}]},\"valueQuantity\":{\"value\":" value "," UCUM("mg") "}"
	static const char *const values[] = { "", "\"valueQuantity\":{\"value\":5," UCUM("mg") ",", "\"valueQuantity\":{\"value\":-0.5," UCUM("g") ",",
		"\"valueQuantity\":{\"value\":0," UCUM("mg") ",", "\"valueQuantity\":{\"value\":5,\"comparator\":\"<\"," UCUM("mg") ",",
		"\"valueQuantity\":{\"value\":7,\"comparator\":\">=\"," UCUM("mg") ",", "\"valueQuantity\":{\"value\":9},",
		"\"valueQuantity\":{\"value\":3,\"unit\":\"mg\"},", "\"component\":[" OF("a", "4") "," OF("a", "6") "," OF("b", "8") "],",
		"\"component\":[" OF("b", "5") "," OF("b", "5") "],\"valueQuantity\":{\"value\":1," UCUM("mg") ",",
		"\"component\":[" OF("b", "2") ",{\"code\":{\"coding\":[{\"code\":\"b\"}]},\"valueRange\":{\"low\":{\"value\":1," UCUM("mg") "}}],", };
	static const char *const labels[] = { "", RESTRICTED, TAGGED };
	struct model *patients[3];
	char text[1024];

	for (size_t i = 0; i < 3; i++)
		patients[i] = create("Patient", "{\"resourceType\":\"Patient\"}");
	for (size_t i = 0; i < 66; i++) {
		snprintf(text, sizeof text, "%s%s", values[i * 7 % COUNT_OF(values)], labels[i % 3]);
		observation_of(patients[i * 5 % 3], i % 4 == 0 ? "a" : "b", slice_cstr(slice_of(text), arena));
	}
}

/* The pages of any size have the same rows, in the same order, each once: those that match. */
static void
pages_have_what_matches(const struct permit *p, const char *text, uint32_t seen)
{
	static const char *const sizes[] = { "_count=100&_total=accurate", "_count=1&_total=accurate", "_count=5&_total=accurate" };
	const struct model **want = arena_array(arena, model_count, sizeof *want);
	size_t count = expected("Observation", text, "_sort=_id", seen, want);
	int64_t *rows = arena_array(arena, model_count, sizeof *rows);

	for (size_t s = 0; s < COUNT_OF(sizes); s++) {
		struct store_page page = { .more = true };
		size_t k = 0;

		while (page.more) {
			page = page_for(p, "Observation", text, sizes[s], &page.end);
			for (uint32_t i = 0; i < page.count && k < count; i++, k++) {
				if (s > 0 && rows[k] != page.at[i].row)
					fail_msg("%s (%s): %zu", text, sizes[s], k);
				rows[k] = page.at[i].row;
			}
			if (page.total != (int64_t)count)
				fail_msg("%s (%s): total %lld of %zu", text, sizes[s], (long long)page.total, count);
		}
		assert_int_equal(k, count);
		for (size_t i = 0; s == 0 && i < count; i++)
			for (k = 0; k == count || rows[k] != want[i]->row; k++)
				if (k == count)
					fail_msg("%s: %zu is left out", text, i);
	}
}

static void
values_are_found_once_whatever_is_hidden(void **state UNUSED)
{
	static const char *const parameters[] = { "value-quantity=%s", "value-quantity=%s%%7Chttp://unitsofmeasure.org%%7Cmg",
		"value-quantity=%s%%7C%%7Cmg", "combo-value-quantity=%s%%7Chttp://unitsofmeasure.org%%7Cmg", "code-value-quantity=b$%s",
		"combo-code-value-quantity=b$%s", "combo-code-value-quantity=b$%s%%7Chttp://unitsofmeasure.org%%7Cg",
		"component-code-value-quantity=a$%s", "combo-code-value-quantity=b$%s&code=b", "value-quantity:missing=false&combo-value-quantity=%s%%7C%%7Cmg",
		"combo-code-value-quantity=a$%s,b$%s" };
	static const char *const values[] = { "5", "ne5", "gt4", "ge5", "lt5", "le5", "sa5", "eb5", "ap5", "gt-1", "lt0", "0", "0.005" };
	struct permit normal = everything;

	normal.clearance = 3;
	make_measured();
	for (size_t i = 0; i < COUNT_OF(parameters) * COUNT_OF(values); i++) {
		const char *value = values[i / COUNT_OF(parameters)];
		char text[256];

		snprintf(text, sizeof text, parameters[i % COUNT_OF(parameters)], value, value);
		pages_have_what_matches(&everything, text, ~0u);
		pages_have_what_matches(&normal, text, ~(1u << model[4].labels));
	}
}

static void
a_bound_permit_sees_its_compartment_only(void **state UNUSED)
{
	struct permit bound = { all_rules, 1, true, 0, 5, false, 0 };
	struct model *patients[2];
	struct stored s;

	make_observations(patients);
	bound.compartment = patients[0]->compartment;
	for (size_t n = 0; n < COUNT_OF(queries); n++) {
		struct query q;
		struct store_page page = search(&bound, "Observation", queries[n], &q);

		for (uint32_t i = 0; i < page.count; i++)
			assert_int_equal(page.at[i].compartment, bound.compartment);
	}
	for (size_t i = 0; i < model_count; i++)
		assert_int_equal(reads(&bound, &model[i], &s), model[i].compartment == bound.compartment);
	bound.compartment = 0;                  /* bound to nothing */
	for (size_t i = 0; i < model_count; i++)
		assert_false(reads(&bound, &model[i], &s));
}

static void
a_label_above_the_clearance_hides(void **state UNUSED)
{
	static const char restricted[] = "\"meta\":{\"security\":[{\"system\":"
	    "\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},";
	struct permit normal = { all_rules, 1, false, 0, 3, false, 0 };
	struct permit officer = { all_rules, 1, false, 0, QUARANTINE_LEVEL, false, 0 };
	struct model *patient = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct model *open = observation_of(patient, "a", "");
	struct model *hidden = observation_of(patient, "a", restricted);
	struct store_page page;
	struct stored s;
	struct query q;

	assert_true(reads(&normal, open, &s) && !reads(&normal, hidden, &s) && reads(&everything, hidden, &s));
	page = search(&normal, "Observation", "code=a&_total=accurate", &q);
	assert_int_equal(page.total, 1);
	assert_true(on_page(&page, open) && !on_page(&page, hidden));
	page = search(&everything, "Observation", "code=a&_total=accurate", &q);
	assert_int_equal(page.total, 2);
	assert_int_equal(search(&normal, "Observation", "_sort=-_lastUpdated", &q).count, 1);
	assert_int_equal(search(&officer, "Observation", "_sort=-_lastUpdated", &q).count, 2);
}

static uint32_t
label_set(int i, int *level)
{
	char text[160];
	struct json j;
	uint32_t labels;
	struct permit maker = everything;

	snprintf(text, sizeof text, "{\"meta\":{\"security\":[{\"system\":\"urn:test\",\"code\":\"c%d\"},{\"system\":"
	    "\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"%c\"}]}}", i, "ULMNRV"[i % 6]);
	assert_true(json_parse(slice_of(text), json_bounds(&limits_default, false), arena, &j, &outcome));
	assert_true(store_labels(store, &j, 0, &labels, level, &outcome));
	maker.maker = (uint64_t)i + 1;
	assert_true(store_orphan_labels(store, &maker, NULL, &labels, arena, &outcome));
	return labels;
}

/* More sets than the first blocks hold. */
static void
label_sets_keep_number_and_level(void **state UNUSED)
{
	enum { SETS = 200 };
	uint32_t numbers[SETS];
	int level;

	for (int i = 0; i < SETS; i++) {
		numbers[i] = label_set(i, &level);
		assert_true(i == 0 || numbers[i] > numbers[i - 1]);
	}
	for (int i = 0; i < SETS; i++) {
		assert_int_equal(label_set(i, &level), numbers[i]);
		assert_int_equal(level, i % 6);
		assert_int_equal(store_level(store, numbers[i]), i % 6);
	}
	assert_int_equal(store_level(store, numbers[SETS - 1] + 1), 5);
}

#define C "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
#define LABELLED(system, code) "{\"meta\":{\"security\":[{\"system\":\"" system "\",\"code\":\"" code "\"}]}}"
#define LABELLED_R LABELLED(C, "R")

static const struct { const char *text; int level; } label_rows[] = {
	{ "{}", 3 }, { LABELLED("urn:other", "R"), 3 }, { LABELLED(C, "U"), 0 }, { LABELLED_R, 4 },
	{ LABELLED(C, "\\u0052"), 4 }, { LABELLED(C, "r"), 5 }, { LABELLED(C, "RESTRICTED"), 5 },
	{ "{\"meta\":{\"security\":[{\"system\":\"" C "\",\"display\":\"restricted\"}]}}", 5 },
	{ LABELLED(C "|R", "x"), 5 }, { LABELLED(C, "R|x"), 5 },
	{ LABELLED("urn:oid:2.16.840.1.113883.5.25", "R"), 4 }, { LABELLED("http://hl7.org/fhir/v3/Confidentiality", "V"), 5 },
	{ LABELLED("HTTPS://TERMINOLOGY.HL7.ORG/CODESYSTEM/V3-CONFIDENTIALITY/|2018", "R"), 4 },
	{ "{\"meta\":{\"security\":[{\"code\":\"R\"}]}}", 4 }, { "{\"meta\":{\"security\":[{\"code\":\"HIV\"}]}}", 3 },
	{ "{\"meta\":{\"security\":[{\"code\":\"U\"}]},\"entry\":[{\"resource\":" LABELLED(C, "L") "},{\"resource\":" LABELLED_R "}]}", 4 },
	{ "{\"contained\":[" LABELLED_R "]}", 4 }, { "{\"parameter\":[{\"part\":[{\"resource\":" LABELLED_R "}]}]}", 4 },
	{ "{\"resourceType\":\"Composition\",\"confidentiality\":\"V\"}", 5 }, { "{\"confidentiality\":\"L\"}", 3 },
	{ "{\"entry\":[{\"resource\":" LABELLED(C, "U") "}]}", 3 }, { "{\"meta\":{\"security\":[{\"code\":\"U\"}]},\"contained\":[" LABELLED(C, "L") "]}", 1 },
	{ "{\"confidentiality\":{},\"meta\":[]}", 3 },
	{ "{\"meta\":{\"security\":{\"system\":\"" C "\"}}}", 3 }, { "{\"meta\":{\"security\":[\"" C "\",null]}}", 3 },
};

static void
labels_are_known_however_they_are_written(void **state UNUSED)
{
	struct json j;
	uint32_t labels;
	int level;

	for (size_t i = 0; i < COUNT_OF(label_rows); i++) {
		assert_true(json_parse(slice_of(label_rows[i].text), json_bounds(&limits_default, false), arena, &j, &outcome));
		assert_true(store_labels(store, &j, 0, &labels, &level, &outcome));
		assert_int_equal(level, label_rows[i].level);
		assert_int_equal(store_level(store, labels), level);
	}
}

static uint32_t
labels_of(const char *text)
{
	struct json j;
	uint32_t labels;
	int level;

	assert_true(json_parse(slice_of(text), json_bounds(&limits_default, false), arena, &j, &outcome));
	assert_true(store_labels(store, &j, 0, &labels, &level, &outcome));
	return labels;
}

/* So that nobody makes many of them, and nothing of a resource is kept in clear. */
static void
a_set_stands_for_a_level(void **state UNUSED)
{
	assert_int_equal(labels_of("{\"id\":\"1\",\"meta\":{\"security\":[{\"system\":\"" C "\"}]}}"), labels_of(LABELLED(C, "V")));
	assert_int_equal(labels_of("{\"meta\":{\"security\":[{\"system\":\"urn:a\",\"code\":\"b\"},{\"code\":\"R\"}]}}"),
	    labels_of(LABELLED_R));
	assert_int_equal(labels_of(LABELLED("urn:a", "b")), 0);
	assert_int_equal(labels_of("{\"id\":\"1\"}"), 0);
}

static bool
add_up(void *ctx, const struct type *type, int64_t count)
{
	int64_t *of = ctx;

	of[slice_is(type->name, "Observation")] += count;
	return true;
}

static void
counts_are_by_type(void **state UNUSED)
{
	struct model *patients[2];
	int64_t of[2] = { 0, 0 };

	make_observations(patients);
	assert_true(store_begin(reader, &outcome));
	assert_true(store_counts(reader, &everything, add_up, of, &outcome));
	store_end(reader);
	assert_int_equal(of[0], 2);
	assert_int_equal(of[1], model_count - 2);
}

/* How often the write-ahead log was begun anew (SQLite file format, 4.1: bytes 12 to 15). */
static unsigned
log_number(void)
{
	unsigned char head[16] = { 0 };
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/store.db-wal", dir);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fread(head, 1, sizeof head, f), sizeof head);
	fclose(f);
	return (unsigned)head[12] << 24 | (unsigned)head[13] << 16 | (unsigned)head[14] << 8 | head[15];
}

/* Else the log would grow for as long as there are readers. */
static void
a_kept_snapshot_does_not_hold_up_the_log(void **state UNUSED)
{
	static const struct timespec pause = { 0, 50000000 };   /* the log goes round beside us: 120 s at most */
	struct model *m = create("Patient", "{\"resourceType\":\"Patient\"}");
	unsigned number = log_number();
	struct stored s;

	store_reader_lazy(reader);
	for (int i = 0; i < 240 && log_number() == number; i++) {
		model_count = 0;
		m = create("Patient", "{\"resourceType\":\"Patient\"}");
		for (int k = 0; k < 10 && log_number() == number; k++) {
			assert_true(reads(&everything, m, &s));
			nanosleep(&pause, NULL);
		}
	}
	assert_int_not_equal(log_number(), number);
}

static void
a_kept_snapshot_is_renewed_by_a_commit(void **state UNUSED)
{
	struct model *m = create("Patient", "{\"resourceType\":\"Patient\",\"active\":true}");
	struct store_write w;
	struct stored s;

	store_reader_lazy(reader);
	for (int i = 0; i < 20; i++) {
		w = prepare("Patient", "{\"resourceType\":\"Patient\"}", m);
		w.method = 'U';
		assert_int_equal(commit(&w, 1), STORE_DONE);
		remember(m, &w, SLICE("{\"resourceType\":\"Patient\"}"));
		assert_true(reads(&everything, m, &s) && slice_eq(s.version, m->version));
	}
	store_release(reader);
	assert_true(reads(&everything, m, &s));
}

/* Guards */

static enum store_verdict
commit_guarded(struct store_write *w, const struct store_guard *guard, struct store_replay *replay)
{
	struct store_guard copy = guard == NULL ? (struct store_guard){ NULL, NULL, 0 } : *guard;
	struct store_unit unit = { .writes = w, .count = 1, .guards = &copy,
		.guard_count = guard != NULL, .replay = replay };
	sem_t written;
	struct store_commit c = { .units = &unit, .count = 1, .done = wake, .ctx = &written };

	sem_init(&written, 0, 0);
	assert_true(store_submit(store, &everything, &c, arena, &outcome));
	sem_wait(&written);
	sem_destroy(&written);
	return unit.verdict;
}

/* A search that finds nothing, and the guard of a write that leans on that. */
static struct store_guard
nothing_found(const struct permit *p, const char *type, const char *text, struct query *q)
{
	assert_int_equal(search(p, type, text, q).count, 0);
	return (struct store_guard){ p, q, store_seen(reader) };
}

#define MARKED(value) "{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"" value "\"}]}"

static void
a_guard_loses_to_what_matches_by_then(void **state UNUSED)
{
	struct query q, other, by_name;
	struct store_guard guard = nothing_found(&everything, "Patient", "identifier=a", &q);
	struct store_guard unhurt = nothing_found(&everything, "Patient", "identifier=b", &other);
	struct store_guard plain = nothing_found(&everything, "Patient", "birthdate=1970", &by_name);
	struct store_write w;

	create("Patient", MARKED("a"));
	create("Observation", "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{},"
	    "\"identifier\":[{\"value\":\"b\"}]}");
	w = prepare("Patient", MARKED("a"), NULL);
	assert_int_equal(commit_guarded(&w, &guard, NULL), STORE_CONFLICT);
	w = prepare("Patient", MARKED("b"), NULL);
	assert_int_equal(commit_guarded(&w, &unhurt, NULL), STORE_DONE);
	w = prepare("Patient", "{\"resourceType\":\"Patient\",\"birthDate\":\"1970\"}", NULL);
	assert_int_equal(commit_guarded(&w, &plain, NULL), STORE_DONE);
	w = prepare("Patient", "{\"resourceType\":\"Patient\",\"birthDate\":\"1970\"}", NULL);
	assert_int_equal(commit_guarded(&w, &plain, NULL), STORE_CONFLICT);
}

static void
a_write_loses_when_its_target_is_deleted(void **state UNUSED)
{
	struct model *target = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct model *other = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct store_target leaning[2];
	struct store_write w = prepare("Patient", "{\"resourceType\":\"Patient\"}", NULL), gone;
	struct stored s;

	assert_true(reads(&everything, target, &s));
	leaning[0] = (struct store_target){ s.type, s.row };
	assert_true(reads(&everything, other, &s));
	leaning[1] = (struct store_target){ s.type, s.row };
	w.targets = leaning;
	w.target_count = 2;
	w.seen = store_seen(reader);
	gone = prepare("Patient", "{\"resourceType\":\"Patient\"}", other);
	gone.method = 'D';
	assert_int_equal(commit(&gone, 1), STORE_DONE);
	assert_int_equal(commit_guarded(&w, NULL, NULL), STORE_CONFLICT);
	w.target_count = 1;
	assert_int_equal(commit_guarded(&w, NULL, NULL), STORE_DONE);
}

static void
a_guard_sees_what_its_permit_sees(void **state UNUSED)
{
	static const char secret[] = "{\"resourceType\":\"Patient\",\"meta\":{\"security\":[{\"system\":"
	    "\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},"
	    "\"identifier\":[{\"value\":\"a\"}]}";
	const struct permit low = { all_rules, 1, false, 0, 3, false, 0 };
	struct model *own = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct model *other = create("Patient", "{\"resourceType\":\"Patient\"}");
	const struct permit bound = { all_rules, 1, true, own->compartment, 5, false, 0 };
	const struct permit_rule two[] = { { pack_resource(pack, SLICE("Observation")), PERMIT_SEARCH, false },
		{ pack_resource(pack, SLICE("Patient")), PERMIT_SEARCH, false } };
	const struct permit narrow = { two, 2, false, 0, 5, false, 0 };
	struct query by_low, by_bound, by_chain, by_narrow;
	struct store_guard guard = nothing_found(&low, "Patient", "identifier=a", &by_low);
	struct store_guard inside = nothing_found(&bound, "Observation", "code=x", &by_bound);
	struct store_guard linked = nothing_found(&low, "Observation", "patient.identifier=never", &by_chain);
	struct store_guard of_two;
	struct store_write w;

	create("Patient", secret);
	w = prepare("Patient", MARKED("z"), NULL);
	assert_int_equal(commit_guarded(&w, &linked, NULL), STORE_DONE);
	w = prepare("Patient", MARKED("y"), NULL);
	assert_int_equal(commit_guarded(&w, &linked, NULL), STORE_CONFLICT);
	observation_of(other, "x", "");
	w = prepare("Patient", MARKED("a"), NULL);
	assert_int_equal(commit_guarded(&w, &guard, NULL), STORE_DONE);
	w = prepare("Patient", MARKED("c"), NULL);
	assert_int_equal(commit_guarded(&w, &inside, NULL), STORE_DONE);
	observation_of(own, "x", "");
	w = prepare("Patient", MARKED("d"), NULL);
	assert_int_equal(commit_guarded(&w, &inside, NULL), STORE_CONFLICT);
	of_two = nothing_found(&narrow, "Observation", "patient.identifier=never", &by_narrow);
	create("Device", "{\"resourceType\":\"Device\"}");
	w = prepare("Device", "{\"resourceType\":\"Device\"}", NULL);
	assert_int_equal(commit_guarded(&w, &of_two, NULL), STORE_DONE);
}

static void
an_outcome_is_kept_once_for_a_day(void **state UNUSED)
{
	struct store_replay replay = { .key = { 1 }, .at = 1800000000000, .answer = SLICE("first") };
	struct store_replay again = { .key = { 1 }, .at = 1800000000000, .answer = SLICE("second") };
	struct store_write w = prepare("Patient", MARKED("a"), NULL);
	static const uint8_t other[STORE_REPLAY_KEY] = { 2 };
	struct slice answer;

	assert_int_equal(commit_guarded(&w, NULL, &replay), STORE_DONE);
	w = prepare("Patient", MARKED("a"), NULL);
	assert_int_equal(commit_guarded(&w, NULL, &again), STORE_CONFLICT);
	assert_true(store_begin(reader, &outcome));
	assert_true(store_replayed(reader, replay.key, replay.at, arena, &answer));
	assert_true(slice_is(answer, "first"));
	assert_true(store_replayed(reader, replay.key, replay.at + STORE_REPLAY_MS, arena, &answer));
	assert_false(store_replayed(reader, replay.key, replay.at + STORE_REPLAY_MS + 1, arena, &answer));
	assert_false(store_replayed(reader, other, replay.at, arena, &answer));
	store_end(reader);
}

/* Changes */

static uint32_t
changes(const struct permit *p, const char *type, struct store_span span, struct stored **out)
{
	const struct type *one = pack_resource(pack, slice_of(type));
	uint32_t count;

	span.types = &one;
	span.type_count = 1;
	assert_true(store_begin(reader, &outcome));
	assert_true(store_changes(reader, p, &span, arena, out, &count, &outcome));
	store_end(reader);
	return count;
}

static void
changes_are_newest_first_and_of_what_is_seen(void **state UNUSED)
{
	struct model *own = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct model *other = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct model *a = observation_of(own, "a", ""), *b = observation_of(other, "b", "");
	const struct permit bound = { all_rules, 1, true, own->compartment, 5, false, 0 };
	const struct permit nobody = { all_rules, 1, true, 0, 5, false, 0 };
	struct store_span span = any_time;
	struct stored *at;

	assert_int_equal(changes(&everything, "Observation", any_time, &at), 2);
	assert_true(at[0].vid == b->vid && at[1].vid == a->vid);
	assert_int_equal(changes(&bound, "Observation", any_time, &at), 1);
	assert_true(at[0].vid == a->vid);
	assert_int_equal(changes(&bound, "Patient", any_time, &at), 1);
	assert_int_equal(changes(&nobody, "Observation", any_time, &at), 0);
	span.max = 1;
	assert_int_equal(changes(&everything, "Observation", span, &at), 1);
	span.before = at[0].updated;
	span.before_vid = at[0].vid;
	assert_int_equal(changes(&everything, "Observation", span, &at), 1);
	assert_true(at[0].vid == a->vid);
	span.since = a->updated + 1;
	assert_int_equal(changes(&everything, "Observation", span, &at), 0);
}

static void
what_has_one_instant_has_its_pages(void **state UNUSED)
{
	struct store_span span = any_time;
	struct store_write w[5];
	struct stored *at;
	int64_t last = INT64_MAX;

	for (size_t i = 0; i < COUNT_OF(w); i++) {
		w[i] = prepare("Basic", "{\"resourceType\":\"Basic\"}", NULL);
		w[i].updated = w[0].updated;
	}
	assert_int_equal(commit(w, COUNT_OF(w)), STORE_DONE);
	span.max = 2;
	for (size_t i = 0; i < 3; i++) {
		uint32_t count = changes(&everything, "Basic", span, &at);

		assert_int_equal(count, i < 2 ? 2 : 1);
		assert_true(at[0].vid < last && (count < 2 || at[1].vid < at[0].vid));
		last = span.before_vid = at[count - 1].vid;
		span.before = at[count - 1].updated;
	}
}

/* Others' writes do not show in the instant of one's own, a version is behind the one before. */
static void
instants_are_those_of_the_clock(void **state UNUSED)
{
	int64_t stamp = 0;

	for (int i = 0; i < 10000; i++) {
		int64_t next = store_stamp(store, 0);

		assert_true(next >= stamp && next <= env_wall(&env_real));
		stamp = next;
	}
	assert_int_equal(store_stamp(store, stamp + 60000), stamp + 60001);
	assert_true(store_stamp(store, 0) <= env_wall(&env_real));
}

/* What was prepared in an instant that an export has closed is prepared again, and comes behind it. */
static void
a_closed_instant_stays_as_it_was(void **state UNUSED)
{
	struct store_write w = prepare("Patient", "{\"resourceType\":\"Patient\"}", NULL);
	int64_t closed = store_close_instant(store);

	assert_true(w.updated <= closed);
	assert_int_equal(commit(&w, 1), STORE_STALE);
	w = prepare("Patient", "{\"resourceType\":\"Patient\"}", NULL);
	assert_true(w.updated > closed);
	assert_int_equal(commit(&w, 1), STORE_DONE);
	assert_true(store_close_instant(store) > closed);
}

/* No history looks at rows that it does not show: each query is a range of the key. */
static void
changes_are_found_by_their_key(void **state UNUSED)
{
	static const char wanted[] = "SEARCH change USING PRIMARY KEY "
	    "(lead=? AND level=? AND type=? AND updated>? AND (updated,vid)<(?,?))";
	char path[128];
	sqlite3 *db;
	sqlite3_stmt *q;

	snprintf(path, sizeof path, "%s/store.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "EXPLAIN QUERY PLAN SELECT updated, vid FROM change WHERE "
	    "lead=?1 AND level=?2 AND type=?3 AND updated>=?4 AND (updated,vid)<(?5,?9) AND updated<=?6 AND until>?7 "
	    "ORDER BY updated DESC, vid DESC LIMIT ?8", -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(q, 3), wanted);
	assert_int_equal(sqlite3_step(q), SQLITE_DONE);         /* no sorting */
	sqlite3_finalize(q);
	sqlite3_close(db);
}

/* A store of before there were changes has them when it is opened. */
static void
changes_are_made_for_an_older_store(void **state UNUSED)
{
	struct store_config config = { .env = &env_real, .limits = &limits_default, .path = dir,
		.keeper = keeper, .pack = pack };
	struct model *m = create("Patient", "{\"resourceType\":\"Patient\",\"active\":true}");
	struct store_write w = prepare("Patient", "{\"resourceType\":\"Patient\"}", m);
	struct store_span span = any_time;
	struct stored *at;
	char path[128];
	sqlite3 *db;

	w.method = 'U';
	assert_int_equal(commit(&w, 1), STORE_DONE);
	store_reader_close(reader);
	store_close(store);
	snprintf(path, sizeof path, "%s/store.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM change; DELETE FROM meta WHERE key='changes'", NULL,
	    NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	store = store_open("sqlite", &config, &outcome);
	reader = store_reader_open(store, &outcome);
	assert_int_equal(changes(&everything, "Patient", any_time, &at), 2);
	assert_true(at[0].vid == w.vid && at[1].vid == m->vid);
	span.first = span.last = m->updated;    /* the first was current then, and no other */
	assert_int_equal(changes(&everything, "Patient", span, &at), 1);
	assert_true(at[0].vid == m->vid);
}

/* Occurrences */

static void
on_disk(const char *sql, int wanted)
{
	char path[128];
	sqlite3 *db;
	sqlite3_stmt *q;

	snprintf(path, sizeof path, "%s/store.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int(q, 0) : 0, wanted);
	sqlite3_finalize(q);
	sqlite3_close(db);
}

#define LEVEL(labels) "(SELECT level FROM labelset l WHERE l.number=" labels ")"
#define OF_INDEX "SELECT param, " LEVEL("labels") ", a, lead, labels FROM token WHERE lead<>0 " \
	"UNION SELECT -1-param, " LEVEL("labels") ", 0, lead, labels FROM contained"

#define COUNTED "SELECT type, " LEVEL("r.labels") ", -1, lead, labels, count(*) FROM resource r WHERE deleted=0 AND NOT(" \
	"lead=0 AND EXISTS(SELECT 1 FROM resource o WHERE o.lead=r.row AND o.row=r.row)) GROUP BY type, lead, labels"
#define OF_ALL "SELECT type, level, -1, -2, labels, sum(n) FROM census WHERE lead<>-2 AND shape=-1 GROUP BY type, labels"
#define OF_SHAPES "SELECT type, level, -1, lead, labels, sum(n) FROM census WHERE shape<>-1 GROUP BY type, lead, labels"
#define CENSUS(lead) "SELECT * FROM census WHERE shape=-1 AND " lead

static void
same_on_disk(const char *a, const char *b)
{
	char sql[2048];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT * FROM (%s) EXCEPT SELECT * FROM (%s))", a, b);
	on_disk(sql, 0);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT * FROM (%s) EXCEPT SELECT * FROM (%s))", b, a);
	on_disk(sql, 0);
}

static void
check_census(void)
{
	same_on_disk(COUNTED, CENSUS("lead<>-2"));
	same_on_disk(OF_ALL, CENSUS("lead=-2"));
	same_on_disk(OF_SHAPES, CENSUS("lead<>-2"));
	on_disk("SELECT count(*) FROM census WHERE n<1", 0);
}

static void
check_occurrences(void)
{
	same_on_disk(OF_INDEX, "SELECT * FROM occurrence");
	on_disk("SELECT count(*)>20 FROM occurrence", 1);
}

/* Each resource that has a value has it in order, too, under its own labels, and no other does. */
static void
check_magnitudes(void)
{
	on_disk("SELECT count(*) FROM magnitude m WHERE level<>" LEVEL("m.labels") " OR NOT EXISTS(SELECT 1 FROM resource r WHERE "
	    "r.lead=m.lead AND r.type=m.type AND r.row=m.row AND r.deleted=0 AND r.labels=m.labels)", 0);
	on_disk("SELECT count(*) FROM (SELECT lead, row FROM quantity WHERE row<(1<<62) EXCEPT SELECT lead, row FROM magnitude)", 0);
	on_disk("SELECT count(*)>4 FROM magnitude", 1);
}

static void
rewrite(struct model *m, const char *body, char method)
{
	struct store_write w = prepare("Observation", body, m);

	w.method = method;
	if (method == 'D') {
		w.body = SLICE_NONE;
		w.rows = (struct index_rows){ NULL, 0 };
	}
	assert_int_equal(commit(&w, 1), STORE_DONE);
	remember(m, &w, w.body);
}

static void
occurrences_and_counts_are_those_of_the_rows(void **state UNUSED)
{
	struct model *patients[2];

	make_observations(patients);
	make_far_references(patients);
	check_magnitudes();
	check_occurrences();
	check_census();
	for (size_t i = 2; i < model_count; i += 3)
		if (slice_is(model[i].type->name, "Observation"))
			rewrite(&model[i], slice_cstr(model[i].body, arena), i % 2 == 0 ? 'D' : 'U');
	rewrite(&model[3], "{\"resourceType\":\"Observation\",\"meta\":{\"security\":[{\"system\":"
	    "\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},"
	    "\"code\":{\"coding\":[{\"code\":\"only\"}]}}", 'U');
	check_occurrences();
	check_census();
	check_magnitudes();
}

/* Rows of other rules are none to search by, even where the tables would do. */
static void
an_index_of_before_is_refused(void **state UNUSED)
{
	struct store_config config = { .env = &env_real, .limits = &limits_default, .path = dir,
		.keeper = keeper, .pack = pack };
	struct outcome refused;

	outcome_init(&refused, arena);
	store_reader_close(reader);
	store_close(store);
	on_disk("UPDATE meta SET value=CAST(substr(value,1,32)||x'04' AS BLOB) WHERE key='pack'", 0);
	on_disk("DROP TABLE date", 0);
	on_disk("CREATE TABLE date(lead INTEGER, param INTEGER, a INTEGER, b INTEGER, row INTEGER, labels INTEGER)", 0);
	assert_null(store_open("sqlite", &config, &refused));
	config.reindex = true;
	store = store_open("sqlite", &config, &outcome);
	assert_non_null(store);
	reader = store_reader_open(store, &outcome);
}

/* Scanning */

struct scanned {
	int64_t  vids[64];
	uint32_t count;
};

static bool
note(void *ctx, struct stored *v)
{
	struct scanned *s = ctx;

	assert_true(s->count < 64);
	s->vids[s->count++] = v->vid;
	return true;
}

/* `step` rows at a time, each in a snapshot of its own. */
static struct scanned
scan(const struct permit *p, struct store_scan *of, uint32_t step)
{
	bool *types = arena_array(arena, pack_type_count(pack), sizeof *types);
	struct store_scan_position at = { .done = false };
	struct scanned s = { .count = 0 };

	for (uint32_t i = 0; i < pack_type_count(pack); i++)
		types[i] = true;
	of->types = types;
	while (!at.done) {
		assert_true(store_begin(reader, &outcome));
		assert_true(store_scan(reader, p, of, &at, step, arena, note, &s, &outcome));
		store_end(reader);
	}
	return s;
}

static bool
scanned(const struct scanned *s, int64_t vid)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->count; i++)
		n += s->vids[i] == vid;
	assert_true(n < 2);
	return n == 1;
}

static void
a_scan_is_of_one_instant_and_of_one_permit(void **state UNUSED)
{
	static const char restricted[] = "\"meta\":{\"security\":[{\"system\":"
	    "\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},";
	struct model *own = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct model *other = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct model *seen = observation_of(own, "a", ""), *dark = observation_of(own, "b", restricted);
	struct model *foreign = observation_of(other, "c", ""), old = *seen, *late;
	struct store_scan of = { .until = next_instant() };
	struct permit bound = { all_rules, 1, true, own->compartment, 3, false, 0 };
	struct permit low = { all_rules, 1, false, 0, 3, false, 0 };
	struct store_write w = prepare("Observation", slice_cstr(seen->body, arena), seen);
	struct scanned all, mine, shallow;

	w.method = 'U';
	assert_int_equal(commit(&w, 1), STORE_DONE);
	remember(seen, &w, seen->body);
	late = observation_of(own, "d", "");
	for (uint32_t step = 1; step < 12; step += 5) {
		all = scan(&everything, &of, step);
		assert_int_equal(all.count, 5);
		assert_true(scanned(&all, old.vid) && scanned(&all, dark->vid) && scanned(&all, own->vid));
		assert_false(scanned(&all, seen->vid) || scanned(&all, late->vid));
		mine = scan(&bound, &of, step);
		assert_int_equal(mine.count, 2);
		assert_true(scanned(&mine, own->vid) && scanned(&mine, old.vid));
		shallow = scan(&low, &of, step);
		assert_int_equal(shallow.count, 4);
		assert_true(scanned(&shallow, foreign->vid) && !scanned(&shallow, dark->vid));
	}
	of.compartments = &other->compartment;
	of.compartment_count = 1;
	all = scan(&everything, &of, 1);
	assert_int_equal(all.count, 2);
	assert_true(scanned(&all, other->vid) && scanned(&all, foreign->vid));
	assert_int_equal(scan(&bound, &of, 1).count, 0);
	assert_int_equal(scan(NULL, &of, 1).count, 0);
}

static void
a_scan_tells_what_was_deleted(void **state UNUSED)
{
	struct model *own = create("Patient", "{\"resourceType\":\"Patient\"}");
	struct model *gone = observation_of(own, "a", "");
	struct store_scan of = { .since = next_instant() };
	struct store_write w = prepare("Observation", slice_cstr(gone->body, arena), gone);
	struct scanned s;

	w.method = 'D';
	w.body = SLICE_NONE;
	w.rows = (struct index_rows){ NULL, 0 };
	assert_int_equal(commit(&w, 1), STORE_DONE);
	of.until = next_instant();
	assert_int_equal(scan(&everything, &of, 4).count, 0);
	of.deleted = true;
	s = scan(&everything, &of, 4);
	assert_int_equal(s.count, 1);
	assert_true(scanned(&s, w.vid));
}

#define CASES(kind)                                                                                 \
	CASE(what_is_written_is_read, kind), CASE(an_outdated_version_loses, kind),                 \
	CASE(a_unit_is_written_whole_or_not, kind), CASE(a_tombstone_has_no_body, kind),            \
	CASE(a_unit_reads_what_it_writes_or_is_undone, kind),                                       \
	CASE(a_chosen_id_is_bound_once, kind), CASE(sql_finds_what_the_semantics_say, kind),        \
	CASE(a_bound_permit_sees_its_compartment_only, kind),                                       \
	CASE(no_search_scans_a_table, kind),                                                        \
	CASE(a_label_above_the_clearance_hides, kind), CASE(label_sets_keep_number_and_level, kind), CASE(labels_are_known_however_they_are_written, kind), CASE(a_set_stands_for_a_level, kind), CASE(counts_are_by_type, kind),              \
	CASE(a_guard_loses_to_what_matches_by_then, kind),                                          \
	CASE(a_write_loses_when_its_target_is_deleted, kind), CASE(a_guard_sees_what_its_permit_sees, kind), CASE(an_outcome_is_kept_once_for_a_day, kind), \
	CASE(changes_are_newest_first_and_of_what_is_seen, kind),                                   \
	CASE(what_has_one_instant_has_its_pages, kind),                                             \
	CASE(instants_are_those_of_the_clock, kind), CASE(a_closed_instant_stays_as_it_was, kind),  \
	CASE(a_scan_is_of_one_instant_and_of_one_permit, kind),                                     \
	CASE(a_scan_tells_what_was_deleted, kind),                                                  \
	CASE(a_kept_snapshot_is_renewed_by_a_commit, kind)
#define CASE(fn, kind) { #fn " (" kind ")", fn, open_store, close_store, kind }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASES("sqlite"), CASES("memory"),
		CASE(a_kept_snapshot_does_not_hold_up_the_log, "sqlite"),
		CASE(changes_are_found_by_their_key, "sqlite"),
		CASE(changes_are_made_for_an_older_store, "sqlite"),
		CASE(small_pages_are_in_the_order_of_a_large_one, "sqlite"),
		CASE(occurrences_and_counts_are_those_of_the_rows, "sqlite"),
		CASE(dates_are_in_order_whatever_is_hidden, "sqlite"),
		CASE(values_are_found_once_whatever_is_hidden, "sqlite"),
		CASE(an_index_of_before_is_refused, "sqlite"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
