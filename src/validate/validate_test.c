/* One row, one rule: a resource, and the message that it must give where; or
 * that there is no error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "fhir/pack.h"
#include "validate/validate.h"

static struct arena *arena;
static struct pack *pack;
static const struct validator *validator;

static int
open_validator(void **state UNUSED)
{
	struct outcome o;

	arena = arena_new(1 << 20);
	outcome_init(&o, arena);
	if ((pack = pack_open(&env_real, "build/fhir-r4.pack", &o)) != NULL)
		validator = validator_new(pack, &limits_default, &env_real, arena, &o);
	return validator == NULL;
}

static int
close_validator(void **state UNUSED)
{
	pack_close(pack);
	arena_free(arena);
	return 0;
}

#define OBSERVATION "'resourceType':'Observation','status':'final','code':{'text':'x'}"
#define CORE "http://hl7.org/fhir/StructureDefinition/"
#define NARRATIVE(div) "{'resourceType':'Basic','code':{'text':'x'},'text':{'status':'generated','div':'" div "'}}"
#define DIV "<div xmlns=\\'http://www.w3.org/1999/xhtml\\'>"
#define BP(systolic, diastolic) "{'resourceType':'Observation','status':'final',"                \
	"'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/observation-category'," \
	"'code':'vital-signs'}]}],'code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}]}," \
	"'subject':{'reference':'Patient/1'},'effectiveDateTime':'2020-01-01','component':["            \
	systolic "," diastolic "]}"
#define COMPONENT(code) "{'code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]},"  \
	"'valueQuantity':{'value':1,'unit':'mmHg','system':'http://unitsofmeasure.org','code':'mm[Hg]'}}"

#define PATIENT_1 ",{'fullUrl':'http://a.test/Patient/1','resource':{'resourceType':'Patient','id':'1'}}"
#define DOCUMENT(subject, more) "{'resourceType':'Bundle','type':'document','timestamp':'2020-01-01T00:00:00Z','identifier':{'system':'http://a.test','value':'a'},"  \
	"'entry':[{'fullUrl':'http://a.test/Composition/1','resource':{'resourceType':'Composition','id':'1','status':'final','type':{'text':'x'},'date':'2020-01-01'," \
	"'title':'x','author':[{'display':'a'}],'subject':{'reference':'" subject "'}}}" more "]}"

#define SET(property, op, value) "{'resourceType':'ValueSet','status':'draft','compose':{'include':[{'system':'http://terminology.hl7.org/CodeSystem/v3-HL7UpdateMode'," \
	"'filter':[{'property':'" property "','op':'" op "','value':'" value "'}]}]}}"
#define MODEL(type, path) "{'resourceType':'StructureDefinition','url':'http://a.test/Boo','name':'Boo','status':'draft','kind':'logical','abstract':false," \
	"'type':'" type "','baseDefinition':'http://hl7.org/fhir/StructureDefinition/Element','derivation':'specialization','differential':{'element':[{'id':'" path "','path':'" path "','definition':'a','min':0,'max':'1'}]}}"
#define LINKS(a, b) "{'resourceType':'Bundle','type':'collection','link':[{'relation':'" a "','url':'http://a'},{'relation':'" b "','url':'http://b'}]}"

/* A quote ' stands for ". An id of NULL: no error. */
static const struct {
	const char *name, *json, *id, *path;
} rows[] = {
	{ "the least", "{'resourceType':'Patient'}", NULL, NULL },
	{ "no such element", "{'resourceType':'Patient','foo':1}", "element_unknown", "Patient" },
	{ "empty list", "{'resourceType':'Patient','name':[]}", "list_empty", "Patient.name" },
	{ "empty object", "{'resourceType':'Patient','name':[{}]}", "object_empty", "Patient.name[0]" },
	{ "only an id", "{'resourceType':'Patient','name':[{'id':'a'}]}", "only_id", "Patient.name[0]" },
	{ "null", "{'resourceType':'Patient','active':null}", "primitive_expected", "Patient.active" },
	{ "nulls in step", "{'resourceType':'Patient','name':[{'given':['a',null],'_given':[null,{'extension':["
	    "{'url':'" CORE "data-absent-reason','valueCode':'unknown'}]}]}]}", NULL, NULL },
	{ "nulls out of step", "{'resourceType':'Patient','name':[{'given':['a',null],'_given':[null]}]}",
	    "null_alone", "Patient.name[0].given[1]" },
	{ "a value for a list", "{'resourceType':'Patient','name':{'family':'a'}}", "list_expected", "Patient.name" },
	{ "a list for a value", "{'resourceType':'Patient','active':[true]}", "single_expected", "Patient.active" },
	{ "a string for a boolean", "{'resourceType':'Patient','active':'true'}", "primitive_value", "Patient.active" },
	{ "no such day", "{'resourceType':'Patient','birthDate':'2023-02-30'}", "primitive_value", "Patient.birthDate" },
	{ "two of a choice", "{'resourceType':'Patient','deceasedBoolean':true,'deceasedDateTime':'2020'}",
	    "choice_twice", "Patient" },
	{ "required", "{'resourceType':'Observation','code':{'text':'x'}}", "required", "Observation" },
	{ "required code", "{'resourceType':'Patient','gender':'Male'}", "binding_required", "Patient.gender" },
	{ "invariant pat-1", "{'resourceType':'Patient','contact':[{'gender':'male'}]}", "invariant", "Patient.contact[0]" },
	{ "invariant of a data type", "{'resourceType':'Patient','identifier':[{'value':'a','period':{'start':'2021','end':'2020'}}]}",
	    "invariant", "Patient.identifier[0].period" },
	{ "invariant obs-6", "{" OBSERVATION ",'valueString':'a','dataAbsentReason':{'text':'x'}}", "invariant", "Observation" },
	{ "an empty result is no failure", "{'resourceType':'RiskAssessment','status':'final','subject':{'display':'a'},"
	    "'prediction':[{'outcome':{'text':'x'}}]}", NULL, NULL },
	{ "code not in its system", "{" OBSERVATION ",'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/observation-category','code':'nonsense'}]}]}",
	    "code_unknown", "Observation.category[0].coding[0].code" },
	{ "relative system", "{" OBSERVATION ",'method':{'coding':[{'system':'x','code':'y'}]}}", "coding_system", "Observation.method.coding[0].system" },
	{ "SNOMED CT without check digit", "{" OBSERVATION ",'method':{'coding':[{'system':'http://snomed.info/sct','code':'276885008'}]}}",
	    "code_form", "Observation.method.coding[0].code" },
	{ "SNOMED CT", "{" OBSERVATION ",'method':{'coding':[{'system':'http://snomed.info/sct','code':'276885007'}]}}", NULL, NULL },
	{ "target of another type", "{" OBSERVATION ",'subject':{'reference':'Practitioner/1'}}", "reference_target", "Observation.subject" },
	{ "contained target", "{" OBSERVATION ",'contained':[{'resourceType':'Patient','id':'p'}],'subject':{'reference':'#p'}}", NULL, NULL },
	{ "ref-1", "{" OBSERVATION ",'subject':{'reference':'#p'}}", "reference_contained", "Observation.subject" },
	{ "dom-3", "{" OBSERVATION ",'contained':[{'resourceType':'Patient','id':'p'}]}", "contained_orphan", "Observation" },
	{ "dom-2", "{" OBSERVATION ",'contained':[{'resourceType':'Patient','id':'p','contained':[{'resourceType':'Patient','id':'q'}]}],'subject':{'reference':'#p'}}",
	    "contained_nested", "Observation.contained[0].contained[0]" },
	{ "dom-4", "{" OBSERVATION ",'contained':[{'resourceType':'Patient','id':'p','meta':{'versionId':'1'}}],'subject':{'reference':'#p'}}",
	    "invariant", "Observation" },
	{ "ext-1", "{'resourceType':'Patient','extension':[{'url':'http://example.org/a'}]}", "extension_both", "Patient.extension[0]" },
	{ "extension without a definition", "{'resourceType':'Patient','extension':[{'url':'http://nobody.test/a','valueCode':'a'}]}", NULL, NULL },
	{ "extension of the wrong type", "{'resourceType':'Patient','extension':[{'url':'" CORE "patient-birthPlace','valueString':'a'}]}",
	    "profile_element_type", "Patient.extension[0]" },
	{ "extension at the wrong place", "{'resourceType':'Patient','name':[{'extension':[{'url':'" CORE "patient-birthPlace','valueAddress':{'city':'a'}}]}]}",
	    "extension_context", "Patient.name[0]" },
	{ "extension at its place", "{'resourceType':'Patient','extension':[{'url':'" CORE "patient-birthPlace','valueAddress':{'city':'a'}}]}", NULL, NULL },
	{ "no such core extension", "{'resourceType':'Patient','extension':[{'url':'" CORE "nonsense','valueCode':'a'}]}", "extension_core", "Patient.extension[0]" },
	{ "modifier extension as an extension", "{" OBSERVATION ",'extension':[{'url':'" CORE "observation-replaces','valueReference':{'display':'a'}}]}", NULL, NULL },
	{ "vital sign: slices", BP(COMPONENT("8480-6"), COMPONENT("8462-4")), NULL, NULL },
	{ "vital sign: a slice is missing", BP(COMPONENT("8480-6"), COMPONENT("8867-4")), "slice_min", "Observation" },
	{ "vital sign: a slice too often", BP(COMPONENT("8480-6"), COMPONENT("8480-6")), "slice_max", "Observation" },
	{ "vital sign: required by the profile", "{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'8310-5'}]},'dataAbsentReason':{'text':'x'}}",
	    "required", "Observation" },
	{ "profile for another type", "{'resourceType':'Patient','meta':{'profile':['" CORE "vitalsigns']}}", "profile_type", "Patient" },
	{ "base type as a profile", "{'resourceType':'Patient','meta':{'profile':['" CORE "Patient']}}", NULL, NULL },
	{ "narrative", NARRATIVE(DIV "a<br/>b &amp; c</div>"), NULL, NULL },
	{ "narrative with a script", NARRATIVE(DIV "<script>a</script></div>"), "narrative_xhtml", "Basic.text.div" },
	{ "narrative with a handler", NARRATIVE(DIV "<p onclick=\\'a\\'>a</p></div>"), "narrative_xhtml", "Basic.text.div" },
	{ "narrative that says nothing", NARRATIVE(DIV " <br/> </div>"), "narrative_empty", "Basic.text.div" },
	{ "narrative not closed", NARRATIVE(DIV "<p>a</div>"), "narrative_xhtml", "Basic.text.div" },
	{ "attachment size", "{'resourceType':'Media','status':'completed','content':{'contentType':'text/plain','data':'AAAA','size':4}}", "attachment_size", "Media.content" },
	{ "attachment of its size", "{'resourceType':'Media','status':'completed','content':{'contentType':'text/plain','data':'AAA=','size':2}}", NULL, NULL },
	{ "full url and id", "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://a.test/Patient/1','resource':{'resourceType':'Patient','id':'2'}}]}",
	    "full_url", "Bundle.entry[0]" },
	{ "full url of another type", "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://a.test/Basic/1','resource':{'resourceType':'Patient','id':'1'}}]}",
	    "full_url", "Bundle.entry[0]" },
	{ "full url of a server, no id", "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://a.test/Patient/1','resource':{'resourceType':'Patient'}}]}",
	    "full_url_no_id", "Bundle.entry[0]" },
	{ "no full url", "{'resourceType':'Bundle','type':'collection','entry':[{'resource':{'resourceType':'Patient','id':'1'}}]}", "full_url_missing", "Bundle.entry[0]" },
	{ "document", DOCUMENT("Patient/1", PATIENT_1), NULL, NULL },
	{ "document: the subject is not in it", DOCUMENT("Patient/2", PATIENT_1), "document_reference", "Bundle.entry[0].resource.subject" },
	{ "document: an entry that nobody knows", DOCUMENT("Patient/1", PATIENT_1 ",{'fullUrl':'http://a.test/Basic/3','resource':{'resourceType':'Basic','id':'3','code':{'text':'x'}}}"),
	    "document_orphan", "Bundle.entry[2]" },
	{ "identifier that is a URI", "{'resourceType':'Patient','identifier':[{'system':'urn:ietf:rfc:3986','value':'urn:oid:1.2.3'}]}", NULL, NULL },
	{ "identifier that is no URI", "{'resourceType':'Patient','identifier':[{'system':'urn:ietf:rfc:3986','value':'1.2.3'}]}", "identifier_uri", "Patient.identifier[0]" },
	{ "identifier with a bad OID", "{'resourceType':'Patient','identifier':[{'system':'urn:ietf:rfc:3986','value':'urn:oid:1.02'}]}", "identifier_uri", "Patient.identifier[0]" },
	{ "uri with a bad UUID", "{'resourceType':'Patient','implicitRules':'urn:uuid:1'}", "primitive_value", "Patient.implicitRules" },
	{ "no code, but why", "{'resourceType':'Patient','_gender':{'extension':[{'url':'" CORE "data-absent-reason','valueCode':'unknown'}]}}", "code_absent", "Patient.gender" },
	{ "part of an extension that is not defined", "{'resourceType':'Patient','extension':[{'url':'" CORE "patient-nationality','extension':[{'url':'nonsense','valueCode':'a'}]}]}",
	    "extension_part", "Patient.extension[0].extension[0]" },
	{ "contained image that the narrative shows", "{'resourceType':'Basic','code':{'text':'x'},'contained':[{'resourceType':'Binary','id':'i','contentType':'image/png'}],"
	    "'text':{'status':'generated','div':'" DIV "<img src=\\'#i\\'/></div>'}}", NULL, NULL },
	{ "an invariant that is empty fails", "{'resourceType':'Encounter','status':'finished','class':{'code':'AMB'},'period':{'start':'2023-06-21','end':'2023-06-21T06:20:00Z'}}",
	    "invariant", "Encounter.period" },
	{ "differential of no such element", "{'resourceType':'StructureDefinition','url':'http://a.test','name':'A','status':'draft','kind':'resource','abstract':false,'type':'Patient',"
	    "'baseDefinition':'" CORE "Patient','derivation':'constraint','differential':{'element':[{'id':'Patient.x','path':'Patient.x'}]}}", "differential_path", "StructureDefinition.differential.element[0]" },
	{ "composite without components", "{'resourceType':'SearchParameter','url':'http://a.test','name':'A','status':'draft','description':'a','code':'a','base':['Patient'],'type':'composite','expression':'Patient'}",
	    "param_components", "SearchParameter" },
	{ "FHIRPath that is none", "{'resourceType':'Basic','code':{'text':'x'},'extension':[{'url':'http://example.org/a','valueExpression':{'language':'text/fhirpath','expression':'a and'}}]}",
	    "expression_syntax", "Basic.extension[0].value.ofType(Expression)" },
	{ "question inside", "{'resourceType':'Questionnaire','status':'draft','item':[{'linkId':'1','text':'a','type':'group','enableWhen':[{'question':'2','operator':'exists','answerBoolean':true}],"
	    "'item':[{'linkId':'2','text':'b','type':'string'}]}]}", "enable_inside", "Questionnaire.item[0]" },
	{ "concepts where none are", "{'resourceType':'CodeSystem','status':'draft','content':'not-present','concept':[{'code':'x'}]}", "concept_content", "CodeSystem.concept[0]" },
	{ "bdl-8", "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://a.test/Patient/1/_history/1','resource':{'resourceType':'Patient'}}]}",
	    "invariant", "Bundle.entry[0]" },
	{ "document without Composition", "{'resourceType':'Bundle','type':'document','timestamp':'2020-01-01T00:00:00Z','identifier':{'system':'http://a.test','value':'a'},'entry':[{'fullUrl':'http://a.test/Patient/1','resource':{'resourceType':'Patient','id':'1'}}]}",
	    "invariant", "Bundle" },
	{ "question of nothing", "{'resourceType':'Questionnaire','status':'draft','item':[{'linkId':'1','type':'string','enableWhen':[{'question':'2','operator':'exists','answerBoolean':true}]}]}",
	    "enable_question", "Questionnaire.item[0]" },
	{ "search parameter of another type", "{'resourceType':'SearchParameter','url':'http://a.test','name':'A','status':'draft','description':'a','code':'name','base':['Organization'],'type':'token','expression':'Organization.name','derivedFrom':'http://hl7.org/fhir/SearchParameter/Organization-name'}",
	    "param_type", "SearchParameter" },
	{ "filter that names no code", "{'resourceType':'ValueSet','status':'draft','compose':{'include':[{'system':'http://snomed.info/sct','filter':[{'property':'concept','op':'is-a','value':'something'}]}]}}",
	    "filter_value", "ValueSet.compose.include[0].filter[0]" },
	{ "filter with a code that is none", SET("concept", "is-a", "x"), "filter_value", "ValueSet.compose.include[0].filter[0]" },
	{ "filter with a code", SET("concept", "is-a", "_SetUpdateMode"), NULL, NULL },
	{ "filter of a boolean", SET("notSelectable", "=", "1"), "filter_value", "ValueSet.compose.include[0].filter[0]" },
	{ "stylesheets", LINKS("stylesheet", "stylesheet"), NULL, NULL },
	{ "two pages that are next", LINKS("next", "next"), "link_twice", "Bundle.link[1]" },
	{ "vital sign over a time", "{'resourceType':'Observation','status':'final','category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/observation-category','code':'vital-signs'}]}],"
	    "'code':{'coding':[{'system':'http://loinc.org','code':'8310-5'}]},'subject':{'reference':'Patient/1'},'effectivePeriod':{'start':'2020-01-01'},'dataAbsentReason':{'text':'x'}}", NULL, NULL },
	{ "a reference with a space", "{" OBSERVATION ",'subject':{'reference':'ht tp://a.test/Patient/1'}}", "reference_form", "Observation.subject" },
	{ "a type that nobody has", MODEL("Boo", "Boo"), "type_unknown", "StructureDefinition.type" },
	{ "a model", MODEL("http://a.test/Boo", "Boo.a"), NULL, NULL },
	{ "a model with another name in its paths", MODEL("http://a.test/Boo", "Foo.a"), "differential_path", "StructureDefinition.differential.element[0]" },
	{ "answers to a value set", "{'resourceType':'QuestionnaireResponse','status':'completed','questionnaire':'http://hl7.org/fhir/ValueSet/administrative-gender'}",
	    "canonical_kind", "QuestionnaireResponse.questionnaire" },
	{ "relative canonical url", "{'resourceType':'ValueSet','status':'draft','url':'a'}", "canonical_url", "ValueSet.url" },
	{ "property declared twice", "{'resourceType':'CodeSystem','status':'draft','content':'complete','property':[{'code':'a','type':'code'},{'code':'a','type':'code'}]}",
	    "property_twice", "CodeSystem.property[1]" },
	{ "property of another type", "{'resourceType':'CodeSystem','status':'draft','content':'complete','property':[{'code':'a','type':'code'}],'concept':[{'code':'x','property':[{'code':'a','valueInteger':1}]}]}",
	    "property_type", "CodeSystem.concept[0].property[0]" },
};

/* A response, with its questionnaire contained. */
#define RESPONSE(status, items, answers) "{'resourceType':'QuestionnaireResponse','status':'" status "','questionnaire':'#q'," \
	"'contained':[{'resourceType':'Questionnaire','id':'q','status':'draft','item':[" items "]}],'item':[" answers "]}"
#define ASK(link, type, more) "{'linkId':'" link "','type':'" type "'" more "}"
#define SAY(link, value) "{'linkId':'" link "','answer':[{" value "}]}"
#define QUESTIONS ASK("1", "boolean", ",'required':true") "," ASK("2", "choice", ",'answerOption':[{'valueCoding':{'system':'http://s','code':'a'}}]," \
	"'enableWhen':[{'question':'1','operator':'=','answerBoolean':true}]") "," ASK("3", "group", ",'repeats':true,'item':[" \
	ASK("3.1", "string", ",'maxLength':3") "," ASK("3.2", "integer", ",'required':true") "]")
#define YES "'valueBoolean':true"
#define CODE(c) "'valueCoding':{'system':'http://s','code':'" c "'}"
#define LIMITED(type, name, limit, value) RESPONSE("completed", ASK("1", type, ",'extension':[{'url':'" name "'," limit "}]"), SAY("1", value))
#define BY_EXPRESSION(text) ASK("1", "boolean", "") "," ASK("2", "boolean", ",'required':true,'extension':[{'url':'http://hl7.org/fhir/uv/sdc/StructureDefinition/" \
	"sdc-questionnaire-enableWhenExpression','valueExpression':{'language':'text/fhirpath','expression':'" text "'}}]")
#define VALUE(type) "QuestionnaireResponse.item[0].answer[0].value.ofType(" type ")"
#define GROUP(items) "{'linkId':'3','item':[" items "]}"

static const struct {
	const char *name, *json, *id, *path;
} responses[] = {
	{ "all", RESPONSE("completed", QUESTIONS, SAY("1", YES) "," SAY("2", CODE("a")) "," GROUP(SAY("3.1", "'valueString':'abc'") "," SAY("3.2", "'valueInteger':1")) ","
	    GROUP(SAY("3.2", "'valueInteger':2"))), NULL, NULL },
	{ "required", RESPONSE("completed", QUESTIONS, SAY("2", CODE("a"))), "response_disabled", "QuestionnaireResponse.item[0]" },
	{ "required and missing", RESPONSE("completed", QUESTIONS, GROUP(SAY("3.2", "'valueInteger':1"))), "response_required", "QuestionnaireResponse" },
	{ "not completed yet", RESPONSE("in-progress", QUESTIONS, GROUP(SAY("3.2", "'valueInteger':1"))), NULL, NULL },
	{ "required inside", RESPONSE("completed", QUESTIONS, SAY("1", YES) "," GROUP(SAY("3.1", "'valueString':'a'"))), "response_required", "QuestionnaireResponse.item[1]" },
	{ "no such question", RESPONSE("completed", QUESTIONS, SAY("1", YES) "," SAY("9", YES)), "response_no_such", "QuestionnaireResponse.item[1]" },
	{ "a question of elsewhere", RESPONSE("completed", QUESTIONS, SAY("1", YES) "," SAY("3.1", "'valueString':'a'")), "response_misplaced", "QuestionnaireResponse.item[1]" },
	{ "out of order", RESPONSE("completed", QUESTIONS, GROUP(SAY("3.2", "'valueInteger':1")) "," SAY("1", YES)), "response_order", "QuestionnaireResponse.item[1]" },
	{ "twice", RESPONSE("completed", QUESTIONS, SAY("1", YES) "," SAY("1", YES)), "response_repeats", "QuestionnaireResponse" },
	{ "two answers", RESPONSE("completed", QUESTIONS, "{'linkId':'1','answer':[{" YES "},{" YES "}]}"), "response_repeats", "QuestionnaireResponse.item[0]" },
	{ "another type", RESPONSE("completed", QUESTIONS, SAY("1", "'valueString':'yes'")), "response_type", "QuestionnaireResponse.item[0].answer[0].value.ofType(string)" },
	{ "none of the options", RESPONSE("completed", QUESTIONS, SAY("1", YES) "," SAY("2", CODE("b"))), "response_option", "QuestionnaireResponse.item[1].answer[0]" },
	{ "not enabled", RESPONSE("completed", QUESTIONS, SAY("1", "'valueBoolean':false") "," SAY("2", CODE("a"))), "response_disabled", "QuestionnaireResponse.item[1]" },
	{ "too long", RESPONSE("completed", QUESTIONS, SAY("1", YES) "," GROUP(SAY("3.1", "'valueString':'abcd'") "," SAY("3.2", "'valueInteger':1"))), "response_length", "QuestionnaireResponse.item[1].item[0].answer[0].value.ofType(string)" },
	{ "required and there without an answer", RESPONSE("completed", QUESTIONS, "{'linkId':'1'}"), "response_required", "QuestionnaireResponse.item[0]" },
	{ "too short", LIMITED("string", CORE "minLength", "'valueInteger':3", "'valueString':'ab'"), "response_limit", VALUE("string") },
	{ "long enough", LIMITED("string", CORE "minLength", "'valueInteger':2", "'valueString':'ab'"), NULL, NULL },
	{ "of another format", LIMITED("string", CORE "regex", "'valueString':'[a-z]+\\\\d'", "'valueString':'ab12'"), "response_limit", VALUE("string") },
	{ "of its format", LIMITED("string", CORE "regex", "'valueString':'[a-z]+\\\\d'", "'valueString':'ab1'"), NULL, NULL },
	{ "too large", LIMITED("attachment", CORE "maxSize", "'valueDecimal':50", "'valueAttachment':{'size':51}"), "response_limit", "QuestionnaireResponse.item[0].answer[0]" },
	{ "of another unit", LIMITED("quantity", CORE "questionnaire-unitOption", "'valueCoding':{'system':'http://s','code':'a'}", "'valueQuantity':{'value':1,'system':'http://s','code':'b'}"),
	    "response_limit", VALUE("Quantity") },
	{ "of one of the units", LIMITED("quantity", CORE "questionnaire-unitOption", "'valueCoding':{'system':'http://s','code':'a'}", "'valueQuantity':{'value':1,'system':'http://s','code':'a'}"), NULL, NULL },
	{ "of no unit of the set", LIMITED("quantity", CORE "questionnaire-unitValueSet", "'valueCanonical':'http://hl7.org/fhir/ValueSet/administrative-gender'", "'valueQuantity':{'value':1,'system':'http://s','code':'b'}"),
	    "response_limit", VALUE("Quantity") },
	{ "not to be compared", LIMITED("quantity", "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-minQuantity", "'valueQuantity':{'value':1}", "'valueQuantity':{'value':2}"), "response_limit", VALUE("Quantity") },
	{ "a text that is no code of the set", RESPONSE("completed", ASK("1", "string", ",'answerValueSet':'http://hl7.org/fhir/ValueSet/administrative-gender'"), SAY("1", "'valueString':'x'")),
	    "response_option", VALUE("string") },
	{ "a text that is one", RESPONSE("completed", ASK("1", "string", ",'answerValueSet':'http://hl7.org/fhir/ValueSet/administrative-gender'"), SAY("1", "'valueString':'male'")), NULL, NULL },
	{ "asked by an expression", RESPONSE("completed", BY_EXPRESSION("%resource.item[0].answer.value"), SAY("1", YES)), "response_required", "QuestionnaireResponse" },
	{ "not asked by an expression", RESPONSE("completed", BY_EXPRESSION("%resource.item[0].answer.value"), SAY("1", "'valueBoolean':false")), NULL, NULL },
	{ "not asked, and answered", RESPONSE("completed", BY_EXPRESSION("%resource.item[0].answer.value"), SAY("1", "'valueBoolean':false") "," SAY("2", YES)),
	    "response_disabled", "QuestionnaireResponse.item[1]" },
	{ "an expression that cannot be decided", RESPONSE("completed", BY_EXPRESSION("%unknown"), SAY("1", YES)), NULL, NULL },
	{ "a group with an answer", RESPONSE("completed", QUESTIONS, SAY("1", YES) "," SAY("3", "'valueString':'a'")), "response_no_answer", "QuestionnaireResponse.item[1]" },
};

static struct slice
unquoted(const char *json)
{
	char *text = slice_cstr(slice_of(json), arena);

	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return slice_of(text);
}

static bool
check(struct slice text, const struct validation *how, struct outcome *o)
{
	struct json j;

	outcome_init(o, arena);
	if (!json_parse(text, json_bounds(&limits_default, true), arena, &j, o))
		return false;
	return validate_resource(validator, how, pack_resource(pack,
	    json_string(&j, json_get(&j, 0, SLICE("resourceType")), arena)), &j, 0, arena, o);
}

static const struct issue *
first_error(const struct outcome *o)
{
	const struct issue *i = o->first;

	while (i != NULL && faults[i->fault].status < 400)
		i = i->next;
	return i;
}

static void
each_rule(void **state UNUSED)
{
	static const struct validation plain = { .codes = true };
	int wrong = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct outcome o;
		bool good = check(unquoted(rows[i].json), &plain, &o);
		const struct issue *found = first_error(&o);
		bool right = rows[i].id == NULL ? good && found == NULL : !good && found != NULL
		    && found->id != NULL && strcmp(found->id, rows[i].id) == 0
		    && slice_is(found->place.path, rows[i].path) && found->place.line > 0;

		wrong += !right;
		if (!right)
			print_error("%s: %s at %.*s: %.*s\n", rows[i].name, found == NULL ? "no error"
			    : found->id == NULL ? "?" : found->id, SLICE_FMT(found == NULL ? SLICE("-")
			    : found->place.path), SLICE_FMT(found == NULL ? SLICE("-") : found->detail));
	}
	assert_int_equal(wrong, 0);
}

static void
responses_answer_their_questionnaire(void **state UNUSED)
{
	static const struct validation plain = { .codes = true };
	int wrong = 0;

	for (size_t i = 0; i < COUNT_OF(responses); i++) {
		struct outcome o;
		bool good = check(unquoted(responses[i].json), &plain, &o);
		const struct issue *found = first_error(&o);
		bool right = responses[i].id == NULL ? good : !good && strcmp(found->id, responses[i].id) == 0
		    && slice_is(found->place.path, responses[i].path);

		wrong += !right;
		if (!right)
			print_error("%s: %s at %.*s\n", responses[i].name, found == NULL ? "no error" : found->id,
			    SLICE_FMT(found == NULL ? SLICE("-") : found->place.path));
	}
	assert_int_equal(wrong, 0);
}

static void
what_must_be_understood_is(void **state UNUSED)
{
	static const struct validation strict = { .understand = true };
	static const char *const texts[] = { "{'resourceType':'Patient','implicitRules':'http://a.test'}",
		"{'resourceType':'Patient','modifierExtension':[{'url':'http://a.test','valueCode':'a'}]}" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct outcome o;

		assert_false(check(unquoted(texts[i]), &strict, &o));
		assert_string_equal(first_error(&o)->id, "must_understand");
	}
}

static void
extensions_without_definition_are_refused_when_asked(void **state UNUSED)
{
	static const struct validation known = { .extensions_known = true };
	struct outcome o;

	assert_false(check(unquoted("{'resourceType':'Patient','extension':[{'url':'http://a.test',"
	    "'valueCode':'a'}]}"), &known, &o));
	assert_string_equal(first_error(&o)->id, "extension_undefined");
	assert_true(check(unquoted("{'resourceType':'Patient','extension':[{'url':'http://example.org/a',"
	    "'valueCode':'a'}]}"), &known, &o));
}

static void
a_code_that_its_system_does_not_have_is_a_warning_where_data_must_load(void **state UNUSED)
{
	static const struct validation lenient;
	struct outcome o;

	assert_true(check(unquoted("{" OBSERVATION ",'category':[{'coding':[{'system':"
	    "'http://terminology.hl7.org/CodeSystem/observation-category','code':'nonsense'}]}]}"),
	    &lenient, &o));
	assert_string_equal(o.first->id, "code_unlisted");
}

/* Where the display of an Observation's category is said to be another; or not. */
static struct slice
place_of_display(const char *display)
{
	static const struct validation plain = { .codes = true };
	const struct issue *i;
	struct outcome o;
	struct buf b;

	buf_init(&b, arena, 4096);
	buf_printf(&b, "{" OBSERVATION ",'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/"
	    "observation-category','code':'survey','display':'%s'}]}]}", display);
	buf_add_char(&b, '\0');
	assert_true(check(unquoted(b.ptr), &plain, &o));
	for (i = o.first; i != NULL && (i->id == NULL || strcmp(i->id, "display") != 0); i = i->next)
		;
	return i == NULL ? SLICE_NONE : i->place.path;
}

static void
a_name_that_the_code_does_not_have_is_a_warning(void **state UNUSED)
{
	assert_true(slice_is(place_of_display("Exam"), "Observation.category[0].coding[0].display"));
	assert_int_equal(place_of_display("SURVEY ").len, 0);
}

static void
a_profile_that_is_asked_for_is_checked(void **state UNUSED)
{
	struct slice url = SLICE(CORE "vitalsigns");
	struct validation how = { .profiles = &url, .profile_count = 1 };
	struct outcome o;

	assert_true(check(unquoted("{" OBSERVATION "}"), &(struct validation){ .profiles = NULL }, &o));
	assert_false(check(unquoted("{" OBSERVATION "}"), &how, &o));
}

/* No value of the resource is in what is said about it. */
static void
nothing_is_echoed(void **state UNUSED)
{
	static const struct validation plain = { .codes = true };
	struct outcome o;
	struct buf b;

	assert_false(check(unquoted("{'resourceType':'Patient','gender':'canary','id':'canary!',"
	    "'canary':1,'birthDate':'canary','contact':[{'extension':[{'url':'canary'}]}]}"), &plain, &o));
	buf_init(&b, arena, 1 << 20);
	outcome_json(&o, &b);
	buf_add_char(&b, '\0');
	assert_null(strstr(b.ptr, "canary"));
}

static void
issues_are_bounded(void **state UNUSED)
{
	static const struct validation plain = { .codes = true };
	struct outcome o;
	struct buf b;

	buf_init(&b, arena, 1 << 24);
	buf_add_cstr(&b, "{\"resourceType\":\"Patient\",\"name\":[{\"x\":1}");
	for (int i = 0; i < 5000; i++)
		buf_add_cstr(&b, ",{\"x\":1}");
	buf_add_cstr(&b, "]}");
	assert_false(check(buf_slice(&b), &plain, &o));
	assert_true(o.count <= 101);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(responses_answer_their_questionnaire),
		cmocka_unit_test(what_must_be_understood_is),
		cmocka_unit_test(extensions_without_definition_are_refused_when_asked),
		cmocka_unit_test(a_code_that_its_system_does_not_have_is_a_warning_where_data_must_load),
		cmocka_unit_test(a_name_that_the_code_does_not_have_is_a_warning),
		cmocka_unit_test(a_profile_that_is_asked_for_is_checked),
		cmocka_unit_test(nothing_is_echoed),
		cmocka_unit_test(issues_are_bounded),
	};

	return cmocka_run_group_tests(tests, open_validator, close_validator);
}
