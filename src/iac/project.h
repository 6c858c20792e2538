/* project.h -- what was read: sources, the resources in them, what could not be parsed.
 *
 * A front-end takes one source (Terraform: one directory of them) and adds resources.
 * It never stops the scan: what cannot be parsed becomes a problem with line and column,
 * and the rest of the file, where the grammar allows, is still read. */
#ifndef IAC_PROJECT_H
#define IAC_PROJECT_H

#include "base/limits.h"
#include "iac/value.h"

/* A row of base/limits.h: SCAN_LIMIT(FILES). */
#define SCAN_LIMIT(name) ((uint32_t)limits_default.of[LIMIT_SCAN_##name])

struct arena;
struct env;
struct hcl_body;

enum language {
	LANGUAGE_TERRAFORM, LANGUAGE_TERRAFORM_PLAN, LANGUAGE_CLOUDFORMATION, LANGUAGE_KUBERNETES,
	LANGUAGE_COMPOSE, LANGUAGE_DOCKERFILE, LANGUAGE_ARM, LANGUAGE_ANSIBLE, LANGUAGE_CLOUD_INIT,
};

struct source {
	struct slice  path;             /* as given on the command line, then '/' and names */
	struct slice  text;             /* the whole file */
	const struct hcl_body *tree;    /* what hcl_parse() made of it: a module is parsed once */
	bool          tree_is_good;
	uint32_t      line;             /* where the text begins in its file, when it is a part; 0 is 1 */
};

/* An address a value or resource points to ("aws_s3_bucket.data", a logical id, a name). */
struct reference {
	struct slice address;
	struct slice attribute;         /* path of the attribute that holds it: "bucket" */
	struct span  span;
};

struct resource {
	enum language       language;
	struct slice        address;    /* "module.a.aws_lb.front[0]", "Deployment/web", "service.web" */
	struct slice        module;     /* "module.a", or empty for the root */
	struct slice        type;       /* "aws_lb", "AWS::EC2::Instance", "Deployment", "service" */
	struct slice        name;
	/* Raw, with their own names.  Terraform: nested blocks are lists of maps under the block's
	 * type; "lifecycle", "provisioner" and "depends_on" are there as members too. */
	const struct value *attributes;
	struct reference   *references;
	uint32_t            reference_count;
	struct span         span;       /* from the first byte of the block to its last */
	struct span         head;       /* the line that names it */
	uint32_t            unit;       /* what was read together: addresses are unique in it */
};

/* A source or a part of it that could not be parsed; or, a note, that is not read although it is right. */
struct problem {
	struct span  span;
	struct slice message;           /* made from the grammar, never from the text */
	bool         note;              /* scan_run() makes a notice of it */
};

struct project {
	struct arena    *arena;
	const struct env *env;
	struct source   *sources;
	uint32_t         source_count, source_room;
	struct resource *resources;
	uint32_t         resource_count, resource_room;
	struct problem  *problems;
	uint32_t         problem_count, problem_room;
	bool             full;          /* some resources are left out */
	/* What the user gives, maps or null (given.h): TF_VAR_x, variables of root modules, parameters of templates. */
	const struct value *environment, *variables, *parameters;
};

void             project_init(struct project *, struct arena *, const struct env *);
/* UTF-16 with a mark of its order becomes UTF-8: all places are places in that. */
uint32_t         project_add_source(struct project *, struct slice path, struct slice text);
struct resource *project_add_resource(struct project *);
/* No more are to be added: a problem says so, once. */
bool             project_is_full(struct project *, struct span);
void             project_problem(struct project *, struct span, const char *message);

/* Line and column of bytes [start, end) of a source. */
struct span project_span(const struct project *, uint32_t source, uint32_t start, uint32_t end);

#endif
