/* kubernetes.c -- see kubernetes.h. */
#include "iac/kubernetes.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/document.h"
#include "iac/host.h"

enum { REFERENCES_MAX = 1000, NAME_MAX_BYTES = 1024 };

/* Where an object names another.  `in`: the member that holds the name, NULL when the value is
 * the name.  `kind`: of what is named; NULL: the member "kind" beside it says it. */
struct pointer {
	struct slice key;
	const char  *in, *kind, *otherwise;
};

static const struct pointer pointers[] = {
	{ SLICE_INIT("serviceAccountName"), NULL, "ServiceAccount", NULL },
	{ SLICE_INIT("configMapKeyRef"), "name", "ConfigMap", NULL },
	{ SLICE_INIT("configMapRef"), "name", "ConfigMap", NULL },
	{ SLICE_INIT("configMap"), "name", "ConfigMap", NULL },
	{ SLICE_INIT("secretKeyRef"), "name", "Secret", NULL },
	{ SLICE_INIT("secretRef"), "name", "Secret", NULL },
	{ SLICE_INIT("secret"), "name", "Secret", NULL },       /* projected volumes */
	{ SLICE_INIT("secretName"), NULL, "Secret", NULL },     /* volumes, Ingress.tls, Certificate */
	{ SLICE_INIT("imagePullSecrets"), "name", "Secret", NULL },
	{ SLICE_INIT("certificateRefs"), "name", NULL, "Secret" },
	{ SLICE_INIT("persistentVolumeClaim"), "claimName", "PersistentVolumeClaim", NULL },
	{ SLICE_INIT("service"), "name", "Service", NULL },
	{ SLICE_INIT("serviceName"), NULL, "Service", NULL },
	{ SLICE_INIT("backendRefs"), "name", NULL, "Service" },
	{ SLICE_INIT("parentRefs"), "name", NULL, "Gateway" },
	{ SLICE_INIT("gatewayClassName"), NULL, "GatewayClass", NULL },
	{ SLICE_INIT("ingressClassName"), NULL, "IngressClass", NULL },
	{ SLICE_INIT("storageClassName"), NULL, "StorageClass", NULL },
	{ SLICE_INIT("priorityClassName"), NULL, "PriorityClass", NULL },
	{ SLICE_INIT("runtimeClassName"), NULL, "RuntimeClass", NULL },
	{ SLICE_INIT("roleRef"), "name", NULL, "Role" },
	{ SLICE_INIT("subjects"), "name", NULL, "ServiceAccount" },
	{ SLICE_INIT("scaleTargetRef"), "name", NULL, "Deployment" },
	{ SLICE_INIT("targetRef"), "name", NULL, "Gateway" },
	{ SLICE_INIT("issuerRef"), "name", NULL, "Issuer" },
};

struct finder {
	struct arena     *arena;
	struct reference *list;
	uint32_t          count, room;
	struct buf        path;
};

static void
refer(struct finder *f, const struct pointer *p, const struct value *named, const struct value *at)
{
	const struct value *kind = value_member(at, SLICE("kind"));
	struct slice type = slice_of(p->kind != NULL ? p->kind : p->otherwise);
	struct buf b;
	uint32_t before = f->room;

	if (named->kind != VALUE_STRING || named->text.len > NAME_MAX_BYTES || f->count == REFERENCES_MAX)
		return;
	if (p->kind == NULL && kind->kind == VALUE_STRING && kind->text.len <= NAME_MAX_BYTES)
		type = kind->text;
	if (f->count == before) {
		f->room = before == 0 ? 4 : before * 2;
		f->list = arena_grow(f->arena, f->list, before * sizeof *f->list, f->room * sizeof *f->list);
	}
	buf_init(&b, f->arena, 4 * NAME_MAX_BYTES);
	buf_printf(&b, "%.*s/%.*s", SLICE_FMT(type), SLICE_FMT(named->text));
	f->list[f->count++] = (struct reference){ buf_slice(&b), slice_dup(buf_slice(&f->path), f->arena),
		named->span };
}

static void
follow(struct finder *f, const struct pointer *p, const struct value *v)
{
	if (p->in == NULL)
		refer(f, p, v, &value_null);
	else if (v->kind == VALUE_MAP)
		refer(f, p, value_member(v, slice_of(p->in)), v);
	else
		for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
			if (v->items[i]->kind == VALUE_MAP)
				refer(f, p, value_member(v->items[i], slice_of(p->in)), v->items[i]);
}

/* A document is bounded in depth and, aliases counted as copies, in size. */
static void
find(struct finder *f, const struct value *v)
{
	size_t before = f->path.len;

	for (uint32_t i = 0; f->count < REFERENCES_MAX && v->kind == VALUE_MAP && i < v->count; i++) {
		const struct member *m = &v->members[i];

		buf_printf(&f->path, "%s%.*s", before > 0 ? "." : "", SLICE_FMT(m->key));
		for (size_t k = 0; k < COUNT_OF(pointers); k++)
			if (slice_eq(pointers[k].key, m->key))
				follow(f, &pointers[k], m->value);
		find(f, m->value);
		f->path.len = before;
		f->path.full = false;
	}
	for (uint32_t i = 0; f->count < REFERENCES_MAX && v->kind == VALUE_LIST && i < v->count; i++) {
		buf_printf(&f->path, "%s%u", before > 0 ? "." : "", i);
		find(f, v->items[i]);
		f->path.len = before;
	}
}

/* What these two hold is text of others, not names of objects. */
static bool
holds_data(struct slice kind)
{
	return slice_is(kind, "ConfigMap") || slice_is(kind, "Secret");
}

static struct slice
text_at(const struct value *v, const char *path)
{
	v = value_path(v, path);
	return v->kind == VALUE_STRING ? slice_sub(v->text, 0, NAME_MAX_BYTES) : SLICE("");
}

bool
kubernetes_is(const struct value *v)
{
	return v->kind == VALUE_MAP && text_at(v, "apiVersion").len > 0 && text_at(v, "kind").len > 0;
}

static struct slice
printed_address(struct arena *a, struct slice kind, struct slice name)
{
	struct buf b;

	buf_init(&b, a, 4 * NAME_MAX_BYTES);
	buf_add(&b, kind);
	if (name.len > 0) {
		buf_add_char(&b, '/');
		buf_add(&b, name);
	}
	return buf_slice(&b);
}

static struct span
head_of(const struct value *v)
{
	const struct value *name = value_path(v, "metadata.name");

	return name->kind == VALUE_STRING ? name->span : value_path(v, "kind")->span;
}

static void
add_object(struct project *p, const struct value *v)
{
	struct slice kind = text_at(v, "kind"), name = text_at(v, "metadata.name");
	struct finder f = { .arena = p->arena };
	struct resource *r;

	if (project_is_full(p, head_of(v)))
		return;
	if (name.len == 0)
		name = text_at(v, "metadata.generateName");
	buf_init(&f.path, p->arena, NAME_MAX_BYTES);
	if (!holds_data(kind))
		find(&f, v);
	r = project_add_resource(p);
	*r = (struct resource){ .language = LANGUAGE_KUBERNETES,
		.address = printed_address(p->arena, kind, name), .module = text_at(v, "metadata.namespace"),
		.type = kind, .name = name, .attributes = v, .references = f.list, .reference_count = f.count,
		.span = v->span, .head = head_of(v) };
}

static bool
is_list(const struct value *v)
{
	return slice_ends(text_at(v, "kind"), SLICE("List"))
	    && value_member(v, SLICE("items"))->kind == VALUE_LIST;
}

static void
add(struct project *p, const struct value *v)
{
	const struct value *items;

	if (!kubernetes_is(v))
		return;
	if (!is_list(v)) {
		add_object(p, v);
		return;
	}
	items = value_member(v, SLICE("items"));
	for (uint32_t i = 0; i < items->count; i++)
		add(p, items->items[i]);
}

/* ---- Helm ---- */

/* The comment before a document: comments, blanks and "---" are walked back over. */
static struct slice
source_comment(struct slice text, uint32_t from)
{
	struct slice mark = SLICE("# Source: ");
	size_t end = from;

	while (end > 0) {
		size_t start = end;
		struct slice line;

		while (start > 0 && text.ptr[start - 1] != '\n')
			start--;
		line = slice_trim(slice_sub(text, start, end - start));
		if (slice_starts(line, mark))
			return slice_trim(slice_sub(line, 2, line.len));
		if (line.len > 0 && line.ptr[0] != '#' && !slice_is(line, "---"))
			break;
		end = start > 0 ? start - 1 : 0;
	}
	return SLICE_NONE;
}

static const struct value *
with_source(struct project *p, uint32_t source, const struct value *v)
{
	struct slice comment = source_comment(p->sources[source].text, v->span.start);
	struct value *copy;
	struct why *why;

	if (comment.len == 0)
		return v;
	copy = arena_alloc(p->arena, sizeof *copy);
	why = arena_alloc(p->arena, sizeof *why);
	*copy = *v;
	*why = (struct why){ .text = comment, .span = v->span, .next = v->why };
	copy->why = why;
	return copy;
}

/* `x: {{ .Values.y }}` is legal YAML: a map whose key is a map. */
static bool
has_template(const struct value *v)
{
	for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++)
		if (slice_starts(v->members[i].key, SLICE("{")) || has_template(v->members[i].value))
			return true;
	for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		if (has_template(v->items[i]))
			return true;
	return false;
}

static bool
contains(struct slice text, const char *needle)
{
	return text.len > 0 && memmem(text.ptr, text.len, needle, strlen(needle)) != NULL;
}

static bool
is_template(const struct project *p, uint32_t source, bool clean, const struct value **documents,
    uint32_t count)
{
	if (!contains(p->sources[source].text, "{{"))
		return false;
	for (uint32_t i = 0; clean && i < count; i++)
		clean = !has_template(documents[i]);
	return !clean;
}

static struct slice
directory_of(const struct project *p, uint32_t source)
{
	struct slice path = p->sources[source].path;

	while (path.len > 0 && path.ptr[path.len - 1] != '/')
		path.len--;
	return path;
}

static void
tell_template(struct project *p, uint32_t source, uint32_t before)
{
	static const char message[] = "templates of Helm are read once rendered: give the output of"
	    " `helm template`";

	p->problem_count = before;
	for (uint32_t i = 0; i < before; i++)
		if (slice_is(p->problems[i].message, message)
		    && slice_eq(directory_of(p, p->problems[i].span.source), directory_of(p, source)))
			return;
	project_problem(p, project_span(p, source, 0, 0), message);
}

/* ---- addresses ---- */

static int
by_address(const void *a, const void *b)
{
	const struct resource *x = *(struct resource *const *)a, *y = *(struct resource *const *)b;
	int order = slice_cmp(x->address, y->address);

	return order != 0 ? order : x < y ? -1 : x > y;
}

static void
rename_run(struct arena *a, struct resource **run, uint32_t count, bool numbered)
{
	struct buf b;

	for (uint32_t i = numbered; i < count && count > 1; i++) {
		if (!numbered && run[i]->module.len == 0)
			continue;
		buf_init(&b, a, 4 * NAME_MAX_BYTES);
		if (numbered)
			buf_printf(&b, "%.*s#%u", SLICE_FMT(run[i]->address), i + 1);
		else
			buf_printf(&b, "%.*s/%.*s", SLICE_FMT(run[i]->module), SLICE_FMT(run[i]->address));
		run[i]->address = buf_slice(&b);
	}
}

/* Twice: first the namespaces, then numbers. */
static void
make_distinct(struct project *p, uint32_t first, bool numbered)
{
	uint32_t count = p->resource_count - first, i, run;
	struct resource **sorted = arena_array(p->arena, count + 1u, sizeof *sorted);

	for (i = 0; i < count; i++)
		sorted[i] = &p->resources[first + i];
	qsort(sorted, count, sizeof *sorted, by_address);
	for (i = 0; i < count; i += run) {
		for (run = 1; i + run < count && slice_eq(sorted[i]->address, sorted[i + run]->address); run++)
			;
		rename_run(p->arena, &sorted[i], run, numbered);
	}
}

static bool
is_json(const struct source *s)
{
	struct slice text = slice_trim(slice_sub(s->text, 0, 1024));

	if (slice_ends(s->path, SLICE(".yaml")) || slice_ends(s->path, SLICE(".yml")))
		return false;
	return slice_ends(s->path, SLICE(".json"))
	    || (slice_starts(text, SLICE("{")) && !slice_starts(text, SLICE("{{")));
}

void
kubernetes_read(struct project *p, uint32_t source)
{
	uint32_t before = p->problem_count, first = p->resource_count, count = 1;
	const struct value *one = &value_null, **documents = &one;
	bool clean;

	if (is_json(&p->sources[source]))
		clean = document_json(p, source, JSON_STRICT, &one);
	else
		clean = document_yaml(p, source, YAML_1_1, &documents, &count);
	if (is_template(p, source, clean, documents, count)) {
		tell_template(p, source, before);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		add(p, with_source(p, source, documents[i]));
	make_distinct(p, first, false);
	make_distinct(p, first, true);
	host_gather(p, first);
}
