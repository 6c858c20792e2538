/* raw_sqlite.c -- the yardstick for creates: the same rows as our store writes, by
 * nothing but SQLite: one thread, one connection, ready-made rows.
 *
 *   raw_sqlite DATABASE SECONDS PER_COMMIT
 *
 * A row set is what one bench Patient makes: resource (twice, as the directory
 * has it too), version with a sealed body, index rows (each twice), one audit
 * record.  Prints resources per second. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY   1900
#define RECORD 420

static void
check(int code, sqlite3 *db)
{
	if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
		fprintf(stderr, "%s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *const tables[] = { "token", "token", "token", "token", "string", "string",
	"string", "date", "reference" };

static const char *const inserts[] = {
	"INSERT OR IGNORE INTO token VALUES(?1,?2,?3,?4,?5,0)",
	"INSERT OR IGNORE INTO string VALUES(?1,?2,?3,?4,?5,0)",
	"INSERT OR IGNORE INTO date VALUES(?1,?2,?3,?4,?5,0,0)",
	"INSERT OR IGNORE INTO reference VALUES(?1,?2,0,?3,?5,0)",
};
static const char *const names[] = { "token", "string", "date", "reference" };

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;

	check(sqlite3_prepare_v2(db, sql, -1, &s, NULL), db);
	return s;
}

static void
run(sqlite3 *db, sqlite3_stmt *s)
{
	check(sqlite3_step(s), db);
	sqlite3_reset(s);
}

static void
index_rows(sqlite3 *db, sqlite3_stmt **insert, sqlite3_int64 lead, sqlite3_int64 row)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (size_t k = 0; k < 4; k++) {
			char text[32];

			if (strcmp(tables[i], names[k]) != 0)
				continue;
			sqlite3_bind_int64(insert[k], 1, lead);
			sqlite3_bind_int64(insert[k], 2, (sqlite3_int64)(1000 + i));
			sqlite3_bind_int64(insert[k], 3, (sqlite3_int64)random() << 32 | random());
			if (k == 1)
				sqlite3_bind_text(insert[k], 3, text, snprintf(text, sizeof text, "name%ld",
				    random() % 5000), SQLITE_STATIC);
			if (k != 3)
				sqlite3_bind_int64(insert[k], 4, (sqlite3_int64)random() << 32 | random());
			sqlite3_bind_int64(insert[k], 5, row);
			run(db, insert[k]);
		}
}

int
main(int argc, char **argv)
{
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *version, *resource, *compartment, *outbox, *insert[4];
	static char body[BODY], record[RECORD];
	sqlite3_int64 row = 1000000000;
	double start, end;
	long done = 0;
	int per = argc > 3 ? atoi(argv[3]) : 16;

	if (argc < 3 || sqlite3_open(argv[1], &db) != SQLITE_OK)
		return 2;
	check(sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
	    "PRAGMA wal_autocheckpoint=4000;", NULL, NULL, NULL), db);
	begin = prepare(db, "BEGIN IMMEDIATE");
	commit = prepare(db, "COMMIT");
	version = prepare(db, "INSERT INTO version VALUES(?1,?2,0,?2,1,0,?1,80,?3)");
	resource = prepare(db, "INSERT OR REPLACE INTO resource VALUES(?1,1,?2,?3,0,?3,0)");
	compartment = prepare(db, "INSERT INTO compartment VALUES(?1,?2,NULL,3)");
	outbox = prepare(db, "INSERT INTO outbox VALUES(?1,?2)");
	for (int k = 0; k < 4; k++)
		insert[k] = prepare(db, inserts[k]);
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (char)random();
	row += time(NULL) % 100000 * 10000000L;
	start = now();
	do {
		run(db, begin);
		for (int i = 0; i < per; i++, done++, row += 2) {
			sqlite3_bind_int64(compartment, 1, row);
			sqlite3_bind_blob(compartment, 2, body, 60, SQLITE_STATIC);
			run(db, compartment);
			sqlite3_bind_int64(version, 1, row + 1);
			sqlite3_bind_int64(version, 2, row);
			sqlite3_bind_blob(version, 3, body, sizeof body, SQLITE_STATIC);
			run(db, version);
			for (int lead = 0; lead < 2; lead++) {
				sqlite3_bind_int64(resource, 1, lead * row);
				sqlite3_bind_int64(resource, 2, row);
				sqlite3_bind_int64(resource, 3, row + 1);
				run(db, resource);
				index_rows(db, insert, lead * row, row);
			}
			sqlite3_bind_int64(outbox, 1, row);
			sqlite3_bind_blob(outbox, 2, record, sizeof record, SQLITE_STATIC);
			run(db, outbox);
		}
		run(db, commit);
		end = now();
	} while (end - start < atof(argv[2]));
	check(sqlite3_exec(db, "DELETE FROM outbox", NULL, NULL, NULL), db);
	printf("%.0f\n", (double)done / (end - start));
	return 0;
}
