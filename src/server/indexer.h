/* indexer.h -- indexes what is stored by custom search parameters that came, and erases the rows of those
 * that went (store.h store_index_step), beside everything else.
 *
 * Small pieces with pauses as long as they took; none while a control refuses patient data. */
#ifndef SERVER_INDEXER_H
#define SERVER_INDEXER_H

struct indexer;
struct outcome;
struct service;

struct indexer *indexer_start(const struct service *, struct outcome *);
void            indexer_stop(struct indexer *);         /* NULL is fine */

#endif
