/* journal.c -- see journal.h.  Lines are only ever appended, without a sync:
 * what a crash loses here is found in the audit log. */
#include "server/journal.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/outcome.h"
#include "exchange/service.h"

#define HASH_BYTES    32
#define JOURNAL_BYTES ((size_t)1 << 30)

struct journal {
	struct audit_log *audit;
	int               fd;
	uint8_t         (*hashes)[HASH_BYTES];  /* sorted: those of former runs */
	size_t            count;
};

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, HASH_BYTES);
}

static void
load(struct journal *j, struct slice text)
{
	j->hashes = calloc(text.len / (2 * HASH_BYTES + 1) + 1, HASH_BYTES);
	if (j->hashes == NULL)
		abort();
	while (text.len > 0)            /* a torn last line does not decode, and is no line */
		if (decode_hex(slice_cut(&text, '\n'), j->hashes[j->count], HASH_BYTES))
			j->count++;
	qsort(j->hashes, j->count, HASH_BYTES, by_bytes);
}

struct journal *
journal_open(const struct service *s, struct outcome *o)
{
	struct journal *j = calloc(1, sizeof *j);
	struct slice text = SLICE_NONE;
	char path[4096];

	if (j == NULL)
		abort();
	snprintf(path, sizeof path, "%s/import.journal", s->dir);
	j->audit = s->audit;
	j->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (j->fd < 0) {
		free(j);
		outcome_fail_at_once(o, FAULT_NO_STORE, "the import journal cannot be opened");
		return NULL;
	}
	env_read_file(s->env, path, JOURNAL_BYTES, o->arena, &text);
	load(j, text);
	return j;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	fsync(j->fd);
	close(j->fd);
	free(j->hashes);
	free(j);
}

bool
journal_has(struct journal *j, const uint8_t hash[32])
{
	return bsearch(hash, j->hashes, j->count, HASH_BYTES, by_bytes) != NULL
	    || audit_contains(j->audit, hash);
}

void
journal_add(struct journal *j, const uint8_t hash[32])
{
	char line[2 * HASH_BYTES + 1];
	ssize_t put;

	for (int i = 0; i < HASH_BYTES; i++) {
		line[2 * i] = "0123456789abcdef"[hash[i] >> 4];
		line[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
	}
	line[2 * HASH_BYTES] = '\n';
	put = write(j->fd, line, sizeof line);
	(void)put;                      /* a lost line is found in the audit log */
}
