/* document.h -- YAML and JSON texts as values that know where they stand.
 *
 * Both readers take a source of the project and give values in its arena.  They never
 * stop the scan: what cannot be read becomes a problem with its place, and what stood
 * before it is kept.  Both return whether the whole source was read without a problem.
 *
 * Promises, checked by number in document_test.c:
 *  (1) A YAML text is accepted exactly when libyaml accepts it, save for what follows.
 *  (2) Aliases are shared, not copied, and counted as if they were copied: a source
 *      whose values would be more than DOCUMENT_NODES, or deeper than DOCUMENT_DEPTH,
 *      is refused.  So whoever walks a value needs no limit of their own.
 *  (3) A key that comes twice in a map is a problem; the later value is kept.
 *  (4) Keys are text, as written ("on", "8080"); a key that is a list or a map is the
 *      text of the source.
 *  (5) CloudFormation's short tags become what they are short for: `!Ref x` is the map
 *      {"Ref": x}, `!Sub x` is {"Fn::Sub": x}.  Other tags of applications are ignored.
 *  (6) Compose's `!reset` and `!override` are the `why` of the value: document_reset,
 *      document_override.
 *  (7) An aliased value stands where its anchor does: that is where it is mended. */
#ifndef IAC_DOCUMENT_H
#define IAC_DOCUMENT_H

#include "base/limits.h"
#include "iac/project.h"

#define DOCUMENT_BYTES      ((uint32_t)limits_default.of[LIMIT_SCAN_BYTES])
#define DOCUMENT_NODES      ((uint32_t)limits_default.of[LIMIT_SCAN_NODES])     /* YAML, after aliases */
#define DOCUMENT_DEPTH      ((uint32_t)limits_default.of[LIMIT_SCAN_DEPTH])
#define DOCUMENT_JSON_NODES SCAN_LIMIT(JSON_NODES)
#define DOCUMENT_JSON_DEPTH SCAN_LIMIT(JSON_DEPTH)

/* What `yes`, `0644` and `1_000` mean: text in the core schema, else a truth and two
 * numbers.  Kubernetes, CloudFormation and Ansible read 1.1; Compose reads 1.2. */
enum yaml_schema { YAML_1_2_CORE, YAML_1_1 };

extern const struct why document_reset, document_override;

/* All documents of a stream; an empty stream has none. */
bool document_yaml(struct project *, uint32_t source, enum yaml_schema,
    const struct value ***documents, uint32_t *count);

/* RFC 8259.  ARM templates may also hold comments of both kinds. */
enum json_dialect { JSON_STRICT, JSON_WITH_COMMENTS };

/* `*document` is the null value when the text breaks the grammar. */
bool document_json(struct project *, uint32_t source, enum json_dialect,
    const struct value **document);

/* What a scalar without quotes means. */
const struct value *document_scalar(struct arena *, struct span, struct slice text,
    enum yaml_schema);

#endif
