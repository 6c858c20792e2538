/* One row, one narrative: what is found in it (rules in order, or "stop:rule"), and what
 * is left of it as XML and as HTML.  Every row: what was written is read again without a
 * finding, and written again it is the same (promise 2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "text/xhtml.h"

#define X " xmlns=\"http://www.w3.org/1999/xhtml\""
#define PNG "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

/* `in` stands in <div xmlns>; `xml` NULL: as it came. */
static const struct {
	const char *in, *found, *xml, *html;
} rows[] = {
	{ "a", "", NULL, "a" },
	{ "a &amp; &lt; &gt; &quot; &apos; &#65; &#x1F600;", "", "a &amp; &lt; &gt; &quot; ' A \xF0\x9F\x98\x80",
	  "a &amp; &lt; &gt; &quot; ' A \xF0\x9F\x98\x80" },
	{ "<p>a<br/>b</p><p/>", "", "<p>a<br/>b</p><p></p>", "<p>a<br>b</p><p></p>" },
	{ "<table><tr><td colspan='2' class='a b'>a</td></tr></table>", "", "<table><tr><td colspan=\"2\" class=\"a b\">a</td></tr></table>",
	  "<table><tr><td colspan=\"2\" class=\"a b\">a</td></tr></table>" },
	{ "<pre>a</pre>", "", NULL, "<pre>\na</pre>" },
	/* elements */
	{ "a<script>alert(1)</script>", "element", "a", "a" },
	{ "a<SCRIPT>alert(1)</SCRIPT>", "element", "a", "a" },
	{ "a<svg xmlns='http://www.w3.org/2000/svg' onload='x()'><p>b</p></svg>", "element", "a", "a" },
	{ "a<svg><script>b</script></svg>", "element", "a", "a" },
	{ "a<math><mtext><p>b</p></mtext></math>", "element", "a", "a" },
	{ "a<noscript><p title='b'/></noscript>", "element", "a", "a" },
	{ "<center>a<font color='red'>b</font></center>", "element element", "ab", "ab" },
	{ "a<unheard>b</unheard>", "element", "ab", "ab" },
	{ "a<iframe src='https://a.test'/>", "element", "a", "a" },
	{ "a<form action='/x'><input/>b</form>", "element element", "ab", "ab" },
	{ "a<style>p{}</style><link href='x'/><base href='x'/><meta/>", "element element element element", "a", "a" },
	/* attributes */
	{ "<p onclick='x()' title='t'>a</p>", "attribute", "<p title=\"t\">a</p>", "<p title=\"t\">a</p>" },
	{ "<p title='&lt;img src=x onerror=x()&gt;&quot;'>a</p>", "", "<p title=\"&lt;img src=x onerror=x()&gt;&quot;\">a</p>",
	  "<p>a</p>" },
	{ "<p title='a &lt; b &gt; c'>a</p>", "", "<p title=\"a &lt; b &gt; c\">a</p>", "<p title=\"a &lt; b &gt; c\">a</p>" },
	{ "<p id='x' tabindex='1'>a</p>", "", "<p id=\"x\" tabindex=\"1\">a</p>", "<p id=\"n-x\">a</p>" },
	{ "<p id='x'>a</p><p id='x'>b</p>", "id_twice", "<p>a</p><p>b</p>", "<p>a</p><p>b</p>" },
	{ "<p width='-1'>a</p>", "value", "<p>a</p>", "<p>a</p>" },
	{ "<p data-x='1' xml:base='http://x'>a</p>", "attribute attribute", "<p>a</p>", "<p>a</p>" },
	{ "<p lang='de' xml:lang='de'>a</p>", "", "<p lang=\"de\" xml:lang=\"de\">a</p>", "<p lang=\"de\">a</p>" },
	/* links */
	{ "<a href='#x' name='x'>a</a>", "", "<a href=\"#x\" name=\"x\">a</a>", "<a href=\"#n-x\" name=\"n-x\">a</a>" },
	{ "<a href='https://a.test/b?c=d'>a</a>", "", "<a href=\"https://a.test/b?c=d\">a</a>",
	  "<a href=\"https://a.test/b?c=d\" rel=\"noopener noreferrer nofollow\">a</a>" },
	{ "<a href='http://a.test/'>a</a>", "", "<a href=\"http://a.test/\">a</a>", "<a href=\"http://a.test/\" rel=\"noopener noreferrer nofollow\">a</a>" },
	{ "<a href='Patient/1'>a</a>", "", "<a href=\"Patient/1\">a</a>", "<a href=\"Patient/1\" rel=\"noopener noreferrer nofollow\">a</a>" },
	{ "<a href='a.html#b:c'>a</a>", "", "<a href=\"a.html#b:c\">a</a>", "<a href=\"a.html#b:c\" rel=\"noopener noreferrer nofollow\">a</a>" },
	{ "<a href='mailto:a@b.test'>a</a>", "", "<a href=\"mailto:a@b.test\">a</a>", "<a href=\"mailto:a@b.test\" rel=\"noopener noreferrer nofollow\">a</a>" },
	{ "<a href='javascript:x()'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='JaVaScRiPt:x()'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='java&#x09;script:x()'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href=' javascript:x()'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='&#1;javascript:x()'>a</a>", "stop:character", NULL, NULL },
	{ "<a href='javascript&#58;x()'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='javascript%3Ax()'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='javascript%253Ax()'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='data:text/html,x'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='vbscript:x'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='file:///etc/passwd'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='blob:https://a.test/1'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='//a.test/'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='/\\a.test/'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='https://good.test@a.test/'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='https:a.test/'>a</a>", "link", "<a>a</a>", "<a>a</a>" },
	{ "<a href='https://a.test/\xE2\x80\xAE'>a</a>", "bidi link", "<a>a</a>", "<a>a</a>" },
	{ "<blockquote cite='javascript:x()'>a</blockquote>", "link", "<blockquote>a</blockquote>", "<blockquote>a</blockquote>" },
	/* images */
	{ "<img src='" PNG "' alt='a'/>", "", "<img src=\"" PNG "\" alt=\"a\"/>", "<img src=\"" PNG "\" alt=\"a\">" },
	{ "<img src='#pic'/>", "", "<img src=\"#pic\"/>", "<img>" },
	{ "<img src='help16.png'/>", "", "<img src=\"help16.png\"/>", "<img>" },
	{ "a<img src='https://a.test/b.png' alt='c'/>", "image", "a<img alt=\"c\"/>", "a<img alt=\"c\">" },
	{ "a<img src='../b.png'/>", "image", "a<img/>", "a<img>" },
	{ "a<img src='b.png?c'/>", "image", "a<img/>", "a<img>" },
	{ "a<img src='data:image/svg+xml;base64,PHN2Zz4='/>", "image", "a<img/>", "a<img>" },
	{ "a<img src='data:image/png;base64,PHN2Zz4='/>", "image", "a<img/>", "a<img>" },
	{ "a<img src='data:text/html;base64,PHN2Zz4='/>", "image", "a<img/>", "a<img>" },
	{ "a<img src='x' onerror='x()' srcset='https://a.test/'/>", "attribute attribute", "a<img src=\"x\"/>", "a<img>" },
	/* styles */
	{ "<p style='color: red; padding:0px 4px; text-align : left'>a</p>", "", "<p style=\"color: red; padding:0px 4px; text-align : left\">a</p>",
	  "<p style=\"color: red; padding:0px 4px; text-align : left\">a</p>" },
	{ "<p style='color:red;background:url(https://a.test)'>a</p>", "style", "<p style=\"color:red\">a</p>", "<p style=\"color:red\">a</p>" },
	{ "<p style='background-image:url(" PNG ")'>a</p>", "", "<p style=\"background-image:url(" PNG ")\">a</p>", "<p style=\"background-image:url(" PNG ")\">a</p>" },
	{ "<p style='background-image:url(//a.test)'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='width:expression(x())'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='c\\6flor:red'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='color:/**/red'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='@import url(x)'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='--a:b'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='position:fixed;top:0'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='margin-left:-9px'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='color:red !important'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='-moz-binding:url(x)'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	{ "<p style='display:none'>a</p>", "hidden", "<p>a</p>", "<p>a</p>" },
	{ "<p style='DISPLAY : NONE'>a</p>", "hidden", "<p>a</p>", "<p>a</p>" },
	{ "<p style='visibility:hidden'>a</p>", "hidden", "<p>a</p>", "<p>a</p>" },
	{ "<p style='opacity:0'>a</p>", "hidden", "<p>a</p>", "<p>a</p>" },
	{ "<p style='font-size:0'>a</p>", "hidden", "<p>a</p>", "<p>a</p>" },
	{ "<p style='font-size:1px'>a</p>", "hidden", "<p>a</p>", "<p>a</p>" },
	{ "<p style='line-height:0'>a</p>", "hidden", "<p>a</p>", "<p>a</p>" },
	{ "<p style='color:transparent'>a</p>", "hidden", "<p>a</p>", "<p>a</p>" },
	{ "<p style='color:#fff;background-color:#FFF'>a</p>", "hidden", "<p style=\"color:#fff\">a</p>", "<p style=\"color:#fff\">a</p>" },
	{ "<p style='color:rgba(0,0,0,0)'>a</p>", "style", "<p>a</p>", "<p>a</p>" },
	/* text */
	{ " ", "empty", " ", " " },
	{ "", "empty", "", "" },
	{ "<br/>", "empty", "<br/>", "<br>" },
	{ "&#160;\xE2\x80\x8B", "empty", "\xC2\xA0\xE2\x80\x8B", "\xC2\xA0\xE2\x80\x8B" },
	{ "<img src='https://a.test/'/>", "image empty", "<img/>", "<img>" },
	{ "<!-- b -->a", "comment", "a", "a" },
	{ "<![CDATA[<b>]]>a", "cdata", "&lt;b&gt;a", "&lt;b&gt;a" },
	{ "a\xE2\x80\xAE" "b", "bidi", NULL, "a\xE2\x80\xAE" "b" },
	{ "]]<!-- -->&gt;", "comment", "]]&gt;", "]]&gt;" },
	/* places (promise 3) */
	{ "<table>a<tr><td>b</td></tr></table>", "nesting", "<table><tr><td>b</td></tr></table>", "<table><tr><td>b</td></tr></table>" },
	{ "<table><div><table></table></div></table>a", "nesting nesting", "<table></table>a", "<table></table>a" },
	{ "<table><tr><td><tr><td>a</td></tr></td></tr></table>", "nesting nesting", "<table><tr><td>a</td></tr></table>", "<table><tr><td>a</td></tr></table>" },
	{ "<td>a</td>", "nesting", "a", "a" },
	{ "<li>a</li>", "nesting", "a", "a" },
	{ "<a href='#x'>a<b><a href='#y'>b</a></b></a>", "nesting", "<a href=\"#x\">a<b>b</b></a>", "<a href=\"#n-x\">a<b>b</b></a>" },
	{ "<br>a</br>b", "nesting", "<br/>b", "<br>b" },
	{ "<p>a<div>b</div>c</p>", "", NULL, "<p>a</p><div>b</div>c" },
	{ "<p>a<b><p>b</p></b></p>", "", NULL, "<p>a<b>b</b></p>" },
	{ "<h1>a<h2>b</h2></h1>", "", NULL, "<h1>ab</h1>" },
	{ "<p><table><tr><td><p>a</p></td></tr></table></p>", "", NULL, "<p></p><table><tr><td><p>a</p></td></tr></table>" },
	/* what is not read to the end */
	{ "&nbsp;", "stop:entity", NULL, NULL },
	{ "&", "stop:not_xml", NULL, NULL },
	{ "&#0;", "stop:character", NULL, NULL },
	{ "&#xD800;", "stop:character", NULL, NULL },
	{ "&#x110000;", "stop:character", NULL, NULL },
	{ "\x01", "stop:character", NULL, NULL },
	{ "\xC0\xBC", "stop:character", NULL, NULL },
	{ "\xEF\xBF\xBF", "stop:character", NULL, NULL },
	{ "<p>", "stop:not_xml", NULL, NULL },
	{ "<p></b>", "stop:not_xml", NULL, NULL },
	{ "<p a>b</p>", "stop:not_xml", NULL, NULL },
	{ "<p a=b>b</p>", "stop:not_xml", NULL, NULL },
	{ "<p title='a' title='b'>b</p>", "stop:not_xml", NULL, NULL },
	{ "<p title='a<b'>b</p>", "stop:not_xml", NULL, NULL },
	{ "<p title='a'id='b'>b</p>", "stop:not_xml", NULL, NULL },
	{ "]]>", "stop:not_xml", NULL, NULL },
	{ "<!-- a -- b -->", "stop:not_xml", NULL, NULL },
	{ "<!--", "stop:not_xml", NULL, NULL },
	{ "<?php x ?>", "stop:doctype", NULL, NULL },
	{ "<!DOCTYPE x>", "stop:doctype", NULL, NULL },
	{ "<h:p xmlns:h='http://www.w3.org/1999/xhtml'>a</h:p>", "stop:namespace", NULL, NULL },
	{ "<p xmlns='http://a.test'>a</p>", "stop:namespace", NULL, NULL },
	{ "<p xmlns:x='http://a.test'>a</p>", "stop:namespace", NULL, NULL },
	{ "<p xlink:href='x'>a</p>", "stop:namespace", NULL, NULL },
	{ "a</div><div" X ">b", "stop:root", NULL, NULL },
	{ "a</div>b<div" X ">", "stop:root", NULL, NULL },
};

static const struct { const char *text, *found; } wholes[] = {
	{ "<div" X ">a</div>", "" }, { " \n<div" X ">a</div> ", "" },
	{ "<div xmlns='http://www.w3.org/1999/xhtml'>a</div>", "" },
	{ "", "stop:root" }, { " ", "stop:root" }, { "a", "stop:root" }, { "<div>a</div>", "stop:namespace" },
	{ "<div xmlns='http://hl7.org/fhir'>a</div>", "stop:namespace" }, { "<p" X ">a</p>", "stop:root" },
	{ "<h:div xmlns:h='http://www.w3.org/1999/xhtml'>a</h:div>", "stop:namespace" },
	{ "<?xml version='1.0'?><div" X ">a</div>", "stop:doctype" },
	{ "<!DOCTYPE div [<!ENTITY a 'b'>]><div" X ">&a;</div>", "stop:doctype" },
	{ "<!-- --><div" X ">a</div>", "comment" },
	{ "<div" X " style='display:none'>a</div>", "hidden" },
	{ "\xEF\xBB\xBF<div" X ">a</div>", "stop:root" },
	{ "<div" X ">a</div><script/>", "stop:root" },
};

static struct slice
found_text(const struct xhtml *x, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 4096);
	if (x->stop != NULL)
		buf_printf(&b, "stop:%s", xhtml_rules[x->stop->rule].id + strlen("narrative_"));
	for (const struct xhtml_finding *f = x->stop == NULL ? x->first : NULL; f != NULL; f = f->next)
		buf_printf(&b, "%s%s", f == x->first ? "" : " ", xhtml_rules[f->rule].id + strlen("narrative_"));
	return buf_slice(&b);
}

static struct xhtml
read_as(struct slice text, enum xhtml_form form, struct arena *arena, struct buf *out)
{
	struct xhtml_how how = { .limits = &limits_default, .http = true, .form = form,
		.prefix = SLICE("n-"), .out = out };
	struct xhtml found;
	bool good;

	buf_init(out, arena, SIZE_MAX);
	good = xhtml_read(text, &how, arena, &found);
	assert_int_equal(good, found.readable && found.count == 0);
	return found;
}

static struct slice
in_div(const char *inside, struct arena *arena, const char *attribute)
{
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	buf_printf(&b, "<div%s>%s</div>", attribute, inside);
	return buf_slice(&b);
}

static void
same(const char *about, struct slice got, struct slice want)
{
	if (!slice_eq(got, want))
		fail_msg("%s: got %.*s, want %.*s", about, SLICE_FMT(got), SLICE_FMT(want));
}

static void
written_again(const char *about, struct slice once, struct arena *arena)
{
	struct buf twice;
	struct xhtml found = read_as(once, XHTML_AS_XML, arena, &twice);

	if (found.count > (found.says ? 0 : 1))
		fail_msg("%s: %.*s is not accepted: %.*s", about, SLICE_FMT(once), SLICE_FMT(found_text(&found, arena)));
	same(about, buf_slice(&twice), once);
}

static void
each_row(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *arena = arena_new(4096);
		struct slice text = in_div(rows[i].in, arena, X);
		struct buf out;
		struct xhtml found = read_as(text, XHTML_AS_XML, arena, &out);

		same(rows[i].in, found_text(&found, arena), slice_of(rows[i].found));
		if (found.readable) {
			same(rows[i].in, buf_slice(&out), in_div(rows[i].xml == NULL ? rows[i].in : rows[i].xml, arena, X));
			written_again(rows[i].in, buf_slice(&out), arena);
			found = read_as(text, XHTML_AS_HTML, arena, &out);
			same(rows[i].in, buf_slice(&out), in_div(rows[i].html, arena, ""));
		}
		arena_free(arena);
	}
}

static void
each_whole(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(wholes); i++) {
		struct arena *arena = arena_new(4096);
		struct buf out;
		struct xhtml found = read_as(slice_of(wholes[i].text), XHTML_AS_NOTHING, arena, &out);

		same(wholes[i].text, found_text(&found, arena), slice_of(wholes[i].found));
		arena_free(arena);
	}
}

/* `before` `count` times, then "a", then `after` as often. */
static enum xhtml_rule
stop_of(const char *before, const char *after, int count)
{
	struct arena *arena = arena_new(4096);
	struct buf b, out;
	struct xhtml found;
	enum xhtml_rule rule;

	buf_init(&b, arena, SIZE_MAX);
	buf_add_cstr(&b, "<div" X ">");
	for (int i = 0; i < count; i++)
		buf_add_cstr(&b, before);
	buf_add_cstr(&b, "a");
	for (int i = 0; i < count; i++)
		buf_add_cstr(&b, after);
	buf_add_cstr(&b, "</div>");
	found = read_as(buf_slice(&b), XHTML_AS_NOTHING, arena, &out);
	rule = found.stop == NULL ? XHTML_RULE_COUNT : found.stop->rule;
	arena_free(arena);
	return rule;
}

static void
limits_hold(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct buf b;

	assert_int_equal(stop_of("<b>", "</b>", 63), XHTML_RULE_COUNT);
	assert_int_equal(stop_of("<b>", "</b>", 64), XHTML_too_deep);
	assert_int_equal(stop_of("<br/>", "", 249999), XHTML_RULE_COUNT);
	assert_int_equal(stop_of("<br/>", "", 250000), XHTML_too_many);
	assert_int_equal(stop_of("aaaaaaaaaaaaaaaa", "", 131072), XHTML_too_long);
	buf_init(&b, arena, SIZE_MAX);
	buf_add_cstr(&b, "<p");
	for (int i = 0; i < 51; i++)
		buf_printf(&b, " a%d=''", i);
	buf_add_cstr(&b, ">");
	assert_int_equal(stop_of(slice_cstr(buf_slice(&b), arena), "</p>", 1), XHTML_too_many);
	arena_free(arena);
}

/* Promise 4: the sentence names what is in our tables, and nothing else. */
static void
nothing_is_repeated(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct buf out;
	struct xhtml found = read_as(in_div("<p onclick='secret' secret='secret'>a</p><secret/>"
	    "<a href='secret:secret'>a</a><p style='secret:secret'>a</p>", arena, X), XHTML_AS_NOTHING, arena, &out);

	for (const struct xhtml_finding *f = found.first; f != NULL; f = f->next)
		assert_null(strstr(slice_cstr(xhtml_sentence(f, arena), arena), "secret"));
	same("named", xhtml_sentence(found.first, arena), SLICE("txt-1: an attribute that is not allowed (onclick)"));
	assert_int_equal(found.count, 5);
	arena_free(arena);
}

static void
policy_counts(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct xhtml_how strict = { .limits = &limits_default }, open = { .limits = &limits_default,
		.http = true, .remote_images = true };
	struct slice link = in_div("<a href='http://a.test/'>a</a>", arena, X);
	struct slice image = in_div("<img src='https://a.test/b.png'/>", arena, X);
	struct xhtml found;

	assert_false(xhtml_read(link, &strict, arena, &found));
	assert_true(xhtml_read(link, &open, arena, &found));
	assert_false(xhtml_read(image, &strict, arena, &found));
	assert_true(xhtml_read(image, &open, arena, &found));
	assert_false(xhtml_read(in_div("<img src='javascript:a'/>", arena, X), &open, arena, &found));
	arena_free(arena);
}

static const char *
found_at(const char *attributes, const char *language, struct xhtml_ids *ids, struct arena *arena)
{
	struct xhtml_how how = { .limits = &limits_default, .ids = ids, .language = slice_of(language) };
	struct xhtml found;
	struct buf b;
	bool good;

	buf_init(&b, arena, 4096);
	buf_printf(&b, "<div" X " %s><p id='a'>x</p></div>", attributes);
	good = xhtml_read(buf_slice(&b), &how, arena, &found);
	assert_int_equal(good, found.count == 0);
	return found.first == NULL ? "" : xhtml_rules[found.first->rule].id;
}

static void
the_language_is_compared(void **state UNUSED)
{
	static const struct { const char *attributes, *language, *found; } languages[] = {
		{ "lang='en' xml:lang='en'", "en", "" }, { "lang='en' xml:lang='EN'", "", "" }, { "", "en", "" },
		{ "lang='en' xml:lang='de'", "", "narrative_language" }, { "lang='de'", "en", "narrative_language" },
		{ "xml:lang='de' lang='de'", "en-US", "narrative_language" },
	};
	struct arena *arena = arena_new(4096);

	for (size_t i = 0; i < COUNT_OF(languages); i++)
		assert_string_equal(found_at(languages[i].attributes, languages[i].language, NULL, arena),
		    languages[i].found);
	arena_free(arena);
}

/* An id that was there in another narrative, or on an element, is taken. */
static void
ids_are_those_of_the_resource(void **state UNUSED)
{
	struct arena *arena = arena_new(4096);
	struct xhtml_ids ids = { NULL, 0, 0 };

	xhtml_ids_add(&ids, SLICE("element"), arena);
	xhtml_ids_sort(&ids);
	assert_string_equal(found_at("id='element'", "", &ids, arena), "narrative_id_twice");
	assert_string_equal(found_at("id='element'", "", &ids, arena), "narrative_id_twice");
	ids = (struct xhtml_ids){ NULL, 0, 0 };
	assert_string_equal(found_at("id='b'", "", &ids, arena), "");
	assert_string_equal(found_at("id='c'", "", &ids, arena), "narrative_id_twice");
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_language_is_compared), cmocka_unit_test(ids_are_those_of_the_resource),
		cmocka_unit_test(each_row), cmocka_unit_test(each_whole), cmocka_unit_test(limits_hold),
		cmocka_unit_test(nothing_is_repeated), cmocka_unit_test(policy_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
