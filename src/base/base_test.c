/* The ground floor: memory, bytes, texts of bytes, time, outcomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/instant.h"
#include "base/numbers.h"
#include "base/outcome.h"
#include "base/siphash.h"

static void
arena_gives_zeroed_aligned_memory(void **state UNUSED)
{
	struct arena *a = arena_new(64);

	for (size_t n = 1; n < 5000; n += 37) {
		unsigned char *p = arena_alloc(a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xAA, n);
	}
	arena_reset(a);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(((unsigned char *)arena_alloc(a, 1))[0], 0);
	arena_free(a);
}

static void
arrays_double(void **state UNUSED)
{
	struct arena *a = arena_new(64);
	uint64_t *at = NULL;

	for (size_t i = 0; i < 10000; i++) {
		at = arena_more(a, at, i, sizeof *at);
		at[i] = i;
		arena_alloc(a, 1);              /* so that it cannot grow in place */
	}
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(at[i], i);
	assert_in_range(arena_used(a), 10000 * sizeof *at, 4000000);
	arena_free(a);
}

static void
note(void *thing)
{
	int *at = thing;

	at[0]++;
}

static void
arena_runs_deferred_work_once(void **state UNUSED)
{
	struct arena *a = arena_new(64);
	int times = 0;

	arena_defer(a, note, &times);
	arena_defer(a, note, &times);
	arena_reset(a);
	assert_int_equal(times, 2);
	arena_free(a);
	assert_int_equal(times, 2);
}

static void
buf_keeps_its_ceiling(void **state UNUSED)
{
	struct arena *a = arena_new(64);
	struct buf b;

	buf_init(&b, a, 10);
	buf_add(&b, SLICE("12345"));
	buf_add_uint(&b, 67890);
	assert_true(buf_ok(&b));
	buf_add_char(&b, 'x');
	assert_false(buf_ok(&b));
	assert_true(slice_is(buf_slice(&b), "1234567890"));
	arena_free(a);
}

/* RFC 4648 section 10. */
static const struct {
	const char *plain, *base64;
} base64_rows[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
};

static void
base64_has_one_spelling(void **state UNUSED)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==\n", "Z g=", "====" };
	struct arena *a = arena_new(1024);
	struct slice back;

	for (size_t i = 0; i < COUNT_OF(base64_rows); i++) {
		struct buf b;

		buf_init(&b, a, 100);
		encode_base64(&b, base64_rows[i].plain, strlen(base64_rows[i].plain));
		assert_true(slice_is(buf_slice(&b), base64_rows[i].base64));
		assert_true(decode_base64(buf_slice(&b), a, &back));
		assert_true(slice_is(back, base64_rows[i].plain));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(decode_base64(slice_of(bad[i]), a, &back));
	assert_false(decode_base64url(SLICE("Zg=="), a, &back));
	arena_free(a);
}

static void
blocks_go_both_ways(void **state UNUSED)
{
	uint8_t block[16], again[16];
	char text[BASE32_BLOCK];

	for (int i = 0; i < 16; i++)
		block[i] = (uint8_t)(i * 37 + 11);
	encode_block(block, text);
	assert_true(decode_block(slice_make(text, sizeof text), again));
	assert_memory_equal(block, again, sizeof block);
	text[25] = '7';         /* two bits that no block has */
	assert_false(decode_block(slice_make(text, sizeof text), again));
	assert_false(decode_block(SLICE("short"), again));
}

static const struct {
	const char *text;
	bool valid;
} utf8_rows[] = {
	{ "plain", true }, { "\xC3\xA9", true }, { "\xF0\x9F\x98\x80", true },
	{ "\xC0\xAF", false }, { "\xED\xA0\x80", false }, { "\xF4\x90\x80\x80", false },
	{ "\xE2\x82", false }, { "\x80", false }, { "\xF5\x80\x80\x80", false },
	{ "\xE0\x80\x80", false },
};

static void
utf8_is_strict(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(utf8_rows); i++)
		assert_int_equal(utf8_valid(slice_of(utf8_rows[i].text)), utf8_rows[i].valid);
}

static void
percent_decoding(void **state UNUSED)
{
	struct arena *a = arena_new(256);
	struct slice out;

	assert_true(decode_percent(SLICE("a%20b+c"), true, a, &out));
	assert_true(slice_is(out, "a b c"));
	assert_false(decode_percent(SLICE("%0"), true, a, &out));
	assert_false(decode_percent(SLICE("%zz"), true, a, &out));
	assert_false(decode_percent(SLICE("%00"), true, a, &out));
	arena_free(a);
}

/* The vectors of the SipHash paper's appendix A and reference implementation:
 * key 00..0f, message 00..n-1. */
static void
siphash_matches_its_vectors(void **state UNUSED)
{
	const struct siphash_key key = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
	char message[16];

	for (int i = 0; i < 16; i++)
		message[i] = (char)i;
	assert_true(siphash(&key, slice_make(message, 0)) == 0x726fdb47dd0e0e31u);
	assert_true(siphash(&key, slice_make(message, 8)) == 0x93f5f5799a932462u);
	assert_true(siphash(&key, slice_make(message, 15)) == 0xa129ca6149be45e5u);
}

static void
months_have_their_days(void **state UNUSED)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	for (int month = 1; month <= 12; month++)
		assert_int_equal(instant_month_days(2023, month), days[month - 1]);
	assert_int_equal(instant_month_days(2024, 2), 29);
	assert_int_equal(instant_month_days(1900, 2), 28);
	assert_int_equal(instant_month_days(2000, 2), 29);
	assert_int_equal(instant_month_days(9999, 12), 31);
}

static void
numbers_are_a_set(void **state UNUSED)
{
	struct arena *a = arena_new(64);
	struct numbers n = { .count = 0 };

	assert_false(numbers_has(&n, 1));
	for (int64_t i = 1; i <= 5000; i++)
		assert_true(numbers_add(&n, a, i % 2 == 0 ? i << 40 : -i));
	for (int64_t i = 1; i <= 5000; i++) {
		assert_true(numbers_has(&n, i % 2 == 0 ? i << 40 : -i));
		assert_false(numbers_has(&n, i % 2 == 0 ? -i : i << 40));
		assert_false(numbers_add(&n, a, i % 2 == 0 ? i << 40 : -i));
	}
	assert_int_equal(n.count, 5000);
	arena_free(a);
}

static void
instants_print_and_parse(void **state UNUSED)
{
	char text[INSTANT_TEXT], http[HTTP_DATE_TEXT];
	int64_t ms;

	instant_format(1795504129123, text);
	assert_memory_equal(text, "2026-11-24T07:08:49.123Z", INSTANT_TEXT);
	instant_http_date(784111777000, http);          /* RFC 9110 5.6.7 */
	assert_memory_equal(http, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_TEXT);
	assert_true(instant_parse_http_date(slice_make(http, sizeof http), &ms));
	assert_int_equal(ms, 784111777000);
	assert_false(instant_parse_http_date(SLICE("Mon, 06 Nov 1994 08:49:37 GMT"), &ms));
	for (int64_t d = -800000; d < 800000; d += 321) {
		int y, m, day;

		instant_date(d, &y, &m, &day);
		assert_int_equal(instant_days(y, m, day), d);
	}
}

static void
outcomes_keep_the_worst(void **state UNUSED)
{
	struct arena *a = arena_new(1024);
	struct outcome o;
	struct buf b;

	outcome_init(&o, a);
	assert_int_equal(outcome_status(&o), 200);
	assert_false(outcome_fail_at_once(&o, FAULT_SYNTAX, ""));
	outcome_fail(&o, FAULT_REQUIRED, (struct place){ SLICE("Patient.name[0]"), 3, 4 }, SLICE("x"));
	assert_int_equal(outcome_status(&o), 422);
	buf_init(&b, a, 4096);
	outcome_json(&o, &b);
	assert_non_null(memmem(b.ptr, b.len, "\"expression\":[\"Patient.name[0]\"]", 32));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(arrays_double),
		cmocka_unit_test(arena_runs_deferred_work_once),
		cmocka_unit_test(buf_keeps_its_ceiling),
		cmocka_unit_test(base64_has_one_spelling),
		cmocka_unit_test(blocks_go_both_ways),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(percent_decoding),
		cmocka_unit_test(siphash_matches_its_vectors),
		cmocka_unit_test(months_have_their_days), cmocka_unit_test(numbers_are_a_set),
		cmocka_unit_test(instants_print_and_parse),
		cmocka_unit_test(outcomes_keep_the_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
