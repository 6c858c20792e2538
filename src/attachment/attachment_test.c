/* Attachments: one row, one fact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <zlib.h>

#include "attachment/base64.h"
#include "attachment/clamd.h"
#include "attachment/inspect.h"
#include "attachment/magic.h"
#include "attachment/media.h"
#include "attachment/probe.h"
#include "attachment/walk.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "json/json.h"

static const struct { const char *text, *bytes; } base64_rows[] = {
	{ "", "" },           { "YQ==", "a" },        { "YWI=", "ab" },      { "YWJj", "abc" },
	{ "YWJj ZGVm", "abcdef" }, { "YWJj\n\tZGVm\r\n", "abcdef" }, { " YWJj", "abc" },
	{ "YQ= =", NULL },    { "YWJ=", NULL },       { "YW", NULL },        { "YW==YWJj", NULL },
	{ "YWI", NULL },      { "Y===", NULL },       { "====", NULL },      { "YWJ-", NULL },
	{ "YWJ_", NULL },     { "YW Jj", NULL },      { "YWJj=", NULL },     { "YWJj\v", NULL },
};

static void
base64_is_exact(void **state UNUSED)
{
	struct arena *a = arena_new(4096);

	for (size_t i = 0; i < COUNT_OF(base64_rows); i++) {
		struct slice out = SLICE_NONE;
		bool good = base64_decode(slice_of(base64_rows[i].text), a, &out);

		assert_int_equal(good, base64_rows[i].bytes != NULL);
		if (good)
			assert_true(slice_is(out, base64_rows[i].bytes));
		assert_true(!good || out.len <= base64_most(strlen(base64_rows[i].text)));
	}
	arena_free(a);
}

static const struct { const char *declared, *essence; } essence_rows[] = {
	{ "text/plain", "text/plain" },   { "Text/Plain; charset=utf-8", "text/plain" },
	{ " image/png ", "image/png" },   { "application/hl7-cda+xml", "application/hl7-cda+xml" },
	{ "plain", NULL },                { "/", NULL },  { "text/", NULL }, { "/plain", NULL },
	{ "text/plain\r\nX: y", NULL },   { "text/pl ain", NULL }, { "text/plain/x", NULL }, { "", NULL },
	{ "text/pl\xc3\xa4in", NULL },
};

static void
media_types_are_read(void **state UNUSED)
{
	struct arena *a = arena_new(4096);

	for (size_t i = 0; i < COUNT_OF(essence_rows); i++) {
		struct slice essence;
		bool good = media_essence(slice_of(essence_rows[i].declared), a, &essence);

		assert_int_equal(good, essence_rows[i].essence != NULL);
		if (good)
			assert_true(slice_is(essence, essence_rows[i].essence));
	}
	arena_free(a);
}

static const struct { const char *essence, *found, *head; bool agrees; } agree_rows[] = {
	{ "application/pdf", "application/pdf",  "%PDF",     true },
	{ "application/pdf", "text/plain",       "abc",      false },
	{ "image/png",       "text/html",        "<html>",   false },
	{ "text/plain",      "text/x-c",         "int",      true },
	{ "text/plain",      "text/html",        " <html>",  false },
	{ "text/plain",      "text/html",        "see <b>",  true },
	{ "text/plain",      "text/x-shellscript", "#!",     false },
	{ "text/plain",      "application/x-dosexec", "MZ",  false },
	{ "image/gif",       "image/gif",        "GIF89a",   true },
	{ "image/gif",       "image/png",        "\x89PNG",  false },
};

static void
types_agree_or_not(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(agree_rows); i++)
		assert_int_equal(media_agrees(slice_of(agree_rows[i].essence), slice_of(agree_rows[i].found),
		    slice_of(agree_rows[i].head)), agree_rows[i].agrees);
}

#define B(text) text, sizeof text - 1
#define PNG_HEAD "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
#define PNG_END  "\0\0\0\0IEND\xae\x42\x60\x82"

static const struct { const char *essence, *bytes; size_t len; enum probed finding; } probe_rows[] = {
	{ "application/pdf", B("%PDF-1.4 /Type /Page"),                PROBED_GOOD },
	{ "application/pdf", B("x%PDF-1.4"),                           PROBED_MISMATCH },
	{ "application/pdf", B("%PDF-1.4 /S/JavaScript"),              PROBED_ACTIVE },
	{ "application/pdf", B("%PDF-1.4 /J#53 (x)"),                  PROBED_ACTIVE },
	{ "application/pdf", B("%PDF-1.4 /JSX /Javascript"),           PROBED_GOOD },
	{ "application/pdf", B("%PDF-1.4 stream\n/JS \nendstream"),    PROBED_GOOD },
	{ "application/pdf", B("%PDF-1.4 stream\nx\nendstream\n/JS "), PROBED_ACTIVE },
	{ "application/pdf", B("%PDF-1.4 stream\n/JavaScript \n"),     PROBED_ACTIVE },
	{ "application/pdf", B("%PDF-1.4 /OpenAction<</S/URI>>"),      PROBED_ACTIVE },
	{ "application/pdf", B("%PDF-1.4 /OpenAction<</S/GoTo>> /URI "), PROBED_GOOD },
	{ "application/pdf", B("%PDF-1.4 /Encrypt 3 0 R"),             PROBED_ENCRYPTED },
	{ "application/pdf", B("%PDF-1.4 <script>"),                   PROBED_POLYGLOT },
	{ "image/png", B(PNG_HEAD "\0\0\0\1\0\0\0\1\x8\0\0\0\0\0\0\0\0" PNG_END), PROBED_GOOD },
	{ "image/png", B(PNG_HEAD "\0\0\0\1\0\0\0\1\x8\0\0\0\0\0\0\0\0" PNG_END "x"), PROBED_POLYGLOT },
	{ "image/png", B(PNG_HEAD "\0\1\x86\xa0\0\1\x86\xa0\x8\0\0\0\0\0\0\0\0" PNG_END), PROBED_PIXELS },
	{ "image/png", B(PNG_HEAD "\0\0\0\1\0\0\0\1"),                 PROBED_MISMATCH },
	{ "image/jpeg", B("\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\xb\x8\0\1\0\1"), PROBED_GOOD },
	{ "image/jpeg", B("\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\xb\x8\xff\xff\xff\xff"), PROBED_PIXELS },
	{ "image/jpeg", B("\xff\xd9"),                                 PROBED_MISMATCH },
	{ "image/tiff", B("II*\0\x8\0\0\0\1\0\0\1\3\0\1\0\0\0\1\0\0\0"), PROBED_GOOD },
	{ "image/tiff", B("II*\0\x8\0\0\0\2\0\0\1\4\0\1\0\0\0\xff\xff\xff\0\1\1\4\0\1\0\0\0\xff\xff\xff\0"), PROBED_PIXELS },
	{ "image/tiff", B("II+\0"),                                    PROBED_MISMATCH },
	{ "text/plain", B("hello"),                                    PROBED_GOOD },
	{ "text/plain", B("he\0lo"),                                   PROBED_TEXT },
	{ "text/plain", B("MZ\x90"),                                   PROBED_PROGRAM },
	{ "", B("\x7f" "ELF"),                                         PROBED_PROGRAM },
	{ "", B("%PDF-1.4 /JavaScript "),                              PROBED_GOOD },
	{ "text/xml", B("<a/>"),                                       PROBED_GOOD },
	{ "text/xml", B("<a>"),                                        PROBED_XML },
	{ "text/xml", B("<!DOCTYPE a><a/>"),                           PROBED_XML },
	{ "text/xml", B("<a xmlns='http://www.w3.org/1999/xhtml'><script/></a>"), PROBED_ACTIVE },
	{ "text/xml", B("<h:html xmlns:h='http://www.w3.org/1999/xhtml'/>"), PROBED_ACTIVE },
	{ "text/xml", B("<a><html xmlns='http://www.w3.org/1999/xhtml'/><script/></a>"), PROBED_GOOD },
	{ "image/gif", B("GIF89a\1\0\1\0\0\0\0;"),                   PROBED_GOOD },
	{ "image/gif", B("GIF89a\xff\xff\xff\xff\0\0\0;"),           PROBED_PIXELS },
	{ "image/gif", B("GIF89a/*\0\0\0\0\0;*/=1;//"),              PROBED_POLYGLOT },
	{ "image/gif", B("GIF88a\1\0\1\0\0\0\0;"),                   PROBED_MISMATCH },
	{ "application/pdf", B("%PDF-1.4 /S /ImportData "),            PROBED_ACTIVE },
	{ "application/zip", B("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), PROBED_GOOD },
	{ "application/zip", B("PK"),                                  PROBED_ARCHIVE },
	{ "application/zip", B("PK\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a"
	    "PK\5\6\0\0\0\0\1\0\1\0\x2f\0\0\0\0\0\0\0\0\0"),           PROBED_ARCHIVE },
	{ "application/zip", B("PK\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0../"
	    "PK\5\6\0\0\0\0\1\0\1\0\x31\0\0\0\0\0\0\0\0\0"),           PROBED_ARCHIVE },
	{ "application/zip", B("PK\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a"
	    "PK\5\6\0\0\0\0\1\0\1\0\x2f\0\0\0\0\0\0\0\0\0"),           PROBED_GOOD },
	{ "application/zip", B("PK\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\377\241\0\0\0\0a"
	    "PK\5\6\0\0\0\0\1\0\1\0\x2f\0\0\0\0\0\0\0\0\0"),           PROBED_ARCHIVE },
	{ "application/zip", B("PK\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "A.ZIP"
	    "PK\5\6\0\0\0\0\1\0\1\0\x33\0\0\0\0\0\0\0\0\0"),           PROBED_ARCHIVE },
};

/* Of `size` bytes of one kind, packed `times` times over. */
static struct slice
gzipped(char of, size_t size, int times, struct arena *arena)
{
	char *text = arena_alloc(arena, size);
	struct slice all = slice_make(text, size);

	memset(text, of, size);
	while (times-- > 0) {
		z_stream z = { 0 };
		char *out = arena_alloc(arena, all.len + 1024);

		assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
		z.next_in = (Bytef *)(uintptr_t)all.ptr;
		z.avail_in = (uInt)all.len;
		z.next_out = (Bytef *)out;
		z.avail_out = (uInt)(all.len + 1024);
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		all = slice_make(out, z.total_out);
		deflateEnd(&z);
	}
	return all;
}

static enum probed
probed_gzip(struct slice all)
{
	struct probe *p = probe_new(SLICE("application/gzip"), &limits_default);
	enum probed finding = probe_whole(SLICE("application/gzip"), &limits_default, all);

	for (size_t k = 0; k < all.len; k += 5)
		probe_add(p, slice_sub(all, k, 5));
	assert_int_equal(probe_end(p), finding);
	probe_free(p);
	return finding;
}

static void
gzip_is_unpacked(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct slice small = gzipped('a', 1000, 1, arena), twice[2];
	char *both = arena_alloc(arena, 2 * small.len);

	assert_int_equal(probed_gzip(small), PROBED_GOOD);
	assert_int_equal(probed_gzip(slice_sub(small, 0, small.len - 1)), PROBED_ARCHIVE);
	assert_int_equal(probed_gzip(gzipped('a', 1000, 2, arena)), PROBED_ARCHIVE);
	assert_int_equal(probed_gzip(gzipped('\0', 3000000, 1, arena)), PROBED_ARCHIVE);
	memcpy(both, small.ptr, small.len);
	memcpy(both + small.len, small.ptr, small.len);
	twice[0] = slice_make(both, 2 * small.len);
	twice[1] = slice_make(both, 2 * small.len - 4);
	assert_int_equal(probed_gzip(twice[0]), PROBED_GOOD);
	assert_int_equal(probed_gzip(twice[1]), PROBED_ARCHIVE);
	both[small.len] = 'x';
	assert_int_equal(probed_gzip(twice[0]), PROBED_ARCHIVE);
	arena_free(arena);
}

/* As a whole, and byte by byte: how it comes in pieces does not matter. */
static void
probes_find(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(probe_rows); i++) {
		struct slice all = slice_make(probe_rows[i].bytes, probe_rows[i].len);
		struct probe *p = probe_new(slice_of(probe_rows[i].essence), &limits_default);

		if (probe_whole(slice_of(probe_rows[i].essence), &limits_default, all) != probe_rows[i].finding)
			fail_msg("row %zu: %d", i, probe_whole(slice_of(probe_rows[i].essence),
			    &limits_default, all));
		for (size_t k = 0; k < all.len; k++)
			probe_add(p, slice_sub(all, k, 1));
		assert_int_equal(probe_end(p), probe_rows[i].finding);
		probe_free(p);
	}
}

static const struct { const char *reply; enum clamd_verdict verdict; const char *name; } reply_rows[] = {
	{ "stream: OK",                           CLAMD_CLEAN,    "" },
	{ "stream: Eicar-Test-Signature FOUND",   CLAMD_INFECTED, "Eicar-Test-Signature" },
	{ "stream: <b>\r\n\"x\" FOUND",           CLAMD_INFECTED, "bx" },
	{ "INSTREAM size limit exceeded. ERROR",  CLAMD_TOO_LONG, "" },
	{ "stream: OK ",                          CLAMD_FAILED,   "" },
	{ "stream:  FOUND",                       CLAMD_FAILED,   "" },
	{ "stream: FOUND",                        CLAMD_FAILED,   "" },
	{ "OK",                                   CLAMD_FAILED,   "" },
	{ "stream: lstat() failed. ERROR",        CLAMD_FAILED,   "" },
	{ "",                                     CLAMD_FAILED,   "" },
};

static void
only_ok_is_clean(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(reply_rows); i++) {
		char name[SIGNATURE_NAME];

		assert_int_equal(clamd_read_reply(slice_of(reply_rows[i].reply), name), reply_rows[i].verdict);
		assert_string_equal(name, reply_rows[i].name);
	}
}

static const struct { const char *reply; bool good; int64_t day; } version_rows[] = {
	{ "ClamAV 1.4.6/27461/Fri Nov 21 08:12:55 2025", true,  1763683200000 },
	{ "ClamAV 1.4.6/27461/Sat Nov  1 08:12:55 2025", true,  1761955200000 },
	{ "ClamAV 1.4.6",                                true,  0 },
	{ "ClamAV 1.4.6/1/Fri Foo 21 08:12:55 2025",     false, 0 },
	{ "ClamAV 1.4.6/1/x",                            false, 0 },
	{ "something",                                   false, 0 },
};

static void
signatures_have_a_day(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(version_rows); i++) {
		int64_t day;

		assert_int_equal(clamd_read_version(slice_of(version_rows[i].reply), &day), version_rows[i].good);
		if (version_rows[i].good)
			assert_int_equal(day, version_rows[i].day);
	}
}

/* The worker is this program, started again. */
static void
the_worker_names_types(void **state UNUSED)
{
	struct magic_worker *w = magic_worker_new(20);
	char type[MAGIC_TYPE];
	static char big[MAGIC_HEAD * 2];

	assert_true(magic_type(w, SLICE("%PDF-1.4\n%abc"), type));
	assert_string_equal(type, "application/pdf");
	assert_true(magic_type(w, SLICE("hello, world\n"), type));
	assert_string_equal(type, "text/plain");
	assert_true(magic_type(w, SLICE(""), type));
	memset(big, 'a', sizeof big);
	assert_true(magic_type(w, slice_make(big, sizeof big), type));
	magic_worker_free(w);
}

static void
answers_have_one_form(void **state UNUSED)
{
	static const struct { const char *answer; bool good; } rows[] = {
		{ "text/plain", true }, { "application/vnd.ms-excel", true }, { "inode/x-empty", true },
		{ "text", false }, { "text/plain; charset", false }, { "a/b/c", false }, { "", false },
		{ "Text/plain", false }, { "text/\n", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(magic_answer_good(slice_of(rows[i].answer)), rows[i].good);
}

/* "path kind" of every place, in order. */
static bool
note_place(void *ctx, const struct content_place *p)
{
	static const char *const kinds[] = { "attachment", "binary", "signature", "bare", "narrative" };
	struct buf *b = ctx;

	buf_printf(b, "%.*s %s %.*s;", SLICE_FMT(p->path), kinds[p->kind], SLICE_FMT(p->text));
	return true;
}

static const struct { const char *json, *places; } walk_rows[] = {
	{ "{'resourceType':'Binary','contentType':'text/plain','data':'AA=='}", "Binary binary AA==;" },
	{ "{'resourceType':'Patient','photo':[{'url':'x'},{'data':'BB=='}]}",
	  "Patient.photo[0] attachment ;Patient.photo[1] attachment BB==;" },
	{ "{'resourceType':'Patient','_birthDate':{'extension':[{'url':'u','valueAttachment':{'data':'CC=='}}]}}",
	  "Patient.birthDate.extension[0].value attachment CC==;" },
	{ "{'resourceType':'Patient','name':[{'_given':[null,{'extension':[{'valueBase64Binary':'DD=='}]}]}]}",
	  "Patient.name[0].given[1].extension[0].value bare DD==;" },
	{ "{'resourceType':'List','contained':[{'resourceType':'Binary','data':'EE=='}]}",
	  "List.contained[0] binary EE==;" },
	{ "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Media','content':{'data':'FF=='}}}],"
	  "'signature':{'data':'GG=='}}",
	  "Bundle.entry[0].resource.content attachment FF==;Bundle.signature signature GG==;" },
	{ "{'resourceType':'Parameters','parameter':[{'part':[{'valueAttachment':{'data':'HH==','hash':'x'}}]}]}",
	  "Parameters.parameter[0].part[0].value attachment HH==;" },
	{ "{'resourceType':'Basic','text':{'div':'<div><img src=\\\"data:image/png;base64,II==\\\"/> data: x</div>'}}",
	  "Basic.text.div narrative image/png;base64,II==;" },
	{ "{'resourceType':'Basic','text':{'div':'<div><img src=\\\"DATA:,x\\\"/></div>'}}", "Basic.text.div narrative ,x;" },
	{ "{'resourceType':'Basic','nonsense':{'data':'JJ=='}}", "" },
	{ "{'resourceType':'Nonsense','data':'JJ=='}", "" },
	{ "{'resourceType':'Patient','photo':'x','_photo':[[{}]],'contained':[[{}]]}", "" },
};

static struct slice
double_quotes(const char *text, struct arena *a)
{
	char *copy = slice_cstr(slice_of(text), a);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return slice_of(copy);
}

static void
the_walker_finds_every_place(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 16);
	struct outcome o;
	struct pack *pack;

	outcome_init(&o, a);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	assert_non_null(pack);
	for (size_t i = 0; i < COUNT_OF(walk_rows); i++) {
		const struct type *type;
		struct json j;
		struct buf b;

		buf_init(&b, a, 1 << 16);
		assert_true(json_parse(double_quotes(walk_rows[i].json, a), json_bounds(&limits_default, false),
		    a, &j, &o));
		type = pack_resource(pack, json_string(&j, json_get(&j, 0, SLICE("resourceType")), a));
		if (type == NULL)
			type = pack_resource(pack, SLICE("Patient"));
		assert_true(content_walk(pack, type, &j, 0, a, note_place, &b));
		buf_add_char(&b, '\0');
		assert_string_equal(b.ptr, walk_rows[i].places);
	}
	pack_close(pack);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_is_exact),
		cmocka_unit_test(media_types_are_read),
		cmocka_unit_test(types_agree_or_not),
		cmocka_unit_test(probes_find), cmocka_unit_test(gzip_is_unpacked),
		cmocka_unit_test(only_ok_is_clean),
		cmocka_unit_test(signatures_have_a_day),
		cmocka_unit_test(the_worker_names_types),
		cmocka_unit_test(answers_have_one_form),
		cmocka_unit_test(the_walker_finds_every_place),
	};

	if (argc == 3 && strcmp(argv[1], "worker") == 0)
		return magic_worker_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
