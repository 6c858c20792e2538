/* self_test.c -- the examples of rules, each scanned alone with its rule. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/fix.h"
#include "iac/scan.h"

enum { PATCHES_MAX = 16 };

static const struct { const char *language, *path; } paths[] = {
	{ "terraform", "example/main.tf" },       { "kubernetes", "example/manifest.yaml" },
	{ "compose", "example/compose.yaml" },    { "dockerfile", "example/Dockerfile" },
	{ "cloudformation", "example/template.yaml" }, { "arm", "example/azuredeploy.json" },
	{ "ansible", "example/playbook.yml" },    { "plan", "example/tfplan.json" },
	{ "cloud-init", "example/user-data" },    { "tfvars", "example/terraform.tfvars" },
};

static const char *
path_of(const struct rule_example *e)
{
	if (slice_is(e->language, "cloudformation") && slice_starts(slice_trim(e->text), SLICE("{")))
		return "example/template.json";
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (slice_is(e->language, paths[i].language))
			return paths[i].path;
	return NULL;
}

static bool
complain(const struct rules *rules, const struct rule *rule, const struct rule_example *e,
    const char *what, struct slice more)
{
	printf("%.*s:%u: %.*s: %s%s%.*s\n", SLICE_FMT(rules->project.sources[e->span.source].path),
	    e->span.line, SLICE_FMT(rule->id), what, more.len > 0 ? ": " : "", SLICE_FMT(more));
	return false;
}

static bool
verdict(const struct rules *rules, const struct rule *rule, const struct rule_example *e,
    const struct scan *s)
{
	const struct finding *failed = NULL, *unknown = NULL;

	for (uint32_t i = 0; i < s->findings.count; i++) {
		const struct finding *f = &s->findings.list[i];

		if (f->status == FINDING_FAIL)
			failed = f;
		else
			unknown = f;
	}
	if (s->project.problem_count > 0)
		return complain(rules, rule, e, "the example cannot be parsed", s->project.problems[0].message);
	if (s->project.resource_count == 0)
		return complain(rules, rule, e, "the example holds no resource", SLICE(""));
	if (e->kind == EXAMPLE_PASS && failed != NULL)
		return complain(rules, rule, e, "a passing example fails", failed->message);
	if (e->kind != EXAMPLE_UNKNOWN && failed == NULL && unknown != NULL)
		return complain(rules, rule, e, "an example cannot be told",
		    unknown->why == NULL ? SLICE("") : unknown->why->text);
	if (e->kind == EXAMPLE_FAIL && failed == NULL)
		return complain(rules, rule, e, "a failing example passes", SLICE(""));
	if (e->kind == EXAMPLE_UNKNOWN && (failed != NULL || unknown == NULL))
		return complain(rules, rule, e, "an example that cannot be told is told", SLICE(""));
	return true;
}

/* ---- fixes ---- */

struct patch {
	uint32_t     start, end;
	struct slice text;
};

static int
by_start(const void *a, const void *b)
{
	const struct patch *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Edits of one finding, when each has its place in the text of the example. */
static uint32_t
patches_of(const struct scan *s, const struct finding *f, struct patch *out)
{
	uint32_t count, i, first = s->rules->project.source_count;
	const struct fix_edit *edits = fix_edits(&s->findings, f, s->arena, &count);

	for (i = 0; i < count && i < PATCHES_MAX; i++) {
		if (!edits[i].placed || edits[i].source != first)
			return 0;
		out[i] = (struct patch){ edits[i].start, edits[i].end, edits[i].text };
	}
	return i;
}

static struct slice
patched(struct arena *arena, struct slice text, struct patch *patches, uint32_t count)
{
	size_t at = 0;
	struct buf b;

	qsort(patches, count, sizeof *patches, by_start);
	buf_init(&b, arena, SIZE_MAX);
	for (uint32_t i = 0; i < count; i++) {
		if (patches[i].start < at)
			return SLICE("");
		buf_add(&b, slice_sub(text, at, patches[i].start - at));
		buf_add(&b, patches[i].text);
		at = patches[i].end;
	}
	buf_add(&b, slice_sub(text, at, text.len));
	return buf_slice(&b);
}

/* Whether a finding like this one is there. */
static bool
still_fails(const struct findings *all, const struct finding *f)
{
	uint32_t now = 0;

	for (uint32_t i = 0; i < all->count; i++)
		now += all->list[i].status == FINDING_FAIL && all->list[i].fingerprint == f->fingerprint;
	return now > 0;
}

/* A failing example with its fix made must not fail there any more: so the fix, undone, turns the rule
 * red. */
static bool
fix_holds(struct rules *rules, struct rule *rule, const struct rule_example *e, const struct scan *s,
    const struct finding *f)
{
	struct patch patches[PATCHES_MAX];
	uint32_t count = patches_of(s, f, patches);
	struct slice text;
	struct scan fixed;

	if (count == 0)
		return true;
	text = patched(s->arena, e->text, patches, count);
	scan_init(&fixed, rules, s->arena);
	scan_add_text(&fixed, slice_of(path_of(e)), text);
	scan_run(&fixed, rule);
	if (fixed.project.problem_count > 0)
		return complain(rules, rule, e, "with its fix the example cannot be parsed", text);
	if (still_fails(&fixed.findings, f))
		return complain(rules, rule, e, "with its fix a failing example still fails", text);
	return true;
}

static bool
fixes_hold(struct rules *rules, struct rule *rule, const struct rule_example *e, const struct scan *s)
{
	bool good = true;

	for (uint32_t i = 0; i < s->findings.count && good; i++)
		if (s->findings.list[i].status == FINDING_FAIL)
			good = fix_holds(rules, rule, e, s, &s->findings.list[i]);
	return good;
}

static bool
run_example(struct rules *rules, struct rule *rule, const struct rule_example *e)
{
	struct arena *arena;
	struct scan s;
	bool good;

	if (path_of(e) == NULL)
		return complain(rules, rule, e, "no such language", e->language);
	arena = arena_new(1 << 16);
	scan_init(&s, rules, arena);
	scan_add_text(&s, slice_of(path_of(e)), e->text);
	scan_run(&s, rule);
	good = verdict(rules, rule, e, &s) && fixes_hold(rules, rule, e, &s);
	arena_free(arena);
	return good;
}

uint32_t
scan_self_test(struct rules *rules, const struct rule *only, uint32_t *run)
{
	uint32_t bad = 0;

	*run = 0;
	rules_need_all(rules);
	for (uint32_t i = 0; i < rules->rule_count; i++) {
		struct rule *r = &rules->rules[i];

		for (uint32_t k = 0; k < r->example_count && (only == NULL || only == r); k++) {
			bad += !run_example(rules, r, &r->examples[k]);
			++*run;
		}
	}
	return bad;
}
