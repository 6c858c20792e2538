/* ansible_files.h -- the files around a playbook: roles, included tasks, variables.
 *
 * Files of the scan are known by their path; others are looked for inside the root.  Each is parsed once,
 * and what was read by way of another is remembered: it is not read on its own. */
#ifndef IAC_ANSIBLE_FILES_H
#define IAC_ANSIBLE_FILES_H

#include "iac/project.h"

struct ansible_file {
	struct slice         path;              /* without "./" */
	uint32_t             source;
	bool                 parsed, used;      /* used: it was read by way of another */
	const struct value **documents;
	uint32_t             document_count;
};

struct ansible_files {
	struct project *project;
	struct slice    root;
	struct ansible_file **list;             /* by path */
	uint32_t        count, room;
};

void ansible_files_init(struct ansible_files *, struct project *, const uint32_t *sources, uint32_t count,
    struct slice root_directory);

/* The one that stands at `name` seen from `directory`, as it is or with .yml or .yaml behind it; NULL: none. */
struct ansible_file *ansible_files_find(struct ansible_files *, struct slice directory, struct slice name);

/* Its first document, or null; parsed when it is asked for. */
const struct value *ansible_files_document(struct ansible_files *, struct ansible_file *);

/* The map that a file of variables holds; null when there is no such file. */
const struct value *ansible_files_variables(struct ansible_files *, struct slice directory, struct slice name);

/* The directory of a role that a play names; empty: it is not here. */
struct slice ansible_files_role(struct ansible_files *, struct slice directory, struct slice name);

#endif
