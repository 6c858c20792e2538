/* limits.h -- every bound on what comes from outside, in one table.
 *
 * Parsers take their limits from here; the configuration may lower or raise a
 * row up to its ceiling.  `firebreak config explain` prints them. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>

/* symbol, configuration key, default, ceiling, unit and meaning */
#define LIMITS(X)                                                                                   \
	X(REQUEST_LINE,   "limits.request_line",      8192,     65536,      "bytes of method, URI and version (414)")   \
	X(HEADER,         "limits.header",            8192,     65536,      "bytes of one header field (431)")          \
	X(HEADERS,        "limits.headers",           32768,    262144,     "bytes of all header fields (431)")         \
	X(HEADER_COUNT,   "limits.header_count",      100,      1000,       "header fields (431)")                      \
	X(BODY,           "limits.body",              31457280, 268435456,  "bytes of a resource (413)")                \
	X(BUNDLE_BODY,    "limits.bundle_body",       67108864, 1073741824, "bytes of a Bundle (413)")                  \
	X(HEAD_SECONDS,   "limits.head_seconds",      10,       60,         "seconds for the header section (408)")     \
	X(IDLE_SECONDS,   "limits.idle_seconds",      75,       3600,       "seconds a connection may idle")            \
	X(RATE_FLOOR,     "limits.rate_floor",        1024,     1048576,    "bytes a second that a body must keep (408), and who takes an answer") \
	X(CONNECTIONS,    "limits.connections",       10000,    100000,     "open connections")                         \
	X(STREAMS,        "limits.streams",           100,      1000,       "concurrent HTTP/2 streams of a connection") \
	X(RESETS,         "limits.resets",            200,      10000,      "HTTP/2 resets of a connection per 10 seconds") \
	X(JSON_DEPTH,     "limits.json_depth",        64,       512,        "nested arrays and objects (400)")          \
	X(JSON_NODES,     "limits.json_nodes",        200000,   16777216,   "values of a resource (413)")               \
	X(BUNDLE_NODES,   "limits.bundle_nodes",      8000000,  67108864,   "values of a Bundle (413)")                 \
	X(JSON_NUMBER,    "limits.json_number",       64,       4096,       "characters of a number (400)")             \
	X(JSON_KEY,       "limits.json_key",          256,      4096,       "bytes of a property name (400)")           \
	X(XML_DEPTH,      "limits.xml_depth",         64,       512,        "nested XML elements (400)")                \
	X(XML_ATTRIBUTES, "limits.xml_attributes",    32,       1024,       "attributes of an XML element (400)")       \
	X(NARRATIVE_BYTES, "limits.narrative_bytes", 2097152, 16777216, "bytes of a narrative (422)")                 \
	X(NARRATIVE_DEPTH, "limits.narrative_depth", 64,      400,        "nested elements of a narrative (422)")      \
	X(NARRATIVE_ELEMENTS, "limits.narrative_elements", 250000, 4000000, "elements of a narrative (422)")           \
	X(NARRATIVE_ATTRIBUTES, "limits.narrative_attributes", 50, 1000,  "attributes of an element of a narrative (422)") \
	X(ARRAY_ITEMS,    "limits.array_items",       20000,    1000000,    "items of an array in a resource (422)")    \
	X(STRING_BYTES,   "limits.string_bytes",      1048576,  16777216,   "bytes of a FHIR string (422)")             \
	X(CONTAINED,      "limits.contained",         256,      10000,      "contained resources (422)")                \
	X(BUNDLE_ENTRIES, "limits.bundle_entries",    5000,     100000,     "entries of a Bundle (413)")                \
	X(BUNDLE_READ_MS, "limits.bundle_read_ms",    1000,     60000,      "milliseconds that the writer waits for the reads of a transaction (422)") \
	X(PATCH_OPERATIONS, "limits.patch_operations", 500,    10000,      "operations of a patch (413)")              \
	X(DELETE_MATCHES, "limits.delete_matches",    100,      10000,      "resources of a conditional delete (412)")  \
	X(SEARCH_PARAMS,  "limits.search_parameters", 64,       1024,       "search parameters of a request (400)")     \
	X(SEARCH_VALUES,  "limits.search_values",     256,      10000,      "values of one parameter (400)")            \
	X(SEARCH_LINKS,   "limits.search_links",      8,        32,         "links of a chain or _has (400)")           \
	X(SEARCH_CLAUSES, "limits.search_clauses",    512,      10000,      "tests that one parameter becomes (400)")   \
	X(SEARCH_CODES,   "limits.search_codes",      20000,    1000000,    "codes of a value set in a search (400)")   \
	X(SEARCH_BODIES,  "limits.search_bodies",     50000,    10000000,   "resources whose text a search reads (400)") \
	X(CUSTOM_PARAMS,  "limits.custom_parameters", 2000,     100000,     "custom search parameters, counted by type (422)") \
	X(INCLUDES,       "limits.includes",          1000,     100000,     "resources included on a page")             \
	X(PAGE,           "limits.page",              500,      10000,      "entries of a page, _count is cut to it")   \
	X(FHIRPATH_STEPS, "limits.fhirpath_steps",    1000000,  100000000,  "evaluation steps of an expression (422)")  \
	X(FHIRPATH_ITEMS, "limits.fhirpath_items",    100000,   10000000,   "items of a collection (422)")              \
	X(FHIRPATH_MEMORY, "limits.fhirpath_memory",  134217728, 4294967296, "bytes that an evaluation takes (422)")    \
	X(FHIRPATH_DEPTH, "limits.fhirpath_depth",    100,      1000,       "nesting of an expression (400)")           \
	X(FHIRPATH_TEXT,  "limits.fhirpath_text",     65536,    1048576,    "bytes of an expression (400)")             \
	X(TERMINOLOGY_STEPS, "limits.terminology_steps", 2000000, 1000000000, "concepts that a terminology request may look at (422)") \
	X(EXPANSION,      "limits.expansion",         50000,    10000000,   "members of an expanded value set (422)")   \
	X(EXTENSION_DEPTH,"limits.extension_depth",   8,        64,         "extensions within one another (422)")      \
	X(PROFILES,       "limits.profiles",          64,       1024,       "profiles that a resource claims (422)")    \
	X(REFERENCES,     "limits.references",        5000,     1000000,    "references of a resource, and conditions in those of a transaction, that are looked up (422, 413)") \
	X(PROFILE_STEPS,  "limits.profile_steps",     200000,   100000000,  "rules of profiles applied to a resource (422)") \
	X(ATTACHMENT,     "limits.attachment",        26214400, 1073741824, "bytes of an attachment or Binary, decoded (413)") \
	X(ATTACHMENTS,    "limits.attachments",       256,      10000,      "attachments of a resource (422)")          \
	X(IMAGE_PIXELS,   "limits.image_pixels",      100000000, 4294967296, "pixels of an image (422)")                \
	X(ARCHIVE_BYTES,  "limits.archive_bytes",     104857600, 4294967296, "bytes that an archive unpacks to (422)") \
	X(ARCHIVE_RATIO,  "limits.archive_ratio",     100,      1000,       "times its own size that an archive unpacks to (422)") \
	X(SCAN_SECONDS,   "limits.scan_seconds",      60,       600,        "seconds that the malware scanner may take (503)") \
	X(MAGIC_SECONDS,  "limits.magic_seconds",     5,        60,         "seconds that recognising a type may take (503)") \
	X(SCAN_THREADS,   "limits.scan_threads",      4,        64,         "contents that are inspected at a time")    \
	X(PACKAGE_BYTES,  "limits.package_bytes",     536870912, 2147483647, "bytes of a package, unpacked (413)")      \
	X(PACKAGE_FILES,  "limits.package_files",     50000,    1000000,    "files of a package (413)")                 \
	X(BULK_JOBS,      "limits.bulk_jobs",         64,       10000,      "exports that are kept (429)")              \
	X(BULK_JOBS_OF_CLIENT, "limits.bulk_jobs_of_client", 8, 1000,       "exports of one client that are kept (429)") \
	X(BULK_THREADS,   "limits.bulk_threads",      1,        16,         "exports that are worked at at a time")     \
	X(BULK_FILE,      "limits.bulk_file",         33554432, 1073741824, "bytes after which an export begins another file") \
	X(BULK_SECONDS,   "limits.bulk_seconds",      86400,    2592000,    "seconds for which a finished export is kept") \
	X(BULK_FILTERS,   "limits.bulk_filters",      64,       1000,       "_typeFilter, _elements or patients of an export (400)") \
	X(TOKEN,          "limits.token",             8192,     65536,      "bytes of an access token (401)")           \
	X(WRITE_QUEUE,    "limits.write_queue",       10000,    1000000,    "commits waiting for the writer (503)")     \
	X(AUDIT_QUEUE,    "limits.audit_queue",       10000,    1000000,    "audit records waiting to be durable (503)") \
	X(SCAN_BYTES,     "limits.scan_bytes",        67108864, 268435456,  "bytes of a YAML or JSON file that is scanned")      \
	X(SCAN_NODES,     "limits.scan_nodes",        1000000,  16777216,   "values of a YAML file, aliases counted as copies")  \
	X(SCAN_DEPTH,     "limits.scan_depth",        100,      200,        "nested collections of a YAML file")                 \
	X(SCAN_STEPS,     "limits.scan_steps",        20000000, 1000000000, "expressions that are evaluated for a root module")  \
	X(SCAN_TEXT,      "limits.scan_text",         268435456, 1073741824, "bytes of all texts that its expressions make")     \
	X(SCAN_MEMORY,    "limits.scan_memory",       536870912, 4294967296, "bytes that its evaluation takes") \
	X(SCAN_FILES,          "limits.scan_files", 200000, 10000000, "files of a scan") \
	X(SCAN_TOTAL,          "limits.scan_total", 536870912, 4294967296, "bytes of all files of a scan") \
	X(SCAN_SOURCE,         "limits.scan_source", 4194304, 67108864, "bytes of a file of Terraform, of Bicep, of a Dockerfile, or one that another names") \
	X(SCAN_MODULE,         "limits.scan_module", 16777216, 268435456, "bytes of the files of a root module with all that it calls") \
	X(SCAN_DIRECTORIES,    "limits.scan_directories", 64, 1000, "directories in one another") \
	X(SCAN_JSON_NODES,     "limits.scan_json_nodes", 1500000, 16777216, "values of a JSON file") \
	X(SCAN_JSON_DEPTH,     "limits.scan_json_depth", 200, 400, "nested collections of a JSON file") \
	X(SCAN_SYNTAX,         "limits.scan_syntax", 200, 400, "nested blocks and brackets of HCL") \
	X(SCAN_INSTANCES,      "limits.scan_instances", 1000, 100000, "instances of a resource or module (count, for_each)") \
	X(SCAN_MODULES,        "limits.scan_modules", 2000, 100000, "module calls of a root module") \
	X(SCAN_NESTING,        "limits.scan_nesting", 20, 100, "modules or Compose files in one another") \
	X(SCAN_TEMPLATES,      "limits.scan_templates", 200, 10000, "templates that a template holds or names") \
	X(SCAN_TEMPLATE_STEPS, "limits.scan_template_steps", 1500000, 100000000, "evaluations of a template of CloudFormation") \
	X(SCAN_RESOURCES,      "limits.scan_resources", 100000, 10000000, "resources of a root module, template or plan") \
	X(SCAN_STATEMENTS,     "limits.scan_statements", 20000, 1000000, "statements of a Bicep file") \
	X(SCAN_INSTRUCTIONS,   "limits.scan_instructions", 100000, 1000000, "instructions of a Dockerfile") \
	X(SCAN_TASKS,          "limits.scan_tasks", 50000, 1000000, "tasks of a playbook") \
	X(SCAN_COMMANDS,       "limits.scan_commands", 20000, 1000000, "commands of a script") \
	X(SCAN_EXPANDED,       "limits.scan_expanded", 16777216, 268435456, "bytes of the texts that variables of a file expand to") \
	X(SCAN_REGEX_STEPS,    "limits.scan_regex_steps", 200000, 10000000, "steps of a match of a regular expression") \
	X(SCAN_SUPPRESSIONS,   "limits.scan_suppressions", 10000, 1000000, "comments in a file that suppress findings; more are not honoured")

enum limit {
#define X(sym, ...) LIMIT_##sym,
	LIMITS(X)
#undef X
	LIMIT_COUNT
};

struct limit_row {
	const char *symbol, *key;
	size_t      initial, ceiling;
	const char *meaning;
};

extern const struct limit_row limit_rows[LIMIT_COUNT];

struct limits {
	size_t of[LIMIT_COUNT];
};

/* The table's defaults. */
extern const struct limits limits_default;

#endif
