/* rule.h -- rules and views as HCL files: what docs/scan-rules.md describes, read.
 *
 * Files of the binary are read first, then those the user adds; all together are one
 * `struct rules`.  Their sources stand in front of every project that is scanned with them
 * (rules_attach()), so a span whose source is below `source_count` is a place in a rule,
 * never one in the user's files.  Rules live in their arena and are never changed. */
#ifndef IAC_RULE_H
#define IAC_RULE_H

#include "iac/hcl.h"
#include "iac/rule_index.h"

enum severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };

extern const char *const severity_names[4];

/* The eleven controls of the FHIR security page, in its order. */
struct control {
	const char *key;                /* "time-keeping" */
	const char *title;
	const char *prefix;             /* of rule ids: "TIME" */
	const char *not_visible;        /* what no file of infrastructure can show */
};
enum { CONTROL_COUNT = 11 };
extern const struct control scan_controls[CONTROL_COUNT];

/* Names with values that expressions may use: `let` and `locals`. */
struct rule_names {
	const struct hcl_attribute *list;
	uint32_t                    count;
};

struct rule;

/* One `on` block. */
struct rule_check {
	const struct rule *rule;
	struct slice       id;                  /* "FB-COMM-001/aws_lb_listener" */
	const struct hcl_block *block;
	struct rule_names  lets;
	const struct hcl_expression *when, *fail, *at, *message, *fix;  /* all but fail may be NULL */
	const struct value *peers;              /* list of texts, or null */
};

enum example_kind { EXAMPLE_FAIL, EXAMPLE_PASS, EXAMPLE_UNKNOWN };

struct rule_example {
	enum example_kind kind;
	struct slice language;                  /* "terraform" */
	struct slice text;
	struct span  span;
};

/* A block of a rule file that is parsed when it is needed. */
struct rule_source {
	uint32_t          source;
	uint32_t          file;         /* index in files */
	struct rule_part *parts;        /* labels of `on` or `from` */
	uint32_t          part_count;
	bool              parsed;
};

struct rule {
	struct rule_source text;
	struct slice  id, title, advice;
	uint32_t      control;                  /* index in scan_controls[] */
	enum severity severity;
	bool          conceals;                 /* is about secrets: reports show no values */
	const struct value *cites, *peers;      /* lists of texts; peers may be null */
	struct rule_names lets;
	struct rule_check   *checks;
	struct rule_example *examples;
	uint32_t      check_count, example_count;
	struct span   span;
};

/* A `from` block of a view: rows made of resources of some types. */
struct view_source {
	const struct hcl_block *block;
	struct rule_names  lets, fields;
	const struct hcl_expression *when, *each;       /* may be NULL */
	uint32_t           file;
};

struct view {
	struct slice        name;
	struct view_source *sources;            /* those that were needed so far */
	uint32_t            source_count;
	struct rule_source *texts;              /* a view may be spread over files */
	uint32_t            text_count;
};

struct rule_file {
	struct rule_names locals;
};

struct rules {
	struct project    project;              /* holds the sources and what is wrong with them */
	struct rule      *rules;
	struct view      *views;
	struct rule_file *files;
	uint32_t          rule_count, view_count, file_count, rule_room, view_room, file_room;
	const struct value *settings;           /* of the user: a map; `config` in rules */
};

/* The rules of the binary.  Rules and views are parsed when they are needed; `whole`: with their
 * examples. */
void rules_init(struct rules *, struct arena *, const struct env *, bool whole);
/* One more file; what is wrong with it is a problem of rules->project. */
void rules_add(struct rules *, struct slice path, struct slice text);
/* The user's settings, attributes of HCL: `disable`, `severity`, and what rules read as config.x. */
void rules_configure(struct rules *, struct slice path, struct slice text);
bool rules_disabled(const struct rules *, const struct rule *);
/* Parses one, all, or what may apply where these types are. */
void rules_need(struct rules *, struct rule *);
void rules_need_all(struct rules *);
void rules_need_types(struct rules *, bool (*has)(void *ctx, struct slice type), void *ctx);
/* Types of Azure are the same in any case of letters: they are written as the rules write them. */
void rules_spell_types(const struct rules *, struct project *);
/* An empty project whose first sources are those of the rules. */
void rules_attach(const struct rules *, struct project *, struct arena *);
struct rule *rules_find(const struct rules *, struct slice id);
const struct view *rules_view(const struct rules *, struct slice name);

/* The texts in the binary: with examples, and without; of these the index is made when it is built. */
struct rule_text {
	struct slice             path, whole, bare;
	const struct rule_block *blocks;
	uint32_t                 block_count;
};
extern const struct rule_text rule_texts[];
extern const size_t rule_text_count;

#endif
