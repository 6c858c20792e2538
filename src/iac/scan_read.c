/* scan_read.c -- the front-ends over the files of a scan.
 *
 * What belongs together is a job: the Terraform or Compose files of one directory, all manifests of
 * Kubernetes, any other file.  A job reads into a project of its own in a scratch arena; only
 * its resources and problems are copied out, so that trees and intermediate values of one
 * directory are gone before the next is read.  Two threads take jobs; results are put together
 * in the order of the jobs, so nothing depends on who was faster. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/env.h"
#include "iac/ansible.h"
#include "iac/arm.h"
#include "iac/cloudformation.h"
#include "iac/compose.h"
#include "iac/dockerfile.h"
#include "iac/files.h"
#include "iac/given.h"
#include "iac/host.h"
#include "iac/kubernetes.h"
#include "iac/scan_calls.h"
#include "iac/terraform.h"
#include "iac/terraform_plan.h"
#include "iac/unbuilt.h"
#include "iac/value_copy.h"

enum { THREADS = 2, WORTH_A_THREAD = 8 };

struct job {
	uint32_t         from, to;      /* files */
	struct resource *resources;
	struct problem  *problems;
	uint32_t         resource_count, problem_count;
};

struct reading {
	struct scan     *scan;
	struct job      *jobs;
	uint32_t         job_count;
	atomic_uint      next;
	pthread_mutex_t  lock;          /* over the sources of the scan */
};

/* ---- front-ends ---- */

static void
read_terraform(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	terraform_read(p, sources, count, root);
}

static void
read_compose(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	compose_read(p, sources, count, root);
}

static void
read_template(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	for (uint32_t i = 0; i < count; i++)
		cloudformation_read(p, sources[i], p->parameters, root);
}

static void
read_arm(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	for (uint32_t i = 0; i < count; i++)
		arm_read(p, sources[i], p->parameters, root);
}

static void
read_plan(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	(void)root;
	for (uint32_t i = 0; i < count; i++)
		terraform_plan_read(p, sources[i]);
}

static void
read_manifests(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	struct unbuilt unbuilt;

	unbuilt_find(&unbuilt, p, sources, count, root);
	for (uint32_t i = 0; i < count; i++)
		if (!unbuilt_holds(&unbuilt, sources[i]))
			kubernetes_read(p, sources[i]);
}

static void
read_dockerfile(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	(void)root;
	for (uint32_t i = 0; i < count; i++)
		dockerfile_read(p, sources[i]);
}

static void
read_plays(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	ansible_read(p, sources, count, root);
}

static void
read_user_data(struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	(void)root;
	for (uint32_t i = 0; i < count; i++)
		cloud_init_read(p, sources[i]);
}

enum together { ALONE, BY_DIRECTORY, ALL };

static const struct {
	void (*read)(struct project *, const uint32_t *, uint32_t, struct slice root);
	enum together together;
} front_ends[] = {
	[LANGUAGE_TERRAFORM] = { read_terraform, BY_DIRECTORY },
	[LANGUAGE_TERRAFORM_PLAN] = { read_plan, ALONE },
	[LANGUAGE_CLOUDFORMATION] = { read_template, ALONE },
	[LANGUAGE_KUBERNETES] = { read_manifests, ALL },
	[LANGUAGE_COMPOSE] = { read_compose, BY_DIRECTORY },
	[LANGUAGE_DOCKERFILE] = { read_dockerfile, ALONE },
	[LANGUAGE_ARM] = { read_arm, ALONE },
	[LANGUAGE_ANSIBLE] = { read_plays, ALL },
	[LANGUAGE_CLOUD_INIT] = { read_user_data, ALONE },
};

/* ---- out of the scratch ---- */

/* The source of the scan that has this path, or a new one with a copy of the text. */
static uint32_t
main_source(struct reading *r, const struct source *from)
{
	struct project *p = &r->scan->project;

	for (uint32_t i = r->scan->rules->project.source_count; i < p->source_count; i++)
		if (slice_eq(p->sources[i].path, from->path))
			return i;
	return project_add_source(p, slice_dup(from->path, p->arena), slice_dup(from->text, p->arena));
}

/* The first sources of a job are files of the scan, others (modules) were found on the way. */
static struct source_twin *
twins_of(struct reading *r, const struct job *j, const struct project *p)
{
	struct source_twin *twins = arena_array(p->arena, p->source_count + 1u, sizeof *twins);

	pthread_mutex_lock(&r->lock);
	for (uint32_t i = 0; i < p->source_count; i++) {
		uint32_t index = i < j->to - j->from ? r->scan->files[j->from + i].source
		    : main_source(r, &p->sources[i]);

		twins[i] = (struct source_twin){ index, p->sources[i].text,
			r->scan->project.sources[index].text };
	}
	pthread_mutex_unlock(&r->lock);
	return twins;
}

static void
copy_references(struct value_copier *c, struct resource *r)
{
	const struct reference *from = r->references;

	r->references = arena_array(c->arena, r->reference_count + 1u, sizeof *r->references);
	for (uint32_t i = 0; i < r->reference_count; i++)
		r->references[i] = (struct reference){ value_copy_text(c, from[i].address, from[i].span.source),
			value_copy_text(c, from[i].attribute, from[i].span.source),
			value_copy_span(c, from[i].span) };
}

static struct resource
copy_resource(struct value_copier *c, const struct resource *from)
{
	struct resource r = *from;
	uint32_t source = from->span.source;

	r.address = value_copy_text(c, from->address, source);
	r.module = value_copy_text(c, from->module, source);
	r.type = value_copy_text(c, from->type, source);
	r.name = value_copy_text(c, from->name, source);
	r.attributes = value_copy(c, from->attributes);
	r.span = value_copy_span(c, from->span);
	r.head = value_copy_span(c, from->head);
	copy_references(c, &r);
	return r;
}

static void
copy_out(struct reading *r, struct job *j, const struct project *p, struct arena *keep)
{
	struct value_copier c;
	uint32_t i;

	value_copier_init(&c, keep, p->arena, twins_of(r, j, p), p->source_count);
	j->resources = arena_array(keep, p->resource_count + 1u, sizeof *j->resources);
	j->problems = arena_array(keep, p->problem_count + 1u, sizeof *j->problems);
	for (i = 0; i < p->resource_count; i++)
		j->resources[i] = copy_resource(&c, &p->resources[i]);
	for (i = 0; i < p->problem_count; i++)
		j->problems[i] = (struct problem){ value_copy_span(&c, p->problems[i].span),
			value_copy_text(&c, p->problems[i].message, UINT32_MAX), p->problems[i].note };
	j->resource_count = p->resource_count;
	j->problem_count = p->problem_count;
}

/* ---- jobs ---- */

static void
run_job(struct reading *r, struct job *j, struct arena *keep, struct arena *scratch)
{
	const struct scan *s = r->scan;
	uint32_t n = j->to - j->from, *sources = arena_array(scratch, n + 1u, sizeof *sources);
	struct project p;

	project_init(&p, scratch, s->rules->project.env);
	pthread_mutex_lock(&r->lock);
	for (uint32_t i = 0; i < n; i++) {
		const struct source *from = &s->project.sources[s->files[j->from + i].source];

		sources[i] = project_add_source(&p, from->path, from->text);
	}
	pthread_mutex_unlock(&r->lock);
	if (s->given != NULL)
		given_hand(s->given, &p);
	front_ends[s->files[j->from].language].read(&p, sources, n, s->root);
	copy_out(r, j, &p, keep);
}

struct worker {
	struct reading *reading;
	struct arena   *keep;
};

static void *
work(void *ctx)
{
	struct worker *w = ctx;
	struct arena *scratch = arena_new(1 << 18);
	uint32_t i;

	while ((i = atomic_fetch_add(&w->reading->next, 1)) < w->reading->job_count) {
		run_job(w->reading, &w->reading->jobs[i], w->keep, scratch);
		arena_reset(scratch);
	}
	arena_free(scratch);
	return NULL;
}

static void
free_arena(void *arena)
{
	arena_free(arena);
}

static void
work_all(struct reading *r)
{
	struct worker workers[THREADS];
	pthread_t thread;
	bool second = r->job_count >= WORTH_A_THREAD && sysconf(_SC_NPROCESSORS_ONLN) > 1;

	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ r, arena_new(1 << 16) };
		arena_defer(r->scan->arena, free_arena, workers[i].keep);
	}
	second = second && pthread_create(&thread, NULL, work, &workers[1]) == 0;
	work(&workers[0]);
	if (second)
		pthread_join(thread, NULL);
}

static int
by_directory(const void *a, const void *b)
{
	const struct scan_file *x = a, *y = b;
	int order = (int)x->language - (int)y->language;

	if (order == 0 && front_ends[x->language].together == BY_DIRECTORY)
		order = slice_cmp(x->directory, y->directory);
	return order != 0 ? order : x->source < y->source ? -1 : x->source > y->source;
}

static bool
are_together(const struct scan_file *a, const struct scan_file *b)
{
	if (a->language != b->language || front_ends[a->language].together == ALONE)
		return false;
	return front_ends[a->language].together == ALL || slice_eq(a->directory, b->directory);
}

static void
make_jobs(struct reading *r)
{
	struct scan *s = r->scan;
	struct scan_unit *units = arena_array(s->arena, s->file_count + 1u, sizeof *units);
	uint32_t i, next, count = 0;

	qsort(s->files, s->file_count, sizeof *s->files, by_directory);
	for (i = 0; i < s->file_count; i = next) {
		for (next = i + 1; next < s->file_count && are_together(&s->files[i], &s->files[next]); next++)
			;
		units[count++] = (struct scan_unit){ .from = i, .to = next };
	}
	scan_find_calls(s, units, count);
	r->jobs = arena_array(s->arena, count + 1u, sizeof *r->jobs);
	for (i = 0; i < count; i++)
		if (!units[i].called)
			r->jobs[r->job_count++] = (struct job){ .from = units[i].from, .to = units[i].to };
}

static void
put_together(struct project *p, const struct job *j, uint32_t unit)
{
	for (uint32_t i = 0; i < j->resource_count; i++) {
		struct resource *r = project_add_resource(p);

		*r = j->resources[i];
		r->unit = unit;
	}
	for (uint32_t i = 0; i < j->problem_count; i++) {
		project_problem(p, j->problems[i].span, "");
		p->problems[p->problem_count - 1] = j->problems[i];
	}
}

void
scan_read(struct scan *s)
{
	struct reading r = { .scan = s };
	uint32_t total = 0;

	if (s->file_count == 0)
		return;
	pthread_mutex_init(&r.lock, NULL);
	make_jobs(&r);
	work_all(&r);
	for (uint32_t i = 0; i < r.job_count; i++)
		total += r.jobs[i].resource_count;
	s->project.resources = arena_array(s->arena, total + 1u, sizeof *s->project.resources);
	s->project.resource_room = total + 1;
	for (uint32_t i = 0; i < r.job_count; i++)
		put_together(&s->project, &r.jobs[i], i + 1);
	pthread_mutex_destroy(&r.lock);
}
