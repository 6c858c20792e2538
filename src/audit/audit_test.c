/* The audit log: what is acknowledged is there, what was touched is found. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "audit/audit.h"
#include "audit/merkle.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/env.h"
#include "base/outcome.h"
#include "crypto/keeper.h"

/* The eight leaves and roots of the Certificate Transparency reference tests (RFC 6962). */
static const struct { const char *leaf, *root; } tree[] = {
	{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void
the_tree_matches_certificate_transparency(void **state UNUSED)
{
	struct merkle m = { .size = 0 };
	uint8_t bytes[32], leaf[32], root[32], want[32];

	for (size_t i = 0; i < COUNT_OF(tree); i++) {
		size_t n = strlen(tree[i].leaf) / 2;

		assert_true(decode_hex(slice_of(tree[i].leaf), bytes, n));
		assert_true(decode_hex(slice_of(tree[i].root), want, 32));
		merkle_leaf(slice_make(bytes, n), leaf);
		merkle_add(&m, leaf);
		merkle_root(&m, root);
		assert_memory_equal(root, want, 32);
	}
}

/* A directory with keys, and a log in it */

static struct arena *arena;
static struct keeper *keeper;
static char dir[64];

static int
make_directory(void **state UNUSED)
{
	struct outcome o;

	arena = arena_new(1 << 16);
	outcome_init(&o, arena);
	snprintf(dir, sizeof dir, "/tmp/audit-test-XXXXXX");
	if (mkdtemp(dir) == NULL || !keeper_create(&env_real, dir, NULL, &o))
		return 1;
	keeper = keeper_open(&env_real, dir, &o);
	return keeper == NULL;
}

static int
remove_directory(void **state UNUSED)
{
	char command[128];

	keeper_close(keeper);
	arena_free(arena);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static struct audit_log *
open_log(const struct env *env)
{
	struct outcome o;

	outcome_init(&o, arena);
	return audit_open(env, keeper, dir, "test.example", &o);
}

static atomic_int durable, lost;

static void
note(void *ctx UNUSED, bool is_durable)
{
	atomic_fetch_add(is_durable ? &durable : &lost, 1);
}

static struct slice
record_of(struct audit_log *log, struct arena *a, int n, struct slice patient)
{
	struct audit_event e = { .time = 1700000000000 + n, .action = 'R', .status = 200,
		.interaction = SLICE("read"), .principal = SLICE("who"), .patient = patient,
		.query = SLICE("name=canary-query") };
	struct slice r;

	env_entropy(&env_real, e.id, sizeof e.id);
	assert_true(audit_encode(log, &e, a, &r));
	return r;
}

static struct slice
record(struct audit_log *log, struct arena *a, int n)
{
	return record_of(log, a, n, SLICE("Patient/canary-patient"));
}

static void
append(struct audit_log *log, int count)
{
	for (int i = 0; i < count; i++)
		assert_true(audit_append(log, record(log, arena, i), note, NULL));
}

static void
wait_for(int count)
{
	while (atomic_load(&durable) + atomic_load(&lost) < count)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static int
verify(void)
{
	struct buf report;

	buf_init(&report, arena, 1 << 20);
	return audit_verify(&env_real, keeper, dir, &report);
}

static char *
segment(void)
{
	char *path = arena_alloc(arena, 128);

	snprintf(path, 128, "%s/audit/segment-00000000000000000000", dir);
	return path;
}

static bool
count_one(void *ctx, uint64_t index, struct slice json)
{
	uint64_t *next = ctx;

	assert_int_equal(index, *next);
	assert_non_null(memmem(json.ptr, json.len, "Patient/canary-patient", 22));
	++*next;
	return true;
}

struct appender {
	struct audit_log *log;
	struct arena *arena;
};

static void *
append_many(void *arg)
{
	struct appender *a = arg;

	for (int i = 0; i < 200; i++)
		if (!audit_append(a->log, record(a->log, a->arena, i), note, NULL))
			abort();
	return NULL;
}

static void
what_is_acknowledged_is_there(void **state UNUSED)
{
	struct audit_log *log = open_log(&env_real);
	struct appender a[4];
	pthread_t threads[4];
	struct outcome o;
	uint64_t next = 0;

	assert_non_null(log);
	assert_null(open_log(&env_real));       /* one process, one owner at a time */
	atomic_store(&durable, 0);
	for (int i = 0; i < 4; i++) {
		a[i] = (struct appender){ log, arena_new(1 << 16) };
		pthread_create(&threads[i], NULL, append_many, &a[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	wait_for(800);
	assert_int_equal(atomic_load(&durable), 800);
	assert_int_equal(audit_size(log), 800);
	for (int i = 0; i < 4; i++)
		arena_free(a[i].arena);
	audit_close(log);
	assert_int_equal(verify(), 0);
	outcome_init(&o, arena);
	assert_true(audit_show(&env_real, keeper, dir, 0, count_one, &next, &o));
	assert_int_equal(next, 800);
	log = open_log(&env_real);              /* and goes on where it stopped */
	append(log, 1);
	audit_close(log);
	assert_int_equal(verify(), 0);
}

static bool
keep_event(void *ctx, uint64_t index, struct slice json)
{
	struct buf *events = ctx;

	buf_printf(events, "%d %.*s\n", (int)index, SLICE_FMT(json));
	return true;
}

static size_t
times(const struct buf *b, const char *what)
{
	struct slice rest = buf_slice(b);
	const char *at;
	size_t n = 0;

	for (; (at = memmem(rest.ptr, rest.len, what, strlen(what))) != NULL; n++)
		rest = slice_sub(rest, (size_t)(at + 1 - rest.ptr), rest.len);
	return n;
}

/* BALP: one AuditEvent for each patient; a record names all of an answer. */
static void
a_record_of_three_patients_is_three_events(void **state UNUSED)
{
	struct audit_log *log = open_log(&env_real);
	struct outcome o;
	struct buf events;

	assert_true(audit_append(log, record_of(log, arena, 0,
	    SLICE("Patient/aa Patient/bb Patient/aa Patient/cc")), NULL, NULL));
	assert_true(audit_append(log, record_of(log, arena, 1, SLICE_NONE), NULL, NULL));
	audit_close(log);
	outcome_init(&o, arena);
	buf_init(&events, arena, 1 << 16);
	assert_true(audit_show(&env_real, keeper, dir, 0, keep_event, &events, &o));
	assert_int_equal(times(&events, "\n"), 4);
	assert_int_equal(times(&events, "\n1 "), 1);            /* the fourth line is the second record */
	assert_int_equal(times(&events, "Patient/aa"), 1);
	assert_int_equal(times(&events, "Patient/bb"), 1);
	assert_int_equal(times(&events, "Patient/cc"), 1);
	assert_int_equal(times(&events, "-2\",\"extension\""), 1);
	assert_int_equal(times(&events, "-3\",\"extension\""), 1);
}

static void
patients_and_queries_are_sealed(void **state UNUSED)
{
	struct audit_log *log = open_log(&env_real);
	char command[256];

	append(log, 5);
	audit_close(log);
	snprintf(command, sizeof command, "! grep -rqa canary %s", dir);
	assert_int_equal(system(command), 0);
}

static void
every_flipped_byte_is_found(void **state UNUSED)
{
	struct audit_log *log = open_log(&env_real);
	struct slice bytes;
	int found = 0;

	append(log, 20);
	audit_close(log);
	assert_true(env_read_file(&env_real, segment(), 1 << 20, arena, &bytes));
	for (size_t i = 0; i < bytes.len; i++) {
		int fd = open(segment(), O_WRONLY);
		char flipped = (char)(bytes.ptr[i] ^ (1 << (i % 8)));
		struct buf report;

		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
		arena_reset(arena);             /* the path and bytes go, so make them anew */
		buf_init(&report, arena, 1 << 16);
		found += audit_verify(&env_real, keeper, dir, &report) == 3
		    && slice_starts(buf_slice(&report), SLICE("record "));
		assert_true(env_read_file(&env_real, segment(), 1 << 20, arena, &bytes));
		flipped = (char)(bytes.ptr[i] ^ (1 << (i % 8)));
		assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
		close(fd);
		assert_true(env_read_file(&env_real, segment(), 1 << 20, arena, &bytes));
	}
	assert_int_equal(found, bytes.len);
	assert_int_equal(verify(), 0);
}

static void
zeros_behind_the_records_are_room(void **state UNUSED)
{
	static const char zeros[1000];
	struct audit_log *log = open_log(&env_real);
	struct buf report;
	int fd;

	append(log, 3);
	audit_close(log);
	fd = open(segment(), O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, zeros, sizeof zeros), sizeof zeros);
	assert_int_equal(verify(), 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	buf_init(&report, arena, 1 << 16);
	assert_int_equal(audit_verify(&env_real, keeper, dir, &report), 3);
	assert_true(slice_starts(buf_slice(&report), SLICE("record 3")));
}

static void
a_cut_log_is_noticed_and_a_torn_tail_mended(void **state UNUSED)
{
	struct audit_log *log = open_log(&env_real);
	struct slice bytes;
	int fd;

	append(log, 10);
	audit_close(log);
	fd = open(segment(), O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "torn", 4), 4);
	close(fd);
	log = open_log(&env_real);
	assert_non_null(log);                   /* behind the checkpoint: a crash may do that */
	assert_int_equal(audit_size(log), 10);
	audit_close(log);
	assert_int_equal(verify(), 0);
	assert_true(env_read_file(&env_real, segment(), 1 << 20, arena, &bytes));
	assert_int_equal(truncate(segment(), (off_t)bytes.len / 10 * 9), 0);
	assert_null(open_log(&env_real));       /* before it: nobody may */
	assert_int_equal(truncate(segment(), 0), 0);
	assert_int_equal(verify(), 4);
}

/* A disk that fails */

static atomic_int syncs_left, syncs_after;

static int
failing_sync(const struct env *e UNUSED, int fd)
{
	if (atomic_load(&syncs_left) <= 0) {
		atomic_fetch_add(&syncs_after, 1);
		errno = EIO;
		return -1;
	}
	atomic_fetch_sub(&syncs_left, 1);
	return fdatasync(fd);
}

static void
a_failed_sync_ends_the_log(void **state UNUSED)
{
	struct env bad = env_real;
	struct audit_log *log;

	bad.sync = failing_sync;
	atomic_store(&syncs_left, 1000);
	log = open_log(&bad);
	assert_non_null(log);
	atomic_store(&durable, 0);
	atomic_store(&lost, 0);
	append(log, 1);
	wait_for(1);
	assert_int_equal(atomic_load(&durable), 1);
	audit_close(log);
	log = open_log(&bad);                   /* anew, as no checkpoint is under way then */
	assert_non_null(log);
	atomic_store(&syncs_left, 0);
	append(log, 1);
	wait_for(2);
	assert_int_equal(atomic_load(&lost), 1);
	assert_false(audit_healthy(log));
	atomic_store(&syncs_after, 0);
	assert_false(audit_append(log, record(log, arena, 1), note, NULL));
	audit_close(log);
	assert_int_equal(atomic_load(&syncs_after), 0);         /* never tried again */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_matches_certificate_transparency),
		cmocka_unit_test_setup_teardown(what_is_acknowledged_is_there, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(a_record_of_three_patients_is_three_events, make_directory,
		    remove_directory),
		cmocka_unit_test_setup_teardown(patients_and_queries_are_sealed, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(every_flipped_byte_is_found, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(zeros_behind_the_records_are_room, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(a_cut_log_is_noticed_and_a_torn_tail_mended, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(a_failed_sync_ends_the_log, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
