/* options.h -- the configuration, D/firebreak.yaml, as one table.
 *
 * Each row is a key, its type, default, range, the control it belongs to and
 * what it means; parser, `firebreak config explain` and this struct are made of
 * it, and every row of limits.h is a key too.  A key that is not in the table, an
 * ill-typed or out-of-range value, a repeated key, an alias or an anchor refuse
 * to start, with line and column.
 *
 * A setting that weakens a control must be justified in the same file:
 *     justifications:
 *       clock.mode: "why" */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/slice.h"

struct arena;
struct buf;
struct env;
struct outcome;

struct option_list {
	struct slice *at;
	size_t        count;
};

/* field, key, kind, default, least, most, control, weakens, meaning.  For TEXT
 * and LIST the default is text ("|" between items); `most` 2 and up: one of the
 * words between parentheses in the meaning. */
#define OPTIONS(X)                                                                                  \
	X(server_listen,       "server.listen",       TEXT, "127.0.0.1:8443", 0, 0, "Communications Security", false, \
	    "address and port of the FHIR listener")                                                    \
	X(server_admin_listen, "server.admin_listen", TEXT, "127.0.0.1:9443", 0, 0, "Communications Security", false, \
	    "address and port of the operator's listener: health, controls, metrics")                   \
	X(server_base_url,     "server.base_url",     TEXT, "https://localhost:8443/fhir", 0, 0, "Communications Security", false, \
	    "the FHIR base that clients use; links and tokens are made with it")                        \
	X(server_hosts,        "server.hosts",        LIST, "localhost:8443|127.0.0.1:8443", 0, 0, "Communications Security", false, \
	    "values of Host that are ours; others are answered with 421")                               \
	X(server_origins,      "server.origins",      LIST, "", 0, 0, "Communications Security", false, \
	    "origins of browser applications that may call (CORS)")                                     \
	X(server_loops,        "server.loops",        INT,  "0", 0, 64, "Communications Security", false, \
	    "event loops; 0 is one for each processor")                                                 \
	X(clock_mode,          "clock.mode",          TEXT, "kernel", 0, 2, "Time Keeping", true,       \
	    "who vouches for the clock (kernel attested)")                                              \
	X(clock_max_error_ms,  "clock.max_error_ms",  INT,  "1000", 1, 60000, "Time Keeping", false,    \
	    "largest error bound of the clock at which patient data flows, in milliseconds")            \
	X(clock_peer_skew,     "clock.peer_skew",     INT,  "300", 1, 3600, "Time Keeping", false,      \
	    "how far the Date header of a request may be off, in seconds")                              \
	X(token_ttl,           "token.ttl",           INT,  "3600", 60, 86400, "Authentication", false, \
	    "life of an access token, in seconds")                                                      \
	X(store_kind,          "store.kind",          TEXT, "sqlite", 0, 2, "Data Management Policies", false, \
	    "where resources are kept (sqlite memory)")                                                 \
	X(store_sync_normal,   "store.sync_normal",   BOOL, "false", 0, 0, "Audit", true,               \
	    "do not sync each commit: a power cut may lose acknowledged writes")                        \
	X(rest_conditional_delete, "rest.conditional_delete", TEXT, "single", 0, 2, "Data Management Policies", false, \
	    "what DELETE with search criteria may remove; several up to limits.delete_matches (single multiple)") \
	X(attachments_scanner, "attachments.scanner", TEXT, "clamd:/run/clamav/clamd.ctl", 0, 0, "Attachments", true, \
	    "what looks for malware before content is stored: clamd:SOCKET, or none")                   \
	X(attachments_signature_days, "attachments.signature_days", INT, "7", 0, 365, "Attachments", true, \
	    "days after which the scanner's signatures are too old; 0: their age is not asked for")     \
	X(attachments_policy,  "attachments.policy",  TEXT, "refuse", 0, 2, "Attachments", false,       \
	    "what becomes of content that is infected or cannot be scanned (refuse quarantine)")        \
	X(attachments_recheck_hours, "attachments.recheck_hours", INT, "168", 0, 8760, "Attachments", false, \
	    "hours after which what is stored is inspected again, and whenever the scanner has other signatures; 0: never") \
	X(attachments_types,   "attachments.types",   LIST, "application/pdf|image/png|image/jpeg|image/tiff|" \
	    "application/dicom|text/plain|application/hl7-cda+xml|text/xml|application/xml|audio/mpeg|" \
	    "video/mp4|application/fhir+json|application/fhir+xml", 0, 0, "Attachments", false,         \
	    "media types that an attachment or Binary may have")                                        \
	X(attachments_url_hosts, "attachments.url_hosts", LIST, "", 0, 0, "Attachments", false,         \
	    "https hosts that Attachment.url may name beside Binaries of this server; never fetched")   \
	X(validation_profiles, "validation.profiles", LIST, "", 0, 0, "Input Validation", false,        \
	    "canonical urls of profiles that every resource of their type must have")                   \
	X(validation_modifiers, "validation.modifier_extensions", LIST, "", 0, 0, "Input Validation", false, \
	    "urls of modifier extensions that all readers here understand; others are refused")         \
	X(references_dangling, "references.dangling", TEXT, "refuse", 0, 2, "Input Validation", false,  \
	    "a reference to what is not here, or not for the writer to see (refuse accept)")            \
	X(search_strict,       "search.strict",       BOOL, "true", 0, 0, "Input Validation", false,    \
	    "refuse searches with unknown parameters unless the client prefers otherwise")              \
	X(narrative_mode,      "narrative.mode",      TEXT, "reject", 0, 2, "Narrative", false,         \
	    "what becomes of a narrative that is not of the XHTML that is allowed (reject sanitise)")   \
	X(narrative_links,     "narrative.links",     TEXT, "web", 0, 2, "Narrative", false,            \
	    "where links of a narrative may lead, https: only when secure (web secure)")                \
	X(narrative_images,    "narrative.images",    TEXT, "embedded", 0, 2, "Narrative", true,        \
	    "images of a narrative; remote ones tell their host who is read about (embedded remote)")   \
	X(narrative_generate,  "narrative.generate",  TEXT, "never", 0, 3, "Narrative", false,          \
	    "when what is read gets a narrative made of its elements; where elements were taken out, always (never missing always)") \
	X(narrative_recheck,   "narrative.recheck",   BOOL, "false", 0, 0, "Narrative", false,          \
	    "check narratives when they are read, too: for stores from before they were checked on writing") \
	X(narrative_html,      "narrative.html",      BOOL, "false", 0, 0, "Narrative", false,          \
	    "answer Accept: text/html with a page of narrative and JSON, in a sandbox")

#define OPTION_TYPE_TEXT struct slice
#define OPTION_TYPE_LIST struct option_list
#define OPTION_TYPE_INT  int64_t
#define OPTION_TYPE_BOOL bool

struct options {
#define X(field, key, kind, ...) OPTION_TYPE_##kind field;
	OPTIONS(X)
#undef X
	struct limits limits;
	struct option_list weakened;    /* keys of settings that weaken a control, all justified */
};

/* The table's defaults; lists in the arena. */
void options_default(struct arena *, struct options *);

/* Values live in the arena.  A file that is not there gives FAULT_UNAVAILABLE. */
MUST_USE bool options_load(const struct env *, const char *path, struct arena *, struct options *,
    struct outcome *);
MUST_USE bool options_parse(struct slice yaml, struct arena *, struct options *, struct outcome *);

/* Every key with default, control and meaning, as text. */
void options_explain(struct buf *);

#endif
