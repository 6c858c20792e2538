/* given.c -- see given.h. */
#include "iac/given.h"

#include "base/arena.h"
#include "base/env.h"
#include "iac/arm.h"
#include "iac/cloudformation.h"
#include "iac/files.h"
#include "iac/terraform.h"
#include "iac/value_copy.h"

static const struct span nowhere;

void
given_init(struct given *g, struct arena *arena, const struct env *env)
{
	memset(g, 0, sizeof *g);
	project_init(&g->project, arena, env);
	g->environment = g->variables = g->parameters = &value_null;
}

static void
add_members(struct hcl_map *m, const struct value *from)
{
	for (uint32_t i = 0; from->kind == VALUE_MAP && i < from->count; i++)
		hcl_map_add(m, from->members[i].key, from->members[i].key_span, from->members[i].value);
}

static void
add_all(struct given *g, const struct value **to, const struct value *from)
{
	struct hcl_map m = { .arena = g->project.arena };

	add_members(&m, *to);
	add_members(&m, from);
	*to = hcl_map_end(&m, nowhere);
}

void
given_environment(struct given *g, char *const *environment)
{
	add_all(g, &g->environment, terraform_environment(&g->project, environment));
}

bool
given_variable(struct given *g, struct slice assignment)
{
	struct hcl_map m = { .arena = g->project.arena };
	struct slice name = slice_trim(slice_cut(&assignment, '='));

	if (name.len == 0 || assignment.ptr == NULL)
		return false;
	hcl_map_add(&m, name, nowhere, value_string(g->project.arena, nowhere, assignment));
	add_all(g, &g->variables, hcl_map_end(&m, nowhere));
	return true;
}

static bool
open_source(struct given *g, struct slice path, uint32_t *source)
{
	struct arena *a = g->project.arena;
	struct slice text;

	if (!env_read_file(g->project.env, slice_cstr(path, a), FILES_BYTES, a, &text))
		return false;
	*source = project_add_source(&g->project, path, text);
	return true;
}

bool
given_variable_file(struct given *g, struct slice path)
{
	uint32_t source;

	if (!open_source(g, path, &source))
		return false;
	add_all(g, &g->variables, terraform_values(&g->project, source));
	return true;
}

bool
given_parameter_file(struct given *g, struct slice path)
{
	const struct value *v;
	uint32_t source;

	if (!open_source(g, path, &source))
		return false;
	if ((v = cloudformation_parameters(&g->project, source)) == NULL && g->project.problem_count == 0)
		v = arm_parameters(&g->project, source);
	if (v != NULL)
		add_all(g, &g->parameters, v);
	else if (g->project.problem_count == 0)
		project_problem(&g->project, project_span(&g->project, source, 0, 0),
		    "neither parameters of CloudFormation nor of ARM");
	return true;
}

/* ---- settings ---- */

static bool
each_file(struct given *g, const struct value *v, bool (*add)(struct given *, struct slice))
{
	bool good = true;

	if (v->kind == VALUE_STRING)
		return add(g, v->text);
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		good = v->items[i]->kind == VALUE_STRING && add(g, v->items[i]->text) && good;
	return good;
}

bool
given_settings(struct given *g, const struct value *settings, char *const *environment)
{
	if (value_path(settings, "terraform_environment")->boolean)
		given_environment(g, environment);
	add_all(g, &g->variables, value_moved(g->project.arena, value_path(settings, "var"), nowhere));
	return each_file(g, value_path(settings, "var_file"), given_variable_file)
	    && each_file(g, value_path(settings, "parameters"), given_parameter_file);
}

/* ---- handing over ---- */

void
given_hand(const struct given *g, struct project *p)
{
	struct source_twin *twins = arena_array(p->arena, g->project.source_count + 1u, sizeof *twins);
	struct value_copier c;

	for (uint32_t i = 0; i < g->project.source_count; i++) {
		const struct source *s = &g->project.sources[i];

		twins[i] = (struct source_twin){ project_add_source(p, s->path, s->text), s->text, s->text };
	}
	value_copier_init(&c, p->arena, p->arena, twins, g->project.source_count);
	p->environment = value_copy(&c, g->environment);
	p->variables = value_copy(&c, g->variables);
	p->parameters = value_copy(&c, g->parameters);
}
