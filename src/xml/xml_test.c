/* XML to JSON and JSON to XML, by cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "json/json.h"
#include "xml/xml.h"

#define F " xmlns=\"http://hl7.org/fhir\""
#define H " xmlns=\"http://www.w3.org/1999/xhtml\""

static struct arena *arena;
static struct pack *pack;

static int
open_pack(void **state UNUSED)
{
	struct outcome o;

	arena = arena_new(4096);
	outcome_init(&o, arena);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	return pack == NULL;
}

static int
close_pack(void **state UNUSED)
{
	pack_close(pack);
	arena_free(arena);
	return 0;
}

static const struct { const char *xml, *json; } reads[] = {
	{ "<Patient" F "><id value='a'/><active value='true'/></Patient>",
	  "{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true}" },
	{ "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?>\n<!-- c --><Patient" F ">\n <!-- c --><gender value='male'/>\n</Patient>\n",
	  "{\"resourceType\":\"Patient\",\"gender\":\"male\"}" },
	{ "<f:Patient xmlns:f=\"http://hl7.org/fhir\"><f:gender value='male'/></f:Patient>",
	  "{\"resourceType\":\"Patient\",\"gender\":\"male\"}" },
	{ "<Patient" F " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b'><gender value='male'/></Patient>",
	  "{\"resourceType\":\"Patient\",\"gender\":\"male\"}" },
	{ "<Observation" F "><valueQuantity><value value='1.00e2'/></valueQuantity></Observation>",
	  "{\"resourceType\":\"Observation\",\"valueQuantity\":{\"value\":1.00e2}}" },
	{ "<Observation" F "><valueInteger value='+7'/></Observation>",
	  "{\"resourceType\":\"Observation\",\"valueInteger\":7}" },
	{ "<Patient" F "><name id='n'><given value='A'/><given><extension url='u'><valueCode value='c'/></extension></given><given id='x' value='B'/></name></Patient>",
	  "{\"resourceType\":\"Patient\",\"name\":[{\"id\":\"n\",\"given\":[\"A\",null,\"B\"],\"_given\":[null,{\"extension\":[{\"url\":\"u\",\"valueCode\":\"c\"}]},{\"id\":\"x\"}]}]}" },
	{ "<Patient" F "><birthDate id='b' value='1970-01'/></Patient>",
	  "{\"resourceType\":\"Patient\",\"birthDate\":\"1970-01\",\"_birthDate\":{\"id\":\"b\"}}" },
	{ "<Patient" F "><text><status value='empty'/><div" H "><p>1 &lt; 2 &#160;</p><br/></div></text></Patient>",
	  "{\"resourceType\":\"Patient\",\"text\":{\"status\":\"empty\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><p>1 &lt; 2 &#160;</p><br/></div>\"}}" },
	{ "<Patient" F " xmlns:h='http://www.w3.org/1999/xhtml'><text><status value='empty'/>\n<h:div xml:lang='en'><h:p title='&lt;&quot;&#10;'>"
	  "1 &lt; <![CDATA[2 & ]]>&#160;</h:p><h:br/><b xmlns='http://www.w3.org/1999/xhtml'></b></h:div></text></Patient>",
	  "{\"resourceType\":\"Patient\",\"text\":{\"status\":\"empty\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\" xml:lang=\\\"en\\\">"
	  "<p title=\\\"&lt;&quot;&#10;\\\">1 &lt; 2 &amp; \xC2\xA0</p><br/><b/></div>\"}}" },
	{ "<Patient" F "><text><status value='empty'/><div" H "/></text></Patient>",
	  "{\"resourceType\":\"Patient\",\"text\":{\"status\":\"empty\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"/>\"}}" },
	{ "<Patient" F "><contained><Organization><name value='a &amp; &quot;b&#10;'/></Organization></contained></Patient>",
	  "{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":\"Organization\",\"name\":\"a & \\\"b\\n\"}]}" },
	{ "<Bundle" F "><type value='batch'/><entry><resource><Patient><id value='a'/></Patient></resource></entry></Bundle>",
	  "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\"}}]}" },
	{ "<Parameters" F "><parameter><name value='r'/><resource><Binary><contentType value='a/b'/></Binary></resource></parameter></Parameters>",
	  "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"r\",\"resource\":{\"resourceType\":\"Binary\",\"contentType\":\"a/b\"}}]}" },
};

static void
what_is_read(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(reads); i++) {
		struct outcome o;
		struct slice json;

		outcome_init(&o, arena);
		if (!xml_read(pack, slice_of(reads[i].xml), &limits_default, 0, arena, &json, NULL, &o)
		    || !slice_is(json, reads[i].json)) {
			print_error("%s\n -> %.*s\n", reads[i].xml, SLICE_FMT(json));
			fail();
		}
	}
}

static const struct { const char *xml; enum fault fault; const char *path; unsigned line, column; } refusals[] = {
	/* XML itself */
	{ "", FAULT_SYNTAX, "", 1, 1 },
	{ "{}", FAULT_SYNTAX, "", 1, 1 },
	{ "<Patient" F ">", FAULT_SYNTAX, "", 1, 38 },
	{ "<!DOCTYPE Patient><Patient" F "/>", FAULT_SYNTAX, "", 1, 18 },
	{ "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><Patient" F "><id value='&b;'/></Patient>", FAULT_SYNTAX, "", 1, 13 },
	{ "<Patient" F ">\n<id value='&b;'/></Patient>", FAULT_SYNTAX, "", 2, 1 },
	{ "<Patient" F "><text><status value='empty'/><div" H ">&nbsp;</div></text></Patient>", FAULT_SYNTAX, "", 1, 109 },
	{ "<?xml version='1.0' encoding='ISO-8859-1'?><Patient" F "/>", FAULT_SYNTAX, "", 1, 1 },
	{ "<Patient" F "><id value='\xE9'/></Patient>", FAULT_SYNTAX, "", 1, 49 },
	{ "<Patient" F "><id value='a' value='b'/></Patient>", FAULT_SYNTAX, "", 1, 52 },
	/* namespaces and the root */
	{ "<Patient/>", FAULT_SYNTAX, "", 1, 1 },
	{ "<Patient xmlns='http://hl7.org/FHIR'/>", FAULT_SYNTAX, "", 1, 1 },
	{ "\n <Nonsense" F "/>", FAULT_SYNTAX, "", 2, 2 },
	{ "<DomainResource" F "/>", FAULT_SYNTAX, "", 1, 1 },
	{ "<Patient" F "><id xmlns='' value='a'/></Patient>", FAULT_STRUCTURE, "Patient", 1, 38 },
	{ "<Patient" F "><text><status value='empty'/><div>x</div></text></Patient>", FAULT_STRUCTURE, "Patient.text", 1, 67 },
	{ "<Patient" F "><text><status value='empty'/><h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"><p>a</p></h:div></text></Patient>", FAULT_SYNTAX, "", 1, 113 },
	{ "<Patient" F "><text><status value='empty'/><h:div xmlns:h=\"http://www.w3.org/1999/xhtml\">a<!-- b --></h:div></text></Patient>", FAULT_SYNTAX, "", 1, 114 },
	{ "<Patient" F "><text><status value='empty'/><h:div xmlns:h=\"http://www.w3.org/1999/xhtml\">a<?b c?></h:div></text></Patient>", FAULT_SYNTAX, "", 1, 114 },
	{ "<Patient" F "><text><status value='empty'/><h:p xmlns:h=\"http://www.w3.org/1999/xhtml\"/></text></Patient>", FAULT_SYNTAX, "", 1, 67 },
	{ "<Patient" F "><text><status value='empty'/><div" H "><h:p xmlns:h=\"http://www.w3.org/1999/xhtml\"/></div></text></Patient>", FAULT_SYNTAX, "", 1, 109 },
	{ "<Patient" F "><div" H "/></Patient>", FAULT_STRUCTURE, "Patient", 1, 38 },
	/* elements */
	{ "<Patient" F ">\n  <nonsense value='1'/></Patient>", FAULT_STRUCTURE, "Patient", 2, 3 },
	{ "<Patient" F "><birthDate value='1970'/>\n<gender value='male'/></Patient>", FAULT_STRUCTURE, "Patient", 2, 1 },
	{ "<Patient" F "><gender value='male'/>\n<gender value='female'/></Patient>", FAULT_STRUCTURE, "Patient.gender", 2, 1 },
	{ "<Patient" F "><identifier><value value='1'/></identifier><active value='true'/>\n<identifier><value value='2'/></identifier></Patient>", FAULT_STRUCTURE, "Patient", 2, 1 },
	{ "<Patient" F "><deceasedBoolean value='true'/>\n<deceasedDateTime value='1970'/></Patient>", FAULT_STRUCTURE, "Patient", 2, 1 },
	{ "<Patient" F "><name/></Patient>", FAULT_STRUCTURE, "Patient.name[0]", 1, 38 },
	{ "<Patient" F "><gender/></Patient>", FAULT_STRUCTURE, "Patient.gender", 1, 38 },
	{ "<Patient" F "><name><given value='a'/><given/></name></Patient>", FAULT_STRUCTURE, "Patient.name[0].given[1]", 1, 62 },
	{ "<Patient" F ">text</Patient>", FAULT_STRUCTURE, "Patient", 1, 1 },
	{ "<Patient" F "><contained><Patient/><Patient/></contained></Patient>", FAULT_STRUCTURE, "Patient.contained[0]", 1, 38 },
	{ "<Patient" F "><contained><HumanName/></contained></Patient>", FAULT_STRUCTURE, "Patient.contained[0]", 1, 49 },
	{ "<Patient" F "><name><id value='a'/></name></Patient>", FAULT_STRUCTURE, "Patient.name[0]", 1, 44 },
	/* attributes */
	{ "<Patient" F " id='a'><gender value='male'/></Patient>", FAULT_STRUCTURE, "Patient", 1, 1 },
	{ "<Patient" F "><name value='a'><text value='b'/></name></Patient>", FAULT_STRUCTURE, "Patient.name[0]", 1, 38 },
	{ "<Patient" F "><gender url='a' value='male'/></Patient>", FAULT_STRUCTURE, "Patient.gender", 1, 38 },
	{ "<Patient" F "><gender other='a' value='male'/></Patient>", FAULT_STRUCTURE, "Patient.gender", 1, 38 },
	{ "<Patient" F "><gender value=''/></Patient>", FAULT_VALUE, "Patient.gender", 1, 38 },
	/* values */
	{ "<Patient" F "><active value='1'/></Patient>", FAULT_VALUE, "Patient.active", 1, 38 },
	{ "<Patient" F "><multipleBirthInteger value='0x1'/></Patient>", FAULT_VALUE, "Patient.multipleBirthInteger", 1, 38 },
	{ "<Patient" F "><multipleBirthInteger value='1,\"active\":true'/></Patient>", FAULT_VALUE, "Patient.multipleBirthInteger", 1, 38 },
	{ "<Observation" F "><valueQuantity><value value='1.'/></valueQuantity></Observation>", FAULT_VALUE, "Observation.valueQuantity.value", 1, 57 },
	{ "<Observation" F "><valueQuantity><value value='01'/></valueQuantity></Observation>", FAULT_VALUE, "Observation.valueQuantity.value", 1, 57 },
};

static void
what_is_refused_and_where(void **state UNUSED)
{
	int bad = 0;

	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		struct outcome o;
		struct slice json = SLICE_NONE;
		bool read;

		outcome_init(&o, arena);
		read = xml_read(pack, slice_of(refusals[i].xml), &limits_default, 0, arena, &json, NULL, &o);
		if (!read && o.first->fault == refusals[i].fault && slice_is(o.first->place.path, refusals[i].path)
		    && o.first->place.line == refusals[i].line && o.first->place.column == refusals[i].column)
			continue;
		bad++;
		print_error("%s\n  read %d", refusals[i].xml, read);
		if (!read)
			print_error(" %s %.*s %u:%u %.*s", faults[o.first->fault].symbol, SLICE_FMT(o.first->place.path),
			    o.first->place.line, o.first->place.column, SLICE_FMT(o.first->detail));
		print_error("\n");
	}
	assert_int_equal(bad, 0);
}

static const struct { const char *json, *xml, *pretty; } writes[] = {
	{ "{\"gender\":\"male\",\"id\":\"a\",\"resourceType\":\"Patient\"}",
	  "<Patient" F "><id value=\"a\"/><gender value=\"male\"/></Patient>",
	  "<Patient" F ">\n  <id value=\"a\"/>\n  <gender value=\"male\"/>\n</Patient>" },
	{ "{\"resourceType\":\"Organization\",\"name\":\"a\\\"<&>\\n\\t\\u0001\\uFFFF\\u00e9\"}",
	  "<Organization" F "><name value=\"a&quot;&lt;&amp;&gt;&#10;&#9;\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9\"/></Organization>", NULL },
	{ "{\"resourceType\":\"Basic\",\"text\":{\"div\":\"</div></text><id value='x'/>\"}}",
	  "<Basic" F "><text><div" H ">&lt;/div&gt;&lt;/text&gt;&lt;id value='x'/&gt;</div></text></Basic>", NULL },
	{ "{\"resourceType\":\"Basic\",\"text\":{\"div\":\"<div xmlns='http://www.w3.org/1999/xhtml'/><id/>\"}}",
	  "<Basic" F "><text><div" H ">&lt;div xmlns='http://www.w3.org/1999/xhtml'/&gt;&lt;id/&gt;</div></text></Basic>", NULL },
	{ "{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":\"Basic\",\"id\":\"b\"}],\"_active\":{\"id\":\"q\"}}",
	  "<Patient" F "><contained><Basic><id value=\"b\"/></Basic></contained><active id=\"q\"/></Patient>",
	  "<Patient" F ">\n  <contained>\n    <Basic>\n      <id value=\"b\"/>\n    </Basic>\n  </contained>\n  <active id=\"q\"/>\n</Patient>" },
	/* not as defined */
	{ "{\"resourceType\":\"Patient\",\"nonsense\":1}", NULL, NULL },
	{ "{\"resourceType\":\"Patient\",\"name\":{}}", NULL, NULL },
	{ "{\"resourceType\":\"Patient\",\"gender\":{}}", NULL, NULL },
	{ "{\"resourceType\":\"Patient\",\"name\":[1]}", NULL, NULL },
	{ "{\"resourceType\":\"Patient\",\"name\":[null]}", NULL, NULL },
	{ "{\"resourceType\":\"Patient\",\"deceasedBoolean\":true,\"deceasedDateTime\":\"1970\"}", NULL, NULL },
	{ "{\"resourceType\":\"Nonsense\"}", NULL, NULL },
	{ "[]", NULL, NULL },
};

static void
check_write(const struct json *j, const char *json, enum xml_style style, const char *want)
{
	struct buf b;
	bool written;

	buf_init(&b, arena, 1 << 16);
	written = xml_write(pack, j, 0, style, arena, &b);
	if (written != (want != NULL) || (written && !slice_is(buf_slice(&b), want))) {
		print_error("%s\n -> %.*s\n", json, SLICE_FMT(buf_slice(&b)));
		fail();
	}
}

static void
what_is_written(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(writes); i++) {
		struct outcome o;
		struct json j;

		outcome_init(&o, arena);
		assert_true(json_parse(slice_of(writes[i].json), json_bounds(&limits_default, false), arena, &j, &o));
		check_write(&j, writes[i].json, XML_COMPACT, writes[i].xml);
		if (writes[i].pretty != NULL)
			check_write(&j, writes[i].json, XML_PRETTY, writes[i].pretty);
	}
}

static enum fault
fault_under(struct limits *limits, const char *xml)
{
	struct outcome o;
	struct slice json;

	outcome_init(&o, arena);
	return xml_read(pack, slice_of(xml), limits, 0, arena, &json, NULL, &o) ? FAULT_WARNING : o.worst;
}

static void
limits_hold(void **state UNUSED)
{
	struct limits l = limits_default;
	const char *xml = "<Patient" F "><name id='n'><given value='a'/></name></Patient>";

	assert_int_equal(fault_under(&l, xml), FAULT_WARNING);
	l.of[LIMIT_XML_DEPTH] = 2;
	assert_int_equal(fault_under(&l, xml), FAULT_SYNTAX);
	l = limits_default;
	l.of[LIMIT_XML_ATTRIBUTES] = 0;
	assert_int_equal(fault_under(&l, xml), FAULT_SYNTAX);
	l = limits_default;
	l.of[LIMIT_JSON_NODES] = 4;
	assert_int_equal(fault_under(&l, xml), FAULT_TOO_COMPLEX);
}

static void
issues_of_the_json_get_places_of_the_xml(void **state UNUSED)
{
	const char *xml = "<Patient" F ">\n <name>\n  <given value='a'/>\n   <given value='b'/></name></Patient>";
	struct xml_places places;
	struct slice json;
	struct outcome o;
	struct json j;

	outcome_init(&o, arena);
	assert_true(xml_read(pack, slice_of(xml), &limits_default, 0, arena, &json, &places, &o));
	assert_true(json_parse(json, json_bounds(&limits_default, false), arena, &j, &o));
	outcome_fail(&o, FAULT_VALUE, json_place(&j, json_item(&j, json_get(&j, json_item(&j,
	    json_get(&j, 0, SLICE("name")), 0), SLICE("given")), 1)), SLICE(""));
	xml_replace_places(&places, &o);
	assert_int_equal(o.first->place.line, 4);
	assert_int_equal(o.first->place.column, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read), cmocka_unit_test(what_is_refused_and_where),
		cmocka_unit_test(what_is_written), cmocka_unit_test(limits_hold),
		cmocka_unit_test(issues_of_the_json_get_places_of_the_xml),
	};

	return cmocka_run_group_tests(tests, open_pack, close_pack);
}
