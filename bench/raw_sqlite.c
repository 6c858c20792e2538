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

/* Every column of the tables that are written here, in their order, and what comes into them. */
static const struct table { const char *name, *columns, *values; } tables[] = {
	{ "token",       "lead,param,a,b,row,labels",      "?1,?2,?3,?4,?5,0" },
	{ "string",      "lead,param,text,a,row,labels",   "?1,?2,?3,?4,?5,0" },
	{ "date",        "lead,param,a,b,row,span,labels", "?1,?2,?3,?4,?5,0,0" },
	{ "reference",   "lead,param,b,a,row,labels",      "?1,?2,0,?3,?5,0" },
	{ "version",     "vid,row,previous,compartment,type,labels,updated,method,body", "?1,?2,0,?2,1,0,?1,80,?3" },
	{ "resource",    "lead,type,row,vid,labels,updated,deleted", "?1,1,?2,?3,0,?3,0" },
	{ "compartment", "number,wrapped,members,level",   "?1,?2,NULL,3" },
	{ "outbox",      "seq,record",                     "?1,?2" },
};
enum { TOKEN, STRING, DATE, REFERENCE, VERSION, RESOURCE, COMPARTMENT, OUTBOX, TABLES };

/* The index rows of one bench Patient. */
static const int rows[] = { TOKEN, TOKEN, TOKEN, TOKEN, STRING, STRING, STRING, DATE, REFERENCE };

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

/* The store's schema moves on: a yardstick that writes other rows than the store is none. */
static sqlite3_stmt *
insert_into(sqlite3 *db, const struct table *t)
{
	char sql[512];
	sqlite3_stmt *s = prepare(db, "SELECT coalesce(group_concat(name),'') FROM pragma_table_info(?1)");
	const char *there;

	check(sqlite3_bind_text(s, 1, t->name, -1, SQLITE_STATIC), db);
	check(sqlite3_step(s), db);
	there = (const char *)sqlite3_column_text(s, 0);
	if (strcmp(there, t->columns) != 0) {
		fprintf(stderr, "bench/raw_sqlite.c does not know the columns of %s: it writes %s, there are %s\n",
		    t->name, t->columns, there);
		exit(3);
	}
	sqlite3_finalize(s);
	snprintf(sql, sizeof sql, "INSERT INTO %s(%s) VALUES(%s)", t->name, t->columns, t->values);
	return prepare(db, sql);
}

static void
index_rows(sqlite3 *db, sqlite3_stmt **insert, sqlite3_int64 lead, sqlite3_int64 row)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sqlite3_stmt *s = insert[rows[i]];
		char text[32];

		sqlite3_bind_int64(s, 1, lead);
		sqlite3_bind_int64(s, 2, (sqlite3_int64)(1000 + i));
		sqlite3_bind_int64(s, 3, (sqlite3_int64)random() << 32 | random());
		if (rows[i] == STRING)
			sqlite3_bind_text(s, 3, text, snprintf(text, sizeof text, "name%ld", random() % 5000),
			    SQLITE_STATIC);
		if (rows[i] != REFERENCE)
			sqlite3_bind_int64(s, 4, (sqlite3_int64)random() << 32 | random());
		sqlite3_bind_int64(s, 5, row);
		run(db, s);
	}
}

int
main(int argc, char **argv)
{
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *insert[TABLES];
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
	for (int k = 0; k < TABLES; k++)
		insert[k] = insert_into(db, &tables[k]);
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (char)random();
	row += time(NULL) % 100000 * 10000000L;
	start = now();
	do {
		run(db, begin);
		for (int i = 0; i < per; i++, done++, row += 2) {
			sqlite3_bind_int64(insert[COMPARTMENT], 1, row);
			sqlite3_bind_blob(insert[COMPARTMENT], 2, body, 60, SQLITE_STATIC);
			run(db, insert[COMPARTMENT]);
			sqlite3_bind_int64(insert[VERSION], 1, row + 1);
			sqlite3_bind_int64(insert[VERSION], 2, row);
			sqlite3_bind_blob(insert[VERSION], 3, body, sizeof body, SQLITE_STATIC);
			run(db, insert[VERSION]);
			for (int lead = 0; lead < 2; lead++) {
				sqlite3_bind_int64(insert[RESOURCE], 1, lead * row);
				sqlite3_bind_int64(insert[RESOURCE], 2, row);
				sqlite3_bind_int64(insert[RESOURCE], 3, row + 1);
				run(db, insert[RESOURCE]);
				index_rows(db, insert, lead * row, row);
			}
			sqlite3_bind_int64(insert[OUTBOX], 1, row);
			sqlite3_bind_blob(insert[OUTBOX], 2, record, sizeof record, SQLITE_STATIC);
			run(db, insert[OUTBOX]);
		}
		run(db, commit);
		end = now();
	} while (end - start < atof(argv[2]));
	check(sqlite3_exec(db, "DELETE FROM outbox", NULL, NULL, NULL), db);
	printf("%.0f\n", (double)done / (end - start));
	return 0;
}
