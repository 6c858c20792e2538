/* finding.c -- see finding.h. */
#include "iac/finding.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/siphash.h"

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
		order = slice_cmp(a->address, b->address);
	if (order == 0)
		order = by_number(a->status, b->status);
	return order != 0 ? order : slice_cmp(a->message, b->message);
}

static int
sort_compare(const void *a, const void *b, void *project)
{
	const struct finding *x = a, *y = b;
	int order = compare(project, x, y);

	return order != 0 ? order : slice_cmp(x->check->id, y->check->id);
}

/* Names of files as they are seen from the directory that was scanned. */
static uint64_t
mixed(uint64_t hash, struct slice text)
{
	return siphash(&(struct siphash_key){ hash, text.len }, text);
}

static uint64_t
fingerprint(const struct findings *f, const struct finding *x, uint64_t repetition)
{
	struct slice path = f->project->sources[x->span.source].path;
	uint64_t hash = mixed(repetition, x->check->id);

	if (slice_starts(path, SLICE("./")))
		path = slice_sub(path, 2, path.len);
	hash = mixed(hash, path);
	hash = mixed(hash, x->address);
	return mixed(hash, x->attribute);
}

/* The second finding of the same kind in a resource gets a number of its own. */
static void
add_fingerprints(struct findings *f)
{
	for (uint32_t i = 0; i < f->count; i++) {
		struct finding *x = &f->list[i];
		uint64_t repetition = 0;

		for (uint32_t k = i; k-- > 0 && f->list[k].span.source == x->span.source && i - k < 1000; )
			repetition += f->list[k].check == x->check && slice_eq(f->list[k].address, x->address)
			    && slice_eq(f->list[k].attribute, x->attribute);
		x->fingerprint = fingerprint(f, x, repetition);
	}
}

void
findings_notice(struct findings *f, struct span span, const char *message)
{
	uint32_t before = f->notice_room;

	if (f->notice_count == before) {
		f->notice_room = before == 0 ? 16 : before * 2;
		f->notices = arena_grow(f->project->arena, f->notices, before * sizeof *f->notices,
		    f->notice_room * sizeof *f->notices);
	}
	f->notices[f->notice_count++] = (struct notice){ span, message };
}

void
findings_take_away(struct findings *f, const struct finding *x, bool in_source, struct slice reason)
{
	uint32_t before = f->taken_room;

	if (f->suppressed == before) {
		f->taken_room = before == 0 ? 16 : before * 2;
		f->taken = arena_grow(f->project->arena, f->taken, before * sizeof *f->taken,
		    f->taken_room * sizeof *f->taken);
	}
	f->taken[f->suppressed++] = (struct taken){ *x, in_source, reason };
	f->by_rule[x->rule - f->rules->rules].taken++;
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
	add_fingerprints(f);
}

/* What is in the list now. */
static void
count_rules(const struct findings *f, struct tally *by_rule)
{
	for (uint32_t i = 0; i < f->count; i++) {
		struct tally *t = &by_rule[f->list[i].rule - f->rules->rules];

		t->failed += f->list[i].status == FINDING_FAIL;
		t->unknown += f->list[i].status == FINDING_UNKNOWN;
	}
}

void
findings_narrow(struct findings *f, const bool *sources, const bool *also)
{
	uint32_t i, to = 0;

	f->all = arena_array(f->project->arena, f->rules->rule_count + 1u, sizeof *f->all);
	count_rules(f, f->all);
	for (i = 0; i < f->count; i++)
		if (sources[f->list[i].span.source] || also[i])
			f->list[to++] = f->list[i];
	f->count = to;
	for (i = to = 0; i < f->notice_count; i++)
		if (sources[f->notices[i].span.source])
			f->notices[to++] = f->notices[i];
	f->notice_count = to;
	for (i = to = 0; i < f->suppressed; i++)
		if (sources[f->taken[i].finding.span.source])
			f->taken[to++] = f->taken[i];
	f->suppressed = to;
}

struct tally
findings_control(const struct findings *f, uint32_t control)
{
	struct tally sum = { 0 }, *now = arena_array(f->project->arena, f->rules->rule_count + 1u, sizeof *now);

	if (f->all != NULL)
		now = f->all;
	else
		count_rules(f, now);
	for (uint32_t i = 0; i < f->rules->rule_count; i++) {
		if (f->rules->rules[i].control != control)
			continue;
		if (now[i].failed > 0)
			sum.failed++;
		else if (now[i].unknown > 0)
			sum.unknown++;
		else if (f->by_rule[i].passed + f->by_rule[i].taken > 0)
			sum.passed++;
	}
	return sum;
}
