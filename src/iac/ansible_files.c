/* ansible_files.c -- see ansible_files.h. */
#include "iac/ansible_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "iac/document.h"
#include "iac/files.h"

static int
by_path(const void *a, const void *b)
{
	return slice_cmp((*(struct ansible_file *const *)a)->path, (*(struct ansible_file *const *)b)->path);
}

static struct ansible_file *
new_file(struct arena *a, struct slice path, uint32_t source)
{
	struct ansible_file *f = arena_alloc(a, sizeof *f);

	*f = (struct ansible_file){ .path = path, .source = source };
	return f;
}

/* In its place among the others. */
static struct ansible_file *
add(struct ansible_files *f, uint32_t at, struct slice path, uint32_t source)
{
	uint32_t before = f->room;

	if (f->count == before) {
		f->room = before == 0 ? 64 : before * 2;
		f->list = arena_grow(f->project->arena, f->list, before * sizeof *f->list, f->room * sizeof *f->list);
	}
	memmove(&f->list[at + 1], &f->list[at], (f->count++ - at) * sizeof *f->list);
	return f->list[at] = new_file(f->project->arena, path, source);
}

/* Where a path is, or would be. */
static uint32_t
place_of(const struct ansible_files *f, struct slice path)
{
	uint32_t low = 0, high = f->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (slice_cmp(f->list[middle]->path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
ansible_files_init(struct ansible_files *f, struct project *p, const uint32_t *sources, uint32_t count, struct slice root)
{
	*f = (struct ansible_files){ .project = p, .root = root, .room = count + 64 };
	f->list = arena_array(p->arena, f->room, sizeof *f->list);
	for (uint32_t i = 0; i < count; i++)
		f->list[f->count++] = new_file(p->arena, files_join(p->arena, SLICE("."), p->sources[sources[i]].path),
		    sources[i]);
	if (count > 0)
		qsort(f->list, count, sizeof *f->list, by_path);
}

static struct ansible_file *
find_exactly(struct ansible_files *f, struct slice path)
{
	uint32_t at = place_of(f, path);
	struct slice text;

	if (at < f->count && slice_eq(f->list[at]->path, path))
		return f->list[at];
	if (!files_text(f->project->arena, f->root, path, &text))
		return NULL;
	return add(f, at, path, project_add_source(f->project, path, text));
}

struct ansible_file *
ansible_files_find(struct ansible_files *f, struct slice directory, struct slice name)
{
	static const char *const endings[] = { "", ".yml", ".yaml" };
	struct ansible_file *found = NULL;

	for (size_t i = 0; i < COUNT_OF(endings) && found == NULL && name.len > 0 && name.len < 1000; i++) {
		char text[1024];

		snprintf(text, sizeof text, "%.*s%s", SLICE_FMT(name), endings[i]);
		found = find_exactly(f, files_join(f->project->arena, directory, slice_of(text)));
	}
	return found;
}

const struct value *
ansible_files_document(struct ansible_files *f, struct ansible_file *file)
{
	if (!file->parsed)
		document_yaml(f->project, file->source, YAML_1_1, &file->documents, &file->document_count);
	file->parsed = true;
	return file->document_count > 0 ? file->documents[0] : &value_null;
}

const struct value *
ansible_files_variables(struct ansible_files *f, struct slice directory, struct slice name)
{
	struct ansible_file *file = ansible_files_find(f, directory, name);
	const struct value *v = file == NULL ? &value_null : ansible_files_document(f, file);

	return v->kind == VALUE_MAP ? v : &value_null;
}

struct slice
ansible_files_role(struct ansible_files *f, struct slice directory, struct slice name)
{
	static const char *const places[] = { "roles/", "../roles/", "../", "../../roles/", "" };

	for (size_t i = 0; i < COUNT_OF(places) && name.len > 0 && name.len < 1000; i++) {
		char text[1024];
		struct slice role;

		snprintf(text, sizeof text, "%s%.*s", places[i], SLICE_FMT(name));
		role = files_join(f->project->arena, directory, slice_of(text));
		if (ansible_files_find(f, role, SLICE("tasks/main")) != NULL
		    || ansible_files_find(f, role, SLICE("meta/main")) != NULL)
			return role;
	}
	return SLICE("");
}
