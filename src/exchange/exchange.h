/* exchange.h -- one request and its answer, from the head to the last byte.
 *
 * Fields stand in the order in which the path fills them; each is written by
 * one stage and only read by later ones.  An entry of a batch or transaction
 * is an exchange of its own, with the outer one as its parent and in its arena. */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "attachment/content.h"
#include "attachment/probe.h"
#include "audit/audit.h"
#include "base/buf.h"
#include "base/numbers.h"
#include "base/outcome.h"
#include "base/slice.h"
#include "http/http.h"
#include "json/json.h"
#include "store/store.h"

struct exchange;
struct interaction;
struct names;
struct permit;
struct principal;
struct service;
struct xml_places;

/* What belongs to one thread: never shared, so never locked. */
struct worker {
	const struct service *service;
	struct store_reader  *reader;
	struct token_cache   *tokens;
};

/* A resource that came in. */
struct resource {
	const struct type *type;
	struct json        json;        /* its own text and tape */
	uint32_t           node;        /* where it begins; the root but in a Bundle */
};

/* What the entries of a transaction know of each other.  Patients that it makes: other entries may refer to them
 * before they are in the store. */
struct transaction {
	int64_t instant;                /* of all its versions; 0: none is prepared yet */
	struct fresh_patient {
		struct slice id;
		int64_t      compartment;
	} *patients;
	uint32_t count;
	struct names *targets;          /* "Type/id" of all that it writes; NULL before that is known */
	/* The text that a patch has made, with its links to entries replaced. */
	struct slice (*link)(void *ctx, struct exchange *, struct slice text);
	void        *ctx;
	struct custom_params *parameters;       /* search parameters as its entries so far make them; NULL: none did */
};

#define EXCHANGE_HEADERS 40

/* One audit record to be. */
struct exchange_event {
	struct audit_event     event;
	struct buf             patients;        /* event.patient while it grows */
	struct exchange_event *next;
};

/* Content in memory that is to be written into a file, once it was judged; or one in a file that is
 * to be judged anew. */
struct kept_content {
	struct content       *from;
	struct store_content *file;
	bool                  again;
	struct kept_content  *next;
};

/* A body that went into a file as it came. */
struct uploaded {
	struct content        content;
	enum probed          finding;
	struct store_content *file;     /* NULL: it could not be written */
};

/* An answer made of content in a file: some of its bytes, or all of them as base64 with
 * something around them.  Or of what `next` makes, piece after piece, `length` bytes in all. */
struct exchange_stream {
	bool       (*next)(void *ctx, struct arena *, struct slice *piece);     /* NULL: content */
	void        *ctx;
	const struct store_content *content;
	int          fd;                /* of its file */
	uint64_t     from, length;      /* bytes of the content */
	bool         base64;
	struct slice before, after;     /* with base64 */
};
uint64_t exchange_stream_bytes(const struct exchange_stream *);         /* as sent */

struct exchange {
	struct arena   *arena;          /* owns everything below */
	struct worker  *worker;
	const struct service *service;
	struct exchange *parent;        /* of an entry of a Bundle; else NULL */
	struct outcome  outcome;

	/* http */
	struct slice  method, path, query, peer;
	const struct http_header *headers;
	size_t        header_count;
	struct slice  content;          /* the body as it came */

	/* negotiation: how the answer is to be written */
	bool          as_xml, as_html, pretty;
	bool          format_asked;     /* by _format, so that links must say it again */
	bool          unacceptable;     /* in no form that there is */
	struct slice  converted;        /* the body as JSON, when it came as XML; or empty */
	const struct xml_places *places;/* of its values in the XML; NULL: not known */

	/* time, audit */
	int64_t       received;         /* ms since 1970 */
	struct slice  request_id;

	/* route */
	const struct interaction *interaction;  /* NULL: none, and why: */
	enum fault    misrouted;
	const struct type *type;
	struct slice  id, version;
	const struct type *within;      /* of a search in a compartment: its type; `id` is whose */
	struct slice  operation;        /* name without the $, or empty */

	/* authentication, authorization */
	struct principal *who;          /* NULL is nobody */
	const struct permit    *permit; /* NULL is no */

	/* parse, validation */
	struct resource *body;          /* NULL when the interaction takes none */
	struct slice  patch;            /* a patch that is no resource */
	bool        (*apply)(struct exchange *, struct slice *out);     /* the patch to x->old */

	const struct stored *old;       /* the version that a write replaces, or NULL */
	bool          resolved;         /* a condition was looked up: its match is in `old` */
	struct store_guard *guard;      /* a condition found nothing, and the write leans on it; or NULL */
	struct store_target *targets;   /* what the resource refers to, and is there */
	uint32_t      target_count;
	struct slice  chosen_id;        /* the client's id of a new resource, or empty */
	struct transaction *transaction;/* of an entry, or NULL */

	/* where a write belongs: authorization, resource_in */
	bool          placed;
	struct store_compartment compartment;   /* preset for a transaction's Patient */
	uint32_t      labels;
	int           level;

	/* attachments: bytes that came in, and those of them that go into files, of the whole
	 * request; entries have theirs in the outer one */
	struct content *contents;
	struct kept_content *kept;
	struct store_content *file;     /* of this write: what is kept beside the version; or NULL */
	struct slice  cut_data;         /* a Binary's data as it came, when `file` has it */
	const struct store_quarantine *quarantine;      /* this write goes there, and why; or NULL */
	bool          again;            /* content that was stored is judged anew */
	struct uploaded *uploaded;      /* a body that came through a sink; or NULL */

	/* perform */
	int64_t       row, vid;         /* preset for a transaction's creates; else 0 */
	bool          late;             /* an entry that the writer lets read; a Bundle with such */
	struct store_replay *replay;    /* the request's outcome from before, or to be kept; or NULL */
	struct store_write *write;      /* NULL: nothing is to be written */
	uint32_t      write_count;      /* more than one: of a conditional delete */
	struct store_unit *unit;        /* of a batch entry that writes */
	struct exchange **entries;      /* of a Bundle */
	uint32_t      entry_count;
	struct slice *entry_records;    /* audit records of entries that have no unit of their own */
	uint32_t      entry_record_count;
	bool          keep_ids;         /* import: a POST keeps the resource's own id */
	bool          structure_only;   /* import: validated before, so only the structure is checked */
	const uint8_t *event_id;        /* import: the id of the audit event, made of what is imported */
	struct slice  hidden_reason;    /* for the audit record only */

	/* answer */
	bool          on_pool;          /* runs where it may take its time */
	bool          postponed;        /* is to run there, from the beginning; nothing is answered */
	int           status;
	struct slice  bytes;            /* the body to send; empty for none */
	const struct exchange_stream *stream;   /* instead of bytes; or NULL */
	struct http_header out[EXCHANGE_HEADERS];
	size_t        out_count;
	struct store_commit *commit;    /* to be made before the answer may leave */
	struct exchange_event *events;  /* audit, newest first */
	struct numbers shown;           /* compartments of what the answer shows */
	bool          audited;          /* this interaction touches FHIR data */
	struct slice *records;          /* the events, encoded */
	uint32_t      record_count;
};

/* A request header's value by lower-case name, SLICE_NONE when absent. */
struct slice exchange_header(const struct exchange *, const char *name);
size_t       exchange_header_count(const struct exchange *, const char *name);

/* Add a header to the answer; both must live as long as the arena. */
void exchange_add_header(struct exchange *, const char *name, struct slice value);

/* An entry's exchange: shares arena, worker, principal, permit, request id. */
struct exchange *exchange_entry(struct exchange *parent);

/* Shorthand for outcome_fail_at_once(&x->outcome, ...). */
bool exchange_fail(struct exchange *, enum fault, const char *detail);

/* Is it the operator's own client, bound to no patient, with the grant to choose ids?  No scope makes
 * anybody else that. */
bool exchange_is_operator(const struct exchange *);

/* What a sealed cursor is bound to besides its query: subject, client, patient
 * and scopes of the caller. */
void exchange_write_binding(const struct exchange *, struct buf *);

/* An audit event about this exchange, to be filled further by the caller. */
struct audit_event *exchange_event_add(struct exchange *);

/* The newest event that is of the interaction itself and no alert; made when there is none. */
struct exchange_event *exchange_own_event(struct exchange *);

#endif
