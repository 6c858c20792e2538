/* conf.c -- see conf.h. */
#include "iac/conf.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "iac/hcl.h"

enum { LINES_MAX = 20000, DEPTH_MAX = 20 };

static struct span
place(const struct conf *c, struct slice part, struct slice whole)
{
	uint32_t start = (uint32_t)(part.ptr - whole.ptr);

	return c->places == NULL ? c->span : places_span(c->places, start, start + (uint32_t)part.len);
}

/* The next word of a line; *rest is what follows it. */
static struct slice
word(struct slice *rest)
{
	struct slice t = slice_trim(*rest);
	size_t i = 0;

	while (i < t.len && t.ptr[i] != ' ' && t.ptr[i] != '\t')
		i++;
	*rest = slice_sub(t, i, t.len);
	return slice_sub(t, 0, i);
}

static void
put(struct hcl_map *m, const char *key, struct span at, const struct value *v)
{
	hcl_map_add(m, slice_of(key), at, v);
}

/* ---- time ---- */

/* Options of a server that take a value. */
static bool
takes_value(struct slice option)
{
	static const char *const flags[] = { "iburst", "burst", "nts", "prefer", "noselect", "trust",
		"require", "xleave", "auto_offline", "offline", "copy", "autokey", "dynamic", "true", "preempt" };

	for (size_t i = 0; i < COUNT_OF(flags); i++)
		if (slice_is(option, flags[i]))
			return false;
	return true;
}

static const struct value *
options(const struct conf *c, struct slice rest, struct span at)
{
	struct hcl_map m = { .arena = c->arena };
	struct slice option;

	while ((option = word(&rest)).len > 0)
		hcl_map_add(&m, option, at, takes_value(option) ? value_string(c->arena, at, word(&rest))
		    : value_bool(c->arena, at, true));
	return hcl_map_end(&m, at);
}

static void
add_server(const struct conf *c, struct value_builder *servers, struct slice kind, struct slice rest,
    struct span at)
{
	struct hcl_map m = { .arena = c->arena };

	put(&m, "kind", at, value_string(c->arena, at, kind));
	put(&m, "address", at, value_string(c->arena, at, word(&rest)));
	put(&m, "options", at, options(c, rest, at));
	value_append(servers, hcl_map_end(&m, at));
}

/* timesyncd: NTP=a b */
static void
add_servers(const struct conf *c, struct value_builder *servers, struct slice list, struct span at)
{
	struct slice one;

	while ((one = word(&list)).len > 0)
		add_server(c, servers, SLICE("server"), one, at);
}

static bool
is_server(struct slice name)
{
	return slice_is(name, "server") || slice_is(name, "pool") || slice_is(name, "peer")
	    || slice_is(name, "refclock");
}

static void
add_directive(const struct conf *c, struct hcl_map *map, struct slice name, struct slice rest,
    struct span at)
{
	const struct value *line = value_string(c->arena, at, rest);
	struct value_builder b;

	for (uint32_t i = 0; i < map->count; i++)
		if (slice_eq(map->members[i].key, name)) {
			const struct value *before = map->members[i].value;

			value_begin(&b, c->arena, VALUE_LIST, before->span);
			for (uint32_t k = 0; k < before->count && k < 100; k++)
				value_append(&b, before->items[k]);
			value_append(&b, line);
			map->members[i].value = value_end(&b);
			return;
		}
	value_begin(&b, c->arena, VALUE_LIST, at);
	value_append(&b, line);
	if (map->count < 1000)
		hcl_map_add(map, name, at, value_end(&b));
}

const struct value *
conf_time(const struct conf *c, struct slice text)
{
	struct hcl_map map = { .arena = c->arena }, directives = { .arena = c->arena };
	struct value_builder servers;
	struct slice rest = text;

	value_begin(&servers, c->arena, VALUE_LIST, c->span);
	for (uint32_t n = 0; rest.len > 0 && n < LINES_MAX; n++) {
		struct slice line = slice_trim(slice_cut(&rest, '\n')), after = line, name;
		struct span at = place(c, line, text);

		if (line.len == 0 || strchr("#!;%[", line.ptr[0]) != NULL)
			continue;
		if (slice_find(line, '=') < slice_find(line, ' ')) {
			name = slice_cut(&after, '=');
			if (slice_is(name, "NTP"))
				add_servers(c, &servers, after, at);
		} else {
			name = word(&after);
			if (is_server(name))
				add_server(c, &servers, name, after, at);
		}
		add_directive(c, &directives, name, slice_trim(after), at);
	}
	put(&map, "servers", c->span, value_end(&servers));
	put(&map, "directives", c->span, hcl_map_end(&directives, c->span));
	return hcl_map_end(&map, c->span);
}

/* ---- nginx ---- */

struct nginx {
	const struct conf *conf;
	struct slice       text;
	size_t             at;
	uint32_t           depth, count;
};

static void
skip(struct nginx *n)
{
	while (n->at < n->text.len) {
		char c = n->text.ptr[n->at];

		if (c == '#')
			n->at += slice_find(slice_sub(n->text, n->at, n->text.len), '\n');
		else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			n->at++;
		else
			break;
	}
}

/* A word, quoted or not; empty before ';', '{' and '}'. */
static struct slice
argument(struct nginx *n)
{
	size_t start;
	char quote;
	struct slice s;

	skip(n);
	start = n->at;
	quote = n->at < n->text.len && (n->text.ptr[n->at] == '"' || n->text.ptr[n->at] == '\'')
	    ? n->text.ptr[n->at] : '\0';
	if (quote != '\0') {
		for (n->at++; n->at < n->text.len && n->text.ptr[n->at] != quote; n->at++)
			n->at += n->text.ptr[n->at] == '\\';
		n->at = n->at < n->text.len ? n->at : n->text.len;
		s = slice_sub(n->text, start + 1, n->at - start - 1);
		n->at += n->at < n->text.len;
		return s;
	}
	while (n->at < n->text.len && strchr(" \t\r\n;{}", n->text.ptr[n->at]) == NULL) {
		/* ${variable} */
		if (n->text.ptr[n->at] == '$' && n->at + 1 < n->text.len && n->text.ptr[n->at + 1] == '{')
			n->at += slice_find(slice_sub(n->text, n->at, n->text.len), '}');
		n->at++;
	}
	n->at = n->at < n->text.len ? n->at : n->text.len;
	return slice_sub(n->text, start, n->at - start);
}

static const struct value *block(struct nginx *);

static const struct value *
directive(struct nginx *n)
{
	const struct conf *c = n->conf;
	struct hcl_map m = { .arena = c->arena };
	struct value_builder b;
	struct slice name = argument(n), one;
	struct span at = place(c, name.len > 0 ? name : slice_sub(n->text, n->at, 0), n->text);

	value_begin(&b, c->arena, VALUE_LIST, at);
	for (skip(n); n->at < n->text.len && strchr(";{}", n->text.ptr[n->at]) == NULL; skip(n)) {
		size_t before = n->at;

		one = argument(n);
		if (n->at == before)
			break;
		value_append(&b, value_string(c->arena, place(c, one, n->text), one));
	}
	put(&m, "name", at, value_string(c->arena, at, name));
	put(&m, "arguments", at, value_end(&b));
	if (n->at < n->text.len && n->text.ptr[n->at] == '{') {
		n->at++;
		put(&m, "block", at, block(n));
	} else if (n->at < n->text.len && n->text.ptr[n->at] == ';') {
		n->at++;
	}
	return hcl_map_end(&m, at);
}

/* Up to its '}' or the end. */
static const struct value *
block(struct nginx *n)
{
	struct value_builder b;

	value_begin(&b, n->conf->arena, VALUE_LIST, n->conf->span);
	n->depth++;
	for (skip(n); n->at < n->text.len && n->text.ptr[n->at] != '}' && n->count < LINES_MAX; skip(n)) {
		size_t before = n->at;

		n->count++;
		if (n->depth > DEPTH_MAX)
			break;
		value_append(&b, directive(n));
		n->at += n->at == before;
	}
	n->at += n->at < n->text.len;
	n->depth--;
	return value_end(&b);
}

const struct value *
conf_nginx(const struct conf *c, struct slice text)
{
	struct nginx n = { .conf = c, .text = text };

	return block(&n);
}

/* ---- ini ---- */

/* Adds to the last value: lines that begin with a blank go on. */
static void
go_on(const struct conf *c, struct hcl_map *section, struct slice line)
{
	struct value *last = section->count == 0 ? NULL
	    : (struct value *)(uintptr_t)section->members[section->count - 1].value;
	struct buf b;

	if (last == NULL || last->text.len > 65536)
		return;
	buf_init(&b, c->arena, last->text.len + line.len + 1);
	buf_add(&b, last->text);
	buf_add_char(&b, '\n');
	buf_add(&b, line);
	last->text = buf_slice(&b);
}

const struct value *
conf_ini(const struct conf *c, struct slice text)
{
	struct hcl_map all = { .arena = c->arena }, section = { .arena = c->arena };
	struct slice rest = text, name = SLICE("");
	struct span head = c->span;

	for (uint32_t n = 0; rest.len > 0 && n < LINES_MAX; n++) {
		struct slice raw = slice_cut(&rest, '\n'), line = slice_trim(raw), key, v;

		if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
			continue;
		if (line.ptr[0] == '[') {
			if (section.count > 0 || name.len > 0)
				hcl_map_add(&all, name, head, hcl_map_end(&section, head));
			section = (struct hcl_map){ .arena = c->arena };
			name = slice_sub(line, 1, slice_find(line, ']') - 1);
			head = place(c, line, text);
			continue;
		}
		if (raw.ptr[0] == ' ' || raw.ptr[0] == '\t') {
			go_on(c, &section, line);
			continue;
		}
		v = line;
		key = slice_find(line, '=') <= slice_find(line, ':') ? slice_cut(&v, '=') : slice_cut(&v, ':');
		hcl_map_add(&section, slice_trim(key), place(c, line, text), value_string(c->arena,
		    place(c, line, text), v.ptr == NULL ? SLICE("") : slice_trim(v)));
	}
	if (section.count > 0 || name.len > 0)
		hcl_map_add(&all, name, head, hcl_map_end(&section, head));
	return hcl_map_end(&all, c->span);
}
