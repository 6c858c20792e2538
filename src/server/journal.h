/* journal.h -- which items were imported: D/import.journal, one SHA-256 a line. */
#ifndef SERVER_JOURNAL_H
#define SERVER_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

struct journal;
struct outcome;
struct service;

struct journal *journal_open(const struct service *, struct outcome *);
void            journal_close(struct journal *);        /* NULL is fine */

/* In the journal, or (after a kill) at least in the audit log.  Thread-safe. */
bool journal_has(struct journal *, const uint8_t hash[32]);
void journal_add(struct journal *, const uint8_t hash[32]);

#endif
