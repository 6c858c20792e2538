/* finding.c -- see finding.h. */
#include "iac/finding.h"

#include <stdlib.h>

#include "base/arena.h"

void
findings_init(struct findings *f, const struct rules *rules, const struct project *project)
{
	memset(f, 0, sizeof *f);
	f->rules = rules;
	f->project = project;
	f->by_rule = arena_array(project->arena, rules->rule_count + 1u, sizeof *f->by_rule);
}

struct finding *
findings_add(struct findings *f)
{
	uint32_t before = f->room;

	if (f->count == before) {
		f->room = before == 0 ? 64 : before * 2;
		f->list = arena_grow(f->project->arena, f->list, before * sizeof *f->list,
		    f->room * sizeof *f->list);
	}
	return &f->list[f->count++];
}

static int
by_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* The order of a report. */
static int
compare(const struct project *p, const struct finding *a, const struct finding *b)
{
	int order = slice_cmp(p->sources[a->span.source].path, p->sources[b->span.source].path);

	if (order == 0)
		order = by_number(a->span.start, b->span.start);
	if (order == 0)
		order = by_number(a->span.end, b->span.end);
	if (order == 0)
		order = slice_cmp(a->rule->id, b->rule->id);
	if (order == 0)
		order = slice_cmp(a->check->id, b->check->id);
	if (order == 0)
		order = slice_cmp(a->address, b->address);
	if (order == 0)
		order = by_number(a->status, b->status);
	return order != 0 ? order : slice_cmp(a->message, b->message);
}

static int
sort_compare(const void *a, const void *b, void *project)
{
	return compare(project, a, b);
}

void
findings_finish(struct findings *f)
{
	uint32_t to = 0;

	if (f->count > 1)
		qsort_r(f->list, f->count, sizeof *f->list, sort_compare, (void *)(uintptr_t)f->project);
	for (uint32_t i = 0; i < f->count; i++)
		if (to == 0 || compare(f->project, &f->list[to - 1], &f->list[i]) != 0)
			f->list[to++] = f->list[i];
	f->count = to;
}

struct tally
findings_control(const struct findings *f, uint32_t control)
{
	struct tally sum = { 0 };

	for (uint32_t i = 0; i < f->rules->rule_count; i++) {
		const struct tally *t = &f->by_rule[i];

		if (f->rules->rules[i].control != control)
			continue;
		if (t->failed > 0)
			sum.failed++;
		else if (t->unknown > 0)
			sum.unknown++;
		else if (t->passed > 0)
			sum.passed++;
	}
	return sum;
}
