/* imports.h -- $import: NDJSON from a directory of the operator's, while the server runs.
 *
 * A job takes in D/import/<name>, one job at a time.  Nothing that a client names is fetched:
 * the name is one plain word, and the directory stands on this machine.  State is in
 * D/imports/<job>.json, refusals in D/imports/<job>.ndjson; a job that a crash broke off is begun
 * again, and what was stored before is skipped (server/importer.h). */
#ifndef SERVER_IMPORTS_H
#define SERVER_IMPORTS_H

struct imports;
struct outcome;
struct service;

/* Puts itself into service->imports (exchange/service.h). */
struct imports *imports_start(struct service *, struct outcome *);
void            imports_stop(struct imports *);         /* NULL is fine */

#endif
