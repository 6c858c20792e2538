/* outcome.h -- why something did not go well, in a form a client may read.
 *
 * One list of issues travels with the work from the first byte to the last.
 * The JSON reader, the validator, a control, the store and the IaC analyser
 * all write to it; the server renders it as an OperationOutcome, the CLI as
 * lines of text.  A fallible function returns bool, true to go on, and says
 * why not in the outcome it was handed: "return outcome_fail(...)".
 *
 * What an operator needs and a client must not see (a path, a query, an errno)
 * goes to log.h instead.  `detail` is fixed text or made of definition names:
 * never a value that was read from a request or a store. */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct buf;

/* symbol, HTTP status, severity, R4 issue-type code, what the client is told.
 * Source of the codes: R4 valueset-issue-type. */
#define FAULTS(X)                                                                           \
	X(SYNTAX,          400, "error", "structure",     "The content cannot be read")         \
	X(INVALID,         400, "error", "invalid",       "The request is not valid")           \
	X(BAD_VALUE,       400, "error", "value",         "A value has the wrong form")         \
	X(BAD_PARAMETER,   400, "error", "not-supported", "The search parameter is not supported") \
	X(BAD_SEARCH,      400, "error", "invalid",       "The search parameter is not valid")  \
	X(NOT_SUPPORTED,   400, "error", "not-supported", "This is not supported")              \
	X(TOO_COSTLY,      400, "error", "too-costly",    "The request asks for too much work") \
	X(PEER_CLOCK,      400, "error", "expired",       "The peer clock is wrong")            \
	X(NO_LOGIN,        401, "error", "login",         "Sign in first")                      \
	X(BAD_TOKEN,       401, "error", "unknown",       "The access token is not acceptable") \
	X(TOKEN_EXPIRED,   401, "error", "expired",       "The access token has expired")       \
	X(TOKEN_TWICE,     400, "error", "invalid",       "The access token was sent in a way that is not allowed") \
	X(FORBIDDEN,       403, "error", "forbidden",     "Not permitted")                      \
	X(NO_SUCH,         404, "error", "not-found",     "No such resource")                   \
	X(NO_SUCH_TYPE,    404, "error", "not-supported", "No such resource type or operation") \
	X(NO_METHOD,       405, "error", "not-supported", "The method is not allowed here")     \
	X(NOT_ACCEPTABLE,  406, "error", "not-supported", "No acceptable representation")       \
	X(TIMEOUT,         408, "error", "timeout",       "The request took too long to arrive") \
	X(CONFLICT,        409, "error", "conflict",      "Changed by someone else")            \
	X(DELETED,         410, "error", "deleted",       "The resource was deleted")           \
	X(MULTIPLE,        412, "error", "multiple-matches", "More than one resource matches the condition") \
	X(PRECONDITION,    412, "error", "conflict",      "The version is not the current one") \
	X(TOO_BIG,         413, "error", "too-long",      "The content is too large")           \
	X(TOO_COMPLEX,     413, "error", "too-costly",    "The content has too many parts")     \
	X(URI_TOO_LONG,    414, "error", "too-long",      "The request URI is too long")        \
	X(MEDIA_TYPE,      415, "error", "not-supported", "The media type is not supported")    \
	X(RANGE,           416, "error", "invalid",       "The range is not within the content") \
	X(EXPECTATION,     417, "error", "not-supported", "The expectation cannot be met")      \
	X(MISDIRECTED,     421, "error", "not-supported", "This host is not served here")       \
	X(STRUCTURE,       422, "error", "structure",     "The structure is not as defined")    \
	X(REQUIRED,        422, "error", "required",      "A required element is missing")      \
	X(VALUE,           422, "error", "value",         "A value is not as defined")          \
	X(CODE,            422, "error", "code-invalid",  "A code is not in its value set")     \
	X(INVARIANT,       422, "error", "invariant",     "A rule of the profile fails")        \
	X(EXTENSION,       422, "error", "extension",     "An extension is not understood")     \
	X(CONTENT,         422, "error", "security",      "The content was rejected")           \
	X(BUSINESS_RULE,   422, "error", "business-rule", "A referenced resource is not available") \
	X(PATCH,           422, "error", "processing",    "The patch cannot be applied")        \
	X(BUDGET,          422, "error", "too-costly",    "The evaluation takes too much work") \
	X(VERSION_NEEDED,  428, "error", "required",      "If-Match is required")               \
	X(THROTTLED,       429, "error", "throttled",     "Too many requests")                  \
	X(HEADERS_TOO_BIG, 431, "error", "too-long",      "The header section is too large")    \
	X(BROKEN,          500, "fatal", "exception",     "The server failed")                  \
	X(NOT_IMPLEMENTED, 501, "error", "not-supported", "The method is not known")            \
	X(UNAVAILABLE,     503, "error", "transient",     "A security control is not available") \
	X(NO_AUDIT,        503, "error", "no-store",      "The audit record cannot be kept")    \
	X(NO_STORE,        503, "error", "no-store",      "The store is not available")         \
	X(WARNING,         200, "warning", "informational", "Please note")                     \
	X(WARN_INVARIANT,  200, "warning", "invariant",   "A rule of the profile fails")        \
	X(WARN_CODE,       200, "warning", "code-invalid", "A code is not in its value set")    \
	X(WARN_EXTENSION,  200, "warning", "extension",   "An extension is not known")          \
	X(WARN_PROFILE,    200, "warning", "not-found",   "A profile is not known")             \
	X(WARN_BUDGET,     200, "warning", "too-costly",  "A rule was not evaluated")           \
	X(NOTE_CODE,       200, "information", "code-invalid", "A code is not in its value set") \
	X(NOTE_STRUCTURE,  200, "information", "structure", "Please note")

enum fault {
#define X(sym, ...) FAULT_##sym,
	FAULTS(X)
#undef X
	FAULT_COUNT
};

struct fault_row {
	const char *symbol;
	int         status;             /* HTTP */
	const char *severity, *code;    /* R4 issue-severity, issue-type */
	const char *text;               /* what the client is told */
};

extern const struct fault_row faults[FAULT_COUNT];

struct place {                  /* where in what the client sent */
	struct slice path;          /* FHIRPath, "Patient.name[0].given"; or empty */
	unsigned     line, column;  /* from 1; 0 if unknown */
};

#define NOWHERE ((struct place){ SLICE_NONE, 0, 0 })

struct issue {
	enum fault    fault;
	struct place  place;
	struct slice  detail;       /* safe to show; empty: the row's text alone */
	const char   *id;           /* stable name of the message, or NULL */
	struct issue *next;
};

struct outcome {
	struct arena  *arena;
	struct issue  *first, **tail;
	enum fault     worst;       /* the first fault with the highest status */
	int            count;
	bool           failed;
};

void outcome_init(struct outcome *, struct arena *);

/* Record an issue and return false, so that the reason and the return are one
 * expression.  `detail` and the path must live as long as the arena. */
bool outcome_fail(struct outcome *, enum fault, struct place, struct slice detail);

/* The common case: no place, a literal or "" as the detail. */
bool outcome_fail_at_once(struct outcome *, enum fault, const char *detail);

/* An issue with the stable name of its message; fails the work when the
 * fault's severity is error or fatal. */
void outcome_issue(struct outcome *, enum fault, const char *id, struct place, struct slice detail);
/* An issue that does not fail the work. */
void outcome_warn(struct outcome *, struct place, struct slice detail);

/* HTTP status of the worst issue, 200 when nothing failed. */
int outcome_status(const struct outcome *);

/* Forget all issues; the arena keeps their memory. */
void outcome_clear(struct outcome *);

/* Line and column of byte `at` of `text`, both from 1. */
struct place place_of(struct slice text, size_t at);

/* "error: 3:14: Patient.name[0]: text: detail" lines for the CLI; `file` may
 * be NULL. */
void outcome_text(const struct outcome *, const char *file, struct buf *);

/* As an R4 OperationOutcome in compact JSON.  With no issue it says
 * "informational, all ok". */
void outcome_json(const struct outcome *, struct buf *);

#endif
