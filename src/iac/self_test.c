/* self_test.c -- the examples of rules, each scanned alone with its rule.
 *
 * A check that has a fix is tried both ways: a failing example is mended by it, and a passing one, in which
 * what the fix would write stands, fails when that is set back to what a failing one had. */
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
complain(const struct rules *rules, const struct rule *rule, struct span span, const char *what, struct slice more)
{
	printf("%.*s:%u: %.*s: %s%s%.*s\n", SLICE_FMT(rules->project.sources[span.source].path), span.line,
	    SLICE_FMT(rule->id), what, more.len > 0 ? ": " : "", SLICE_FMT(more));
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
		return complain(rules, rule, e->span, "the example cannot be parsed", s->project.problems[0].message);
	if (s->project.resource_count == 0)
		return complain(rules, rule, e->span, "the example holds no resource", SLICE(""));
	if (e->kind == EXAMPLE_PASS && failed != NULL)
		return complain(rules, rule, e->span, "a passing example fails", failed->message);
	if (e->kind != EXAMPLE_UNKNOWN && failed == NULL && unknown != NULL)
		return complain(rules, rule, e->span, "an example cannot be told",
		    unknown->why == NULL ? SLICE("") : unknown->why->text);
	if (e->kind == EXAMPLE_FAIL && failed == NULL)
		return complain(rules, rule, e->span, "a failing example passes", SLICE(""));
	if (e->kind == EXAMPLE_UNKNOWN && (failed != NULL || unknown == NULL))
		return complain(rules, rule, e->span, "an example that cannot be told is told", SLICE(""));
	return true;
}

/* ---- fixes ---- */

struct patch {
	uint32_t     start, end;
	struct slice text;
};

/* What a fix replaced in a failing example. */
struct undo {
	const struct rule_check *check;
	uint32_t                 count;
	struct {
		struct slice path, before;      /* before: empty where the fix added it */
	} edits[PATCHES_MAX];
	struct undo             *next;
};

/* One rule. */
struct trial {
	struct rules *rules;
	struct rule  *rule;
	struct arena *arena;
	struct undo  *undos;
};

static int
by_start(const void *a, const void *b)
{
	const struct patch *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Edits of one finding, when each has its place in the text of the example. */
static uint32_t
patches_of(struct trial *t, const struct scan *s, const struct finding *f, struct slice text, struct patch *out)
{
	uint32_t count, i, first = s->rules->project.source_count;
	const struct fix_edit *edits = fix_edits(&s->findings, f, s->arena, &count);
	struct undo *u = arena_alloc(t->arena, sizeof *u);

	*u = (struct undo){ .check = f->check, .count = count, .next = t->undos };
	for (i = 0; i < count && i < PATCHES_MAX; i++) {
		const struct fix_edit *e = &edits[i];

		if (!e->placed || e->source != first)
			return 0;
		out[i] = (struct patch){ e->start, e->end, e->text };
		u->edits[i].path = slice_dup(e->path, t->arena);
		u->edits[i].before = slice_dup(slice_sub(text, e->start, e->end - e->start), t->arena);
	}
	if (i == count && i > 0)
		t->undos = u;
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

static void
scan_example(struct scan *s, const struct trial *t, const struct rule_example *e, struct slice text, struct arena *arena)
{
	scan_init(s, t->rules, arena);
	scan_add_text(s, slice_of(path_of(e)), text);
	scan_run(s, t->rule);
}

/* A failing example with its fix made must not fail there any more. */
static bool
fix_holds(struct trial *t, const struct rule_example *e, const struct scan *s, const struct finding *f)
{
	struct patch patches[PATCHES_MAX];
	uint32_t count = patches_of(t, s, f, e->text, patches);
	struct slice text;
	struct scan fixed;

	if (count == 0)
		return true;
	text = patched(s->arena, e->text, patches, count);
	scan_example(&fixed, t, e, text, s->arena);
	if (fixed.project.problem_count > 0)
		return complain(t->rules, t->rule, e->span, "with its fix the example cannot be parsed", text);
	if (still_fails(&fixed.findings, f))
		return complain(t->rules, t->rule, e->span, "with its fix a failing example still fails", text);
	return true;
}

static bool
fixes_hold(struct trial *t, const struct rule_example *e, const struct scan *s)
{
	bool good = true;

	for (uint32_t i = 0; i < s->findings.count && good; i++)
		if (s->findings.list[i].status == FINDING_FAIL)
			good = fix_holds(t, e, s, &s->findings.list[i]);
	return good;
}

static bool
run_example(struct trial *t, const struct rule_example *e)
{
	struct arena *arena;
	struct scan s;
	bool good;

	if (path_of(e) == NULL)
		return complain(t->rules, t->rule, e->span, "no such language", e->language);
	arena = arena_new(1 << 16);
	scan_example(&s, t, e, e->text, arena);
	good = verdict(t->rules, t->rule, e, &s) && fixes_hold(t, e, &s);
	arena_free(arena);
	return good;
}

/* ---- fixes undone ---- */

static bool
is_blank(char c)
{
	return strchr(" \t\r\n", c) != NULL;
}

/* A member goes with the comma behind it, or else the one before it. */
static struct patch
without(struct slice text, uint32_t start, uint32_t end)
{
	size_t after = end, before = start;

	while (after < text.len && is_blank(text.ptr[after]))
		after++;
	while (before > 0 && is_blank(text.ptr[before - 1]))
		before--;
	if (after < text.len && text.ptr[after] == ',')
		end = (uint32_t)after + 1;
	else if (before > 0 && text.ptr[before - 1] == ',')
		start = (uint32_t)before - 1;
	return (struct patch){ start, end, SLICE("") };
}

/* Whether all that the fix wrote stands in this part of a resource, and what takes it back. */
static bool
undo_in(const struct undo *u, const struct value *part, struct slice text, struct patch *out)
{
	for (uint32_t i = 0; i < u->count; i++) {
		const struct member *m = fix_member(part, u->edits[i].path);

		if (m == NULL || m->value->span.end <= m->key_span.end || m->value->span.end > text.len)
			return false;
		out[i] = (struct patch){ m->value->span.start, m->value->span.end, u->edits[i].before };
		if (u->edits[i].before.len == 0)
			out[i] = without(text, m->key_span.start, m->value->span.end);
	}
	return true;
}

static bool
turns_red(struct trial *t, const struct undo *u, const struct rule_example *e, struct patch *patches, struct arena *arena)
{
	struct scan s;

	scan_example(&s, t, e, patched(arena, e->text, patches, u->count), arena);
	for (uint32_t i = 0; i < s.findings.count; i++)
		if (s.findings.list[i].status == FINDING_FAIL && s.findings.list[i].check == u->check)
			return true;
	return false;
}

/* In this part of a resource, or in one inside it. */
static bool
undone_in(struct trial *t, const struct undo *u, const struct rule_example *e, const struct value *part, struct arena *arena)
{
	struct patch patches[PATCHES_MAX];
	bool red = part->kind == VALUE_MAP && undo_in(u, part, e->text, patches) && turns_red(t, u, e, patches, arena);

	for (uint32_t i = 0; i < part->count && !red; i++) {
		if (part->kind == VALUE_MAP)
			red = undone_in(t, u, e, part->members[i].value, arena);
		else if (part->kind == VALUE_LIST)
			red = undone_in(t, u, e, part->items[i], arena);
	}
	return red;
}

static bool
undone_in_example(struct trial *t, const struct undo *u, const struct rule_example *e)
{
	struct arena *arena = arena_new(1 << 16);
	struct scan s;
	bool red = false;

	scan_example(&s, t, e, e->text, arena);
	for (uint32_t i = 0; i < s.project.resource_count && !red; i++)
		red = undone_in(t, u, e, s.project.resources[i].attributes, arena);
	arena_free(arena);
	return red;
}

/* Some passing example must fail once one of the fixes of this check is undone in it. */
static bool
can_be_undone(struct trial *t, const struct rule_check *check)
{
	bool any = false;

	for (const struct undo *u = t->undos; u != NULL; u = u->next) {
		if (u->check != check)
			continue;
		any = true;
		for (uint32_t i = 0; i < t->rule->example_count; i++)
			if (t->rule->examples[i].kind == EXAMPLE_PASS && undone_in_example(t, u, &t->rule->examples[i]))
				return true;
	}
	return complain(t->rules, t->rule, check->block->head, any ? "no passing example fails when the fix is undone in it"
	    : "no failing example shows the fix", SLICE(""));
}

static uint32_t
test_rule(struct trial *t, uint32_t *run)
{
	uint32_t bad = 0, i;

	for (i = 0; i < t->rule->example_count; i++, ++*run)
		bad += !run_example(t, &t->rule->examples[i]);
	for (i = 0; i < t->rule->check_count; i++)
		if (t->rule->checks[i].fix != NULL) {
			bad += !can_be_undone(t, &t->rule->checks[i]);
			++*run;
		}
	return bad;
}

uint32_t
scan_self_test(struct rules *rules, const struct rule *only, uint32_t *run)
{
	uint32_t bad = 0;

	*run = 0;
	rules_need_all(rules);
	for (uint32_t i = 0; i < rules->rule_count; i++) {
		struct trial t = { .rules = rules, .rule = &rules->rules[i], .arena = arena_new(1 << 12) };

		if (only == NULL || only == t.rule)
			bad += test_rule(&t, run);
		arena_free(t.arena);
	}
	return bad;
}
