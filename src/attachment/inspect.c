/* inspect.c -- see inspect.h. */
#include "attachment/inspect.h"

#include <pthread.h>
#include <stdlib.h>

#include "attachment/clamd.h"
#include "attachment/magic.h"
#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"

#define PIECE          262144           /* what goes to the scanner in one go */
#define FRESH_NS       30000000000LL    /* how long an answer about signatures counts */
#define VERSION_SECONDS 5
#define DAY_MS         86400000LL

struct inspector {
	struct inspector_config config;
	struct arena        *arena;
	const char          *socket;            /* NULL: no scanner */
	struct magic_worker *magic;
	pthread_mutex_t      lock;              /* of what is known of the signatures */
	bool                 known;
	int64_t              asked, signatures;
};

struct inspector *
inspector_new(const struct inspector_config *config, struct outcome *o)
{
	struct slice clamd = SLICE("clamd:/");
	struct inspector *i;

	if (!slice_is(config->scanner, "none") && !slice_starts(config->scanner, clamd)) {
		outcome_fail_at_once(o, FAULT_INVALID, "attachments.scanner is clamd:SOCKET or none");
		return NULL;
	}
	if ((i = calloc(1, sizeof *i)) == NULL)
		abort();
	i->config = *config;
	i->arena = arena_new(4096);
	if (slice_starts(config->scanner, clamd))
		i->socket = slice_cstr(slice_sub(config->scanner, clamd.len - 1, config->scanner.len),
		    i->arena);
	i->magic = magic_worker_new((int)config->limits->of[LIMIT_MAGIC_SECONDS]);
	pthread_mutex_init(&i->lock, NULL);
	return i;
}

void
inspector_free(struct inspector *i)
{
	if (i == NULL)
		return;
	magic_worker_free(i->magic);
	pthread_mutex_destroy(&i->lock);
	arena_free(i->arena);
	free(i);
}

/* The day of the signatures, asked anew from time to time; false without a scanner. */
static bool
ask_signatures(struct inspector *i, int64_t *signatures)
{
	int64_t now = env_monotonic(i->config.env);
	bool good;

	pthread_mutex_lock(&i->lock);
	good = i->known && now - i->asked < FRESH_NS;
	*signatures = i->signatures;
	pthread_mutex_unlock(&i->lock);
	if (good)
		return true;
	good = clamd_version(i->socket, VERSION_SECONDS, signatures, NULL);
	pthread_mutex_lock(&i->lock);
	i->known = good;
	i->asked = now;
	i->signatures = *signatures;
	pthread_mutex_unlock(&i->lock);
	return good;
}

static bool
signatures_good(struct inspector *i, int64_t signatures)
{
	int64_t days = i->config.signature_days;

	return days == 0
	    || (signatures > 0 && env_wall(i->config.env) - signatures <= days * DAY_MS);
}

static bool
scanner_good(struct inspector *i)
{
	int64_t signatures;

	return i->config.signature_days == 0
	    || (ask_signatures(i, &signatures) && signatures_good(i, signatures));
}

/* NULL when there is nobody to ask. */
static struct clamd *
begin_scan(struct inspector *i)
{
	return scanner_good(i)
	    ? clamd_open(i->socket, (int)i->config.limits->of[LIMIT_SCAN_SECONDS]) : NULL;
}

static void
end_scan(struct clamd *c, struct content *content)
{
	switch (clamd_finish(c, content->signature)) {
	case CLAMD_CLEAN:
		content->verdict = CONTENT_CLEAN;
		break;
	case CLAMD_INFECTED:
		content->verdict = CONTENT_INFECTED;
		break;
	case CLAMD_TOO_LONG:
	case CLAMD_FAILED:
		content->verdict = CONTENT_UNAVAILABLE;
		break;
	}
}

/* What is declared must be what libmagic sees; what is not declared is only scanned. */
static void
compare_type(struct inspector *i, struct content *c, struct slice head)
{
	char type[MAGIC_TYPE];

	if (c->verdict != CONTENT_CLEAN || c->essence.len == 0)
		return;
	if (!magic_type(i->magic, head, type))
		c->verdict = CONTENT_UNAVAILABLE;
	else if (!media_agrees(c->essence, slice_of(type), head))
		c->verdict = CONTENT_MISMATCH;
}

void
inspector_judge(struct inspector *i, struct content *c)
{
	struct clamd *scan = i->socket == NULL ? NULL : begin_scan(i);
	struct slice rest = c->bytes;

	c->verdict = i->socket == NULL ? CONTENT_CLEAN : CONTENT_UNAVAILABLE;
	while (scan != NULL && rest.len > 0 && clamd_send(scan, slice_sub(rest, 0, PIECE)))
		rest = slice_sub(rest, PIECE, rest.len);
	if (scan != NULL)
		end_scan(scan, c);
	if (rest.len > 0 && c->verdict == CONTENT_CLEAN && i->socket != NULL)
		c->verdict = CONTENT_UNAVAILABLE;       /* it has not seen all of it */
	compare_type(i, c, c->bytes);
}

/* Streams */

struct inspection {
	struct inspector *inspector;
	struct probe     *probe;
	struct digest    *digest;
	struct clamd     *scan;
	bool              cut;                  /* the scanner did not take all of it */
	uint64_t          size;
	size_t            head_len;
	char              head[MAGIC_HEAD];
};

struct inspection *
inspection_begin(struct inspector *i, struct slice essence)
{
	struct inspection *n = calloc(1, sizeof *n);

	if (n == NULL)
		abort();
	n->inspector = i;
	n->probe = probe_new(essence, i->config.limits);
	n->digest = digest_begin();
	n->scan = i->socket == NULL ? NULL : begin_scan(i);
	return n;
}

void
inspection_add(struct inspection *n, struct slice piece)
{
	struct slice head = slice_sub(piece, 0, sizeof n->head - n->head_len);

	memcpy(n->head + n->head_len, head.ptr, head.len);
	n->head_len += head.len;
	n->size += piece.len;
	probe_add(n->probe, piece);
	digest_add(n->digest, piece);
	n->cut |= n->scan != NULL && !n->cut && !clamd_send(n->scan, piece);
}

enum probed
inspection_end(struct inspection *n, struct content *c)
{
	struct inspector *i = n->inspector;
	enum probed finding = probe_end(n->probe);

	c->size = n->size;
	digest_end(n->digest, c->sha256, c->sha1);
	n->digest = NULL;
	c->verdict = i->socket == NULL ? CONTENT_CLEAN : CONTENT_UNAVAILABLE;
	if (n->scan != NULL)
		end_scan(n->scan, c);
	n->scan = NULL;
	if (n->cut && c->verdict == CONTENT_CLEAN)
		c->verdict = CONTENT_UNAVAILABLE;
	compare_type(i, c, slice_make(n->head, n->head_len));
	inspection_drop(n);
	return finding;
}

void
inspection_drop(struct inspection *n)
{
	if (n == NULL)
		return;
	probe_free(n->probe);
	if (n->digest != NULL)
		digest_end(n->digest, NULL, NULL);
	clamd_drop(n->scan);
	explicit_bzero(n->head, sizeof n->head);
	free(n);
}

/* State */

enum inspector_state
inspector_state(struct inspector *i, int64_t *days, bool *magic_works)
{
	int64_t signatures;
	char type[MAGIC_TYPE];

	*days = -1;
	*magic_works = magic_type(i->magic, SLICE("a text\n"), type);
	if (i->socket == NULL)
		return INSPECTOR_UNSCANNED;
	if (!clamd_version(i->socket, VERSION_SECONDS, &signatures, NULL))
		return INSPECTOR_DOWN;
	if (signatures > 0)
		*days = (env_wall(i->config.env) - signatures) / DAY_MS;
	return signatures_good(i, signatures) ? INSPECTOR_GOOD : INSPECTOR_OLD;
}

bool
inspector_signatures(struct inspector *i, char text[SIGNATURES_TEXT])
{
	int64_t day;

	return i->socket != NULL && clamd_version(i->socket, VERSION_SECONDS, &day, text);
}
