/* unbuilt.c -- see unbuilt.h. */
#include "iac/unbuilt.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/document.h"
#include "iac/files.h"

static int
by_bytes(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static bool
is_among(const struct slice *sorted, uint32_t count, struct slice one)
{
	return count > 0 && bsearch(&one, sorted, count, sizeof one, by_bytes) != NULL;
}

static bool
is_named(struct slice path, const char *name)
{
	return slice_is(slice_sub(path, files_prefix(path).len, path.len), name);
}

static void
note(struct unbuilt *u, struct span span, const char *message)
{
	project_problem(u->project, span, message);
	u->project->problems[u->project->problem_count - 1].note = true;
}

/* ---- charts ---- */

/* In the templates or the charts of a chart. */
static bool
is_in_chart(const struct unbuilt *u, struct slice path)
{
	for (size_t i = 0; i <= path.len && u->chart_count > 0; i++) {
		struct slice rest = slice_sub(path, i, path.len);

		if ((i == 0 || path.ptr[i - 1] == '/')
		    && (slice_starts(rest, SLICE("templates/")) || slice_starts(rest, SLICE("charts/")))
		    && is_among(u->charts, u->chart_count, slice_sub(path, 0, i)))
			return true;
	}
	return false;
}

static void
find_charts(struct unbuilt *u, const uint32_t *sources, uint32_t count)
{
	const struct project *p = u->project;

	u->charts = arena_array(p->arena, count + 1u, sizeof *u->charts);
	for (uint32_t i = 0; i < count; i++)
		if (is_named(p->sources[sources[i]].path, "Chart.yaml"))
			u->charts[u->chart_count++] = files_prefix(p->sources[sources[i]].path);
	if (u->chart_count > 0)
		qsort(u->charts, u->chart_count, sizeof *u->charts, by_bytes);
}

static void
tell_chart(struct unbuilt *u, uint32_t source)
{
	struct project *p = u->project;
	struct slice path = p->sources[source].path;

	if (is_named(path, "Chart.yaml") && !is_in_chart(u, path)
	    && files_inside(p->arena, u->root, files_join(p->arena, files_directory(path), SLICE("templates"))))
		note(u, project_span(p, source, 0, 0), "a Helm chart is not rendered here: scan the output of `helm template`");
}

/* ---- kustomizations ---- */

static void
add_patch(struct unbuilt *u, struct slice directory, const struct value *path)
{
	struct arena *a = u->project->arena;
	uint32_t before = u->patch_room;

	if (path->kind != VALUE_STRING || memchr(path->text.ptr, '\n', path->text.len) != NULL)
		return;
	if (u->patch_count == before) {
		u->patch_room = before == 0 ? 16 : before * 2;
		u->patches = arena_grow(a, u->patches, before * sizeof *u->patches, u->patch_room * sizeof *u->patches);
	}
	u->patches[u->patch_count++] = files_join(a, directory, path->text);
}

/* `patches: [{path: x}]`, `patchesStrategicMerge: [x]`; texts of several lines are patches themselves. */
static void
add_patches(struct unbuilt *u, struct slice directory, const struct value *list)
{
	for (uint32_t i = 0; list->kind == VALUE_LIST && i < list->count; i++) {
		add_patch(u, directory, list->items[i]);
		add_patch(u, directory, value_member(list->items[i], SLICE("path")));
	}
}

/* Members that change nothing in what they name. */
static bool
is_plain(struct slice member)
{
	static const char *const plain[] = { "apiVersion", "kind", "metadata", "resources", "bases" };

	for (size_t i = 0; i < COUNT_OF(plain); i++)
		if (slice_is(member, plain[i]))
			return true;
	return false;
}

static void
read_kustomization(struct unbuilt *u, uint32_t source, const struct value *v)
{
	struct slice directory = files_directory(u->project->sources[source].path);
	bool told = false;

	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++) {
		if (!told && !is_plain(v->members[i].key))
			note(u, v->members[i].key_span,
			    "a kustomization is not built here: scan the output of `kustomize build`");
		told = told || !is_plain(v->members[i].key);
	}
	add_patches(u, directory, value_member(v, SLICE("patches")));
	add_patches(u, directory, value_member(v, SLICE("patchesStrategicMerge")));
}

static bool
is_kustomization(struct slice path)
{
	return is_named(path, "kustomization.yaml") || is_named(path, "kustomization.yml") || is_named(path, "Kustomization");
}

/* Objects of others (of Flux) may lie in a file of that name. */
static void
find_kustomization(struct unbuilt *u, uint32_t source)
{
	struct project *p = u->project;
	const struct value **documents = NULL;
	uint32_t count = 0, before = p->problem_count;
	struct slice version;

	if (!is_kustomization(p->sources[source].path))
		return;
	document_yaml(p, source, YAML_1_1, &documents, &count);
	p->problem_count = before;              /* they are told when it is read */
	if (count == 0)
		return;
	version = value_member(documents[0], SLICE("apiVersion"))->text;
	if (version.len == 0 || slice_starts(version, SLICE("kustomize.config.k8s.io/")))
		read_kustomization(u, source, documents[0]);
}

/* ---- all ---- */

void
unbuilt_find(struct unbuilt *u, struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	*u = (struct unbuilt){ .project = p, .root = root };
	find_charts(u, sources, count);
	for (uint32_t i = 0; i < count; i++) {
		tell_chart(u, sources[i]);
		find_kustomization(u, sources[i]);
	}
	if (u->patch_count > 0)
		qsort(u->patches, u->patch_count, sizeof *u->patches, by_bytes);
}

bool
unbuilt_holds(const struct unbuilt *u, uint32_t source)
{
	const struct source *s = &u->project->sources[source];

	if (is_in_chart(u, s->path) && memmem(s->text.ptr, s->text.len, "{{", 2) != NULL)
		return true;
	return u->patch_count > 0
	    && is_among(u->patches, u->patch_count, files_join(u->project->arena, SLICE("."), s->path));
}
