/* detect.c -- see detect.h.
 *
 * Names decide where they can.  Else the keys on the first level are gathered as a set
 * of marks, without parsing: YAML by its indentation, JSON by its brackets. */
#include "iac/detect.h"

#include "base/attr.h"

enum mark {
	API_VERSION = 1 << 0, KIND = 1 << 1, ITEMS = 1 << 2, AWS_FORMAT = 1 << 3, RESOURCES = 1 << 4,
	AWS_TYPE = 1 << 5, ARM_SCHEMA = 1 << 6, PLAN_FORMAT = 1 << 7, PLAN_VALUES = 1 << 8,
	SERVICES = 1 << 9, CONTAINER = 1 << 10, LIST = 1 << 11, PLAY = 1 << 12, CLOUD_CONFIG = 1 << 13,
	FROM = 1 << 14, CONFIG = 1 << 15,
};

struct word {
	struct slice text;
	unsigned     mark;
};

static const struct word keys[] = {
	{ SLICE_INIT("apiVersion"), API_VERSION }, { SLICE_INIT("kind"), KIND },
	{ SLICE_INIT("items"), ITEMS }, { SLICE_INIT("AWSTemplateFormatVersion"), AWS_FORMAT },
	{ SLICE_INIT("Resources"), RESOURCES }, { SLICE_INIT("format_version"), PLAN_FORMAT },
	{ SLICE_INIT("planned_values"), PLAN_VALUES }, { SLICE_INIT("terraform_version"), PLAN_VALUES },
	{ SLICE_INIT("services"), SERVICES },
};

/* Keys of an Ansible play or task. */
static const struct word play_keys[] = {
	{ SLICE_INIT("hosts"), PLAY }, { SLICE_INIT("tasks"), PLAY }, { SLICE_INIT("roles"), PLAY },
	{ SLICE_INIT("import_playbook"), PLAY }, { SLICE_INIT("include_tasks"), PLAY },
	{ SLICE_INIT("import_tasks"), PLAY }, { SLICE_INIT("include_role"), PLAY },
	{ SLICE_INIT("set_fact"), PLAY }, { SLICE_INIT("apt"), PLAY }, { SLICE_INIT("yum"), PLAY },
	{ SLICE_INIT("dnf"), PLAY }, { SLICE_INIT("package"), PLAY }, { SLICE_INIT("copy"), PLAY },
	{ SLICE_INIT("file"), PLAY }, { SLICE_INIT("template"), PLAY }, { SLICE_INIT("shell"), PLAY },
	{ SLICE_INIT("command"), PLAY }, { SLICE_INIT("service"), PLAY }, { SLICE_INIT("systemd"), PLAY },
	{ SLICE_INIT("lineinfile"), PLAY }, { SLICE_INIT("blockinfile"), PLAY },
	{ SLICE_INIT("user"), PLAY }, { SLICE_INIT("group"), PLAY }, { SLICE_INIT("get_url"), PLAY },
	{ SLICE_INIT("uri"), PLAY }, { SLICE_INIT("git"), PLAY }, { SLICE_INIT("pip"), PLAY },
	{ SLICE_INIT("unarchive"), PLAY }, { SLICE_INIT("cron"), PLAY }, { SLICE_INIT("become"), PLAY },
	{ SLICE_INIT("block"), PLAY },
};

/* Anywhere in the text. */
static const struct word texts[] = {
	{ SLICE_INIT("AWS::"), AWS_TYPE }, { SLICE_INIT("eploymentTemplate.json"), ARM_SCHEMA },
	{ SLICE_INIT("image"), CONTAINER }, { SLICE_INIT("build"), CONTAINER },
};

static unsigned
lookup(const struct word *table, size_t count, struct slice text)
{
	for (size_t i = 0; i < count; i++)
		if (slice_eq(table[i].text, text))
			return table[i].mark;
	return 0;
}

/* A module with its collection: "ansible.builtin.copy". */
static unsigned
play_mark(struct slice key)
{
	size_t dot = slice_find(key, '.');
	struct slice rest = slice_sub(key, dot + 1, key.len);

	if (dot > 0 && dot < key.len && slice_find(rest, '.') < rest.len && slice_find(key, ' ') == key.len)
		return PLAY;
	return lookup(play_keys, COUNT_OF(play_keys), key);
}

/* What stands before ':' on a line, without quotes; empty when nothing does. */
static struct slice
key_of(struct slice line)
{
	struct slice key = slice_sub(line, 0, slice_find(line, ':'));

	if (key.len == line.len)
		return SLICE("");
	key = slice_trim(key);
	if (key.len > 1 && (key.ptr[0] == '"' || key.ptr[0] == '\''))
		key = slice_sub(key, 1, key.len - 2);
	return key;
}

struct lines {
	unsigned marks;
	size_t   column;                /* of the keys of a list's maps, 0: no list yet */
	bool     begun;
};

static void
yaml_line(struct lines *l, struct slice line)
{
	size_t column = 0;

	if (slice_starts(line, SLICE("#cloud-config")) && !l->begun)
		l->marks |= CLOUD_CONFIG;
	if (slice_trim(line).len == 0 || line.ptr[0] == '#' || line.ptr[0] == '%'
	    || slice_starts(line, SLICE("---")))
		return;
	while (column < line.len && (line.ptr[column] == ' ' || (line.ptr[column] == '-' && column == 0)))
		column++;
	if (!l->begun && line.ptr[0] == '-')
		l->marks |= LIST;
	if (line.ptr[0] == '-' && (l->marks & LIST) != 0)
		l->column = column;
	l->begun = true;
	if (column == 0)
		l->marks |= lookup(keys, COUNT_OF(keys), key_of(line));
	else if (column == l->column)
		l->marks |= play_mark(key_of(slice_sub(line, column, line.len)));
}

static unsigned
yaml_marks(struct slice text)
{
	struct lines l = { 0 };

	while (text.len > 0)
		yaml_line(&l, slice_cut(&text, '\n'));
	return l.marks;
}

/* The end of a string that begins at `i`, behind its quote. */
static size_t
string_end(struct slice text, size_t i)
{
	for (i++; i < text.len && text.ptr[i] != '"'; i++)
		i += text.ptr[i] == '\\';
	return i < text.len ? i + 1 : text.len;
}

static unsigned
json_marks(struct slice text)
{
	unsigned marks = 0;
	int depth = 0;

	for (size_t i = 0, end; i < text.len; i++) {
		char c = text.ptr[i];

		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		if (c != '"')
			continue;
		end = string_end(text, i);
		if (depth == 1 && end > i + 1)
			marks |= lookup(keys, COUNT_OF(keys), slice_sub(text, i + 1, end - i - 2));
		i = end - 1;
	}
	return marks;
}

static unsigned
docker_marks(struct slice text)
{
	while (text.len > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));

		if (slice_eq_nocase(slice_sub(line, 0, 5), SLICE("from "))
		    || slice_eq_nocase(slice_sub(line, 0, 5), SLICE("from\t")))
			return FROM;
	}
	return 0;
}

/* Sections of ansible.cfg. */
static unsigned
config_marks(struct slice text)
{
	while (text.len > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));

		if (slice_is(line, "[defaults]") || slice_is(line, "[galaxy]") || slice_is(line, "[privilege_escalation]")
		    || slice_is(line, "[ssh_connection]"))
			return CONFIG;
	}
	return 0;
}

static unsigned
text_marks(struct slice text)
{
	unsigned marks = 0;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (text.len > 0 && memmem(text.ptr, text.len, texts[i].text.ptr, texts[i].text.len) != NULL)
			marks |= texts[i].mark;
	return marks;
}

enum look { ANY_TEXT, DOCUMENT, DOCKER_TEXT, CONFIG_TEXT, LOOKS };

/* The first row that fits decides.  Empty: anything. */
static const struct row {
	struct slice  prefix, suffix;   /* of the name, in small letters */
	enum look     look;
	unsigned      marks;            /* all of them */
	enum language language;
} rows[] = {
	{ SLICE_INIT(""), SLICE_INIT(".tf"), ANY_TEXT, 0, LANGUAGE_TERRAFORM },
	{ SLICE_INIT(""), SLICE_INIT(".tf.json"), ANY_TEXT, 0, LANGUAGE_TERRAFORM },
	{ SLICE_INIT(""), SLICE_INIT(".tfvars"), ANY_TEXT, 0, LANGUAGE_TERRAFORM },
	{ SLICE_INIT(""), SLICE_INIT(".tfvars.json"), ANY_TEXT, 0, LANGUAGE_TERRAFORM },
	{ SLICE_INIT(""), SLICE_INIT(".tofu"), ANY_TEXT, 0, LANGUAGE_TERRAFORM },
	{ SLICE_INIT(""), SLICE_INIT(".tofu.json"), ANY_TEXT, 0, LANGUAGE_TERRAFORM },
	{ SLICE_INIT(""), SLICE_INIT(".bicep"), ANY_TEXT, 0, LANGUAGE_ARM },
	{ SLICE_INIT(""), SLICE_INIT(".dockerfile"), ANY_TEXT, 0, LANGUAGE_DOCKERFILE },
	{ SLICE_INIT("dockerfile"), SLICE_INIT("dockerfile"), ANY_TEXT, 0, LANGUAGE_DOCKERFILE },
	{ SLICE_INIT("dockerfile"), SLICE_INIT(""), DOCKER_TEXT, FROM, LANGUAGE_DOCKERFILE },
	{ SLICE_INIT("containerfile"), SLICE_INIT(""), DOCKER_TEXT, FROM, LANGUAGE_DOCKERFILE },
	{ SLICE_INIT("chart.yaml"), SLICE_INIT("chart.yaml"), ANY_TEXT, 0, LANGUAGE_KUBERNETES },
	{ SLICE_INIT("kustomization.yaml"), SLICE_INIT("kustomization.yaml"), ANY_TEXT, 0, LANGUAGE_KUBERNETES },
	{ SLICE_INIT("kustomization.yml"), SLICE_INIT("kustomization.yml"), ANY_TEXT, 0, LANGUAGE_KUBERNETES },
	{ SLICE_INIT("kustomization"), SLICE_INIT("kustomization"), ANY_TEXT, 0, LANGUAGE_KUBERNETES },
	{ SLICE_INIT(""), SLICE_INIT(".cfg"), CONFIG_TEXT, CONFIG, LANGUAGE_ANSIBLE },
	{ SLICE_INIT("docker-compose"), SLICE_INIT(".yml"), ANY_TEXT, 0, LANGUAGE_COMPOSE },
	{ SLICE_INIT("docker-compose"), SLICE_INIT(".yaml"), ANY_TEXT, 0, LANGUAGE_COMPOSE },
	{ SLICE_INIT("compose."), SLICE_INIT(".yml"), ANY_TEXT, 0, LANGUAGE_COMPOSE },
	{ SLICE_INIT("compose."), SLICE_INIT(".yaml"), ANY_TEXT, 0, LANGUAGE_COMPOSE },
	{ SLICE_INIT(""), SLICE_INIT(""), DOCUMENT, CLOUD_CONFIG, LANGUAGE_CLOUD_INIT },
	{ SLICE_INIT(""), SLICE_INIT(""), DOCUMENT, API_VERSION | KIND, LANGUAGE_KUBERNETES },
	{ SLICE_INIT(""), SLICE_INIT(""), DOCUMENT, API_VERSION | ITEMS, LANGUAGE_KUBERNETES },
	{ SLICE_INIT(""), SLICE_INIT(""), DOCUMENT, AWS_FORMAT, LANGUAGE_CLOUDFORMATION },
	{ SLICE_INIT(""), SLICE_INIT(""), DOCUMENT, RESOURCES | AWS_TYPE, LANGUAGE_CLOUDFORMATION },
	{ SLICE_INIT(""), SLICE_INIT(".json"), DOCUMENT, ARM_SCHEMA, LANGUAGE_ARM },
	{ SLICE_INIT(""), SLICE_INIT(".json"), DOCUMENT, PLAN_FORMAT | PLAN_VALUES,
	    LANGUAGE_TERRAFORM_PLAN },
	{ SLICE_INIT(""), SLICE_INIT(""), DOCUMENT, SERVICES | CONTAINER, LANGUAGE_COMPOSE },
	{ SLICE_INIT(""), SLICE_INIT(""), DOCUMENT, LIST | PLAY, LANGUAGE_ANSIBLE },
};

/* YAML and JSON by the end of the name; others only when the text begins like one. */
static bool
is_document(struct slice name, struct slice text)
{
	return slice_ends(name, SLICE(".yml")) || slice_ends(name, SLICE(".yaml"))
	    || slice_ends(name, SLICE(".json")) || slice_ends(name, SLICE(".template"))
	    || slice_starts(text, SLICE("#cloud-config")) || slice_find(name, '.') == name.len;
}

static unsigned
marks_of(struct slice name, struct slice text, enum look look)
{
	struct slice start = slice_trim(slice_sub(text, 0, 4096));

	if (look == ANY_TEXT)
		return 0;
	if (look == DOCKER_TEXT)
		return docker_marks(text);
	if (look == CONFIG_TEXT)
		return config_marks(text);
	if (!is_document(name, text))
		return 0;
	if (slice_starts(start, SLICE("{")) && !slice_starts(start, SLICE("{{")))
		return json_marks(text) | text_marks(text);
	return slice_ends(name, SLICE(".json")) ? text_marks(text) : yaml_marks(text) | text_marks(text);
}

#define NAME_BYTES 256

/* The last part of a path in small letters. */
static struct slice
small_name(struct slice path, char *out)
{
	size_t from = path.len, n;

	while (from > 0 && path.ptr[from - 1] != '/')
		from--;
	if (path.len - from > NAME_BYTES)
		from = path.len - NAME_BYTES;
	for (n = 0; from + n < path.len; n++) {
		char c = path.ptr[from + n];

		out[n] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return slice_make(out, n);
}

#define PLAIN_BYTES 32768

/* The ASCII of UTF-16, as far as there is room; other texts as they are. */
static struct slice
without_zeros(struct slice text, char *plain)
{
	size_t n = 0;

	if (!slice_starts(text, SLICE("\xfe\xff")) && !slice_starts(text, SLICE("\xff\xfe")))
		return text;
	for (size_t i = 2; i < text.len && n < PLAIN_BYTES; i++)
		if (text.ptr[i] != '\0')
			plain[n++] = text.ptr[i];
	return slice_make(plain, n);
}

bool
detect_language(struct slice path, struct slice text, enum language *language)
{
	char small[NAME_BYTES], plain[PLAIN_BYTES];
	struct slice name = small_name(path, small);
	unsigned marks[LOOKS] = { 0 };
	bool known[LOOKS] = { false };

	text = without_zeros(slice_sub(text, 0, DETECT_BYTES), plain);
	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_sub(text, 3, text.len);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];

		if (!slice_starts(name, r->prefix) || !slice_ends(name, r->suffix))
			continue;
		if (!known[r->look])
			marks[r->look] = marks_of(name, text, r->look);
		known[r->look] = true;
		if ((marks[r->look] & r->marks) == r->marks) {
			*language = r->language;
			return true;
		}
	}
	return false;
}
