/* Code systems and value sets of strangers: [CodeSystem, ValueSet].  Never a crash; what an
 * expansion lists is in the set. */
#include "base/buf.h"
#include "fhir/terminology.h"
#include "fhir/terminology_format.h"
#include "json/json.h"

#include "definitions.h"

struct parts {
	const struct json *system, *set;
};

static const struct json *
find(void *ctx, enum terminology_kind kind, struct slice url, struct slice version, struct arena *a)
{
	struct parts *p = ctx;

	(void)url, (void)version, (void)a;
	return kind == TERMINOLOGY_SYSTEM || kind == TERMINOLOGY_SUPPLEMENT ? p->system : p->set;
}

static const struct json *
part(const struct json *j, uint32_t node, struct arena *a)
{
	struct json *out = arena_alloc(a, sizeof *out);
	struct outcome o;
	struct buf b;

	outcome_init(&o, a);
	buf_init(&b, a, SIZE_MAX);
	json_write_node(&b, j, node);
	return json_parse(buf_slice(&b), json_bounds(&limits_default, false), a, out, &o) ? out : NULL;
}

static void
check(struct slice text, struct arena *a)
{
	struct limits small = limits_default;
	struct parts p;
	struct terminology_source source = { &p, find };
	struct terminology t;
	struct code_set *set;
	const struct expansion *e;
	struct outcome o;
	struct json j;

	outcome_init(&o, a);
	if (!json_parse(text, json_bounds(&limits_default, false), a, &j, &o)
	    || json_type(&j, 0) != JSON_ARRAY || json_size(&j, 0) != 2)
		return;
	small.of[LIMIT_TERMINOLOGY_STEPS] = 20000;
	p.system = part(&j, json_item(&j, 0, 0), a);
	p.set = part(&j, json_item(&j, 0, 1), a);
	if (p.system == NULL || p.set == NULL)
		return;
	terminology_init(&t, definitions(), &small, &source, a);
	set = terminology_set_of(&t, p.set, 0);
	e = code_set_expand(&t, set);
	for (uint32_t i = 0; i < e->count && e->complete && !e->given; i++)
		if (code_set_has(&t, set, e->at[i].system, e->at[i].code) == KNOWN_NO)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new(1 << 14);

	check(slice_make(bytes, n), a);
	arena_free(a);
	return 0;
}
