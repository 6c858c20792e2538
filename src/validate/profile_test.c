/* Profiles that are differentials only, put beside the pack as a guide would be; each
 * row: a profile, a resource, and the message that it must give where, or none. */
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
#include "fhir/package.h"
#include "validate/validate.h"

static struct arena *arena;
static struct pack *pack;
static const struct validator *validator;

#define CORE "http://hl7.org/fhir/StructureDefinition/"
#define PROFILE(id, type, base, elements) "{'resourceType':'StructureDefinition','url':'http://t/" id "'," \
	"'version':'1.2.3','status':'draft','name':'A','kind':'resource','abstract':false,'type':'" type "'," \
	"'derivation':'constraint','baseDefinition':'" base "','differential':{'element':[" elements "]}}"
#define SLICING(kind, path, rules) "'slicing':{'discriminator':[{'type':'" kind "','path':'" path "'}],'rules':'" rules "'}"
#define ORDERED(kind, path, rules) "'slicing':{'discriminator':[{'type':'" kind "','path':'" path "'}],'ordered':true,'rules':'" rules "'}"
#define ITEM(path, slice, more) "{'path':'" path "','sliceName':'" slice "'" more "}"
#define RULE(path, more) "{'path':'" path "'," more "}"
#define ID_RULE(id, path, more) "{'id':'" id "','path':'" path "'," more "}"

#define R5_ELEMENT "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition."
#define SPECIALIZED(id) "{'resourceType':'StructureDefinition','url':'http://t/" id "','status':'draft','name':'A','kind':'resource'," \
	"'abstract':false,'type':'Patient','derivation':'specialization','baseDefinition':'" CORE "Patient','differential':{'element':[" \
	RULE("Patient.name", "'min':1") "]}}"

#define EXTENSION(id, contexts) "{'resourceType':'StructureDefinition','url':'http://t/" id "','status':'draft','name':'A'," \
	"'kind':'complex-type','abstract':false,'type':'Extension','derivation':'constraint','baseDefinition':'" CORE "Extension'," \
	contexts ",'differential':{'element':[" RULE("Extension.url", "'fixedUri':'http://t/" id "'") "]}}"

/* Without ids, as older guides have them; and with ids. */
static const char *const definitions[] = {
	PROFILE("value", "Patient", CORE "Patient",
	    RULE("Patient.identifier", SLICING("value", "system", "closed"))
	    "," ITEM("Patient.identifier", "a", ",'min':1,'max':'1'") "," RULE("Patient.identifier.system", "'min':1,'fixedUri':'http://a'")
	    "," ITEM("Patient.identifier", "b", ",'max':'1'") "," RULE("Patient.identifier.system", "'min':1,'fixedUri':'http://b'")),
	PROFILE("ordered", "Patient", CORE "Patient",
	    RULE("Patient.identifier", ORDERED("value", "system", "openAtEnd"))
	    "," ITEM("Patient.identifier", "a", ",'min':0") "," RULE("Patient.identifier.system", "'min':1,'fixedUri':'http://a'")
	    "," ITEM("Patient.identifier", "b", ",'min':0") "," RULE("Patient.identifier.system", "'min':1,'fixedUri':'http://b'")),
	PROFILE("pattern", "Observation", CORE "Observation",
	    RULE("Observation.category", SLICING("pattern", "$this", "open"))
	    "," ITEM("Observation.category", "lab", ",'min':1,'max':'1','patternCodeableConcept':{'coding':[{'system':'http://s','code':'lab'}]}")),
	PROFILE("exists", "Patient", CORE "Patient",
	    RULE("Patient.contact", SLICING("exists", "organization", "open"))
	    "," ITEM("Patient.contact", "org", ",'max':'1'") "," RULE("Patient.contact.organization", "'min':1")
	    "," ITEM("Patient.contact", "person", ",'min':1") "," RULE("Patient.contact.organization", "'max':'0'")),
	PROFILE("type", "Observation", CORE "Observation",
	    RULE("Observation.value[x]", SLICING("type", "$this", "closed"))
	    "," ITEM("Observation.value[x]", "valueQuantity", ",'type':[{'code':'Quantity'}]") "," RULE("Observation.value[x].unit", "'min':1")),
	PROFILE("short", "Observation", CORE "Observation", RULE("Observation.valueQuantity", "'min':1")),
	PROFILE("profile", "Bundle", CORE "Bundle",
	    RULE("Bundle.entry", SLICING("profile", "resource", "open"))
	    "," ITEM("Bundle.entry", "female", ",'min':1,'max':'1'")
	    "," RULE("Bundle.entry.resource", "'min':1,'type':[{'code':'Patient','profile':['http://t/female']}]")),
	PROFILE("female", "Patient", CORE "Patient", RULE("Patient.gender", "'min':1,'fixedCode':'female'")),
	PROFILE("derived", "Patient", "http://t/female", RULE("Patient.birthDate", "'min':1")),
	PROFILE("reslice", "Patient", "http://t/value",
	    ID_RULE("Patient.identifier:a", "Patient.identifier", "'sliceName':'a','max':'*'," SLICING("value", "use", "closed"))
	    "," ID_RULE("Patient.identifier:a/old", "Patient.identifier", "'sliceName':'a/old','min':1,'max':'1'")
	    "," ID_RULE("Patient.identifier:a/old.use", "Patient.identifier.use", "'min':1,'fixedCode':'old'")
	    "," ID_RULE("Patient.identifier:a/usual", "Patient.identifier", "'sliceName':'a/usual'")
	    "," ID_RULE("Patient.identifier:a/usual.use", "Patient.identifier.use", "'min':1,'fixedCode':'usual'")),
	PROFILE("refer", "Observation", CORE "Observation",
	    RULE("Observation.subject", "'min':1,'type':[{'code':'Reference','targetProfile':['http://t/female'],'aggregation':['contained']}]")
	    "," RULE("Observation.focus", "'type':[{'code':'Reference','versioning':'specific'}]")),
	PROFILE("bounds", "Observation", CORE "Observation",
	    RULE("Observation.valueInteger", "'minValueInteger':1,'maxValueInteger':9")
	    "," RULE("Observation.issued", "'max':'0'")
	    "," RULE("Observation.note", "'max':'1'") "," RULE("Observation.note.text", "'maxLength':3")),
	PROFILE("rule", "Patient", CORE "Patient",
	    RULE("Patient", "'constraint':[{'key':'t-1','severity':'error','human':'a name','expression':'name.exists()'},"
	    "{'key':'t-2','severity':'warning','human':'a date','expression':'birthDate.exists()'}]")),
	PROFILE("again", "Questionnaire", CORE "Questionnaire",
	    RULE("Questionnaire.item.item", "'min':1") "," RULE("Questionnaire.item.item.text", "'min':1")),
	PROFILE("ext", "Extension", CORE "Extension",
	    RULE("Extension.url", "'fixedUri':'http://t/ext'") "," RULE("Extension.value[x]", "'min':1,'type':[{'code':'code'}]")),
	PROFILE("with-ext", "Patient", CORE "Patient",
	    ITEM("Patient.extension", "e", ",'min':1,'max':'1','type':[{'code':'Extension','profile':['http://t/ext']}]")),
	PROFILE("foreign", "Patient", CORE "Patient",
	    ITEM("Patient.extension", "f", ",'max':'1','type':[{'code':'Extension','profile':['http://hl7.org/fhir/5.0/StructureDefinition/f|5.0.0']}]")
	    "," ITEM("Patient.extension", "g", ",'min':1,'type':[{'code':'Extension','profile':['http://hl7.org/fhir/5.0/StructureDefinition/g']}]")),
	PROFILE("filtered", "Patient", CORE "Patient",
	    RULE("Patient.maritalStatus", "'binding':{'strength':'required','valueSet':'http://t/below'}")),
	("{'resourceType':'ValueSet','url':'http://t/below','compose':{'include':[{'system':'http://t/codes','filter':["
	    "{'property':'concept','op':'descendent-of','value':'x'}]}]}}"),
	PROFILE("missing-ones", "Observation", CORE "Observation",
	    RULE("Observation.category", "'slicing':{'discriminator':[{'type':'profile','path':'coding'},{'type':'profile','path':'text'}],'rules':'open'}")
	    "," ITEM("Observation.category", "coded", ",'min':1") "," RULE("Observation.category.coding", "'min':1,'type':[{'code':'Coding','profile':['http://t/of-s']}]")
	    "," ITEM("Observation.category", "said", ",'min':1") "," RULE("Observation.category.text", "'min':1,'type':[{'code':'string','profile':['http://t/any-text']}]")),
	PROFILE("of-s", "Coding", CORE "Coding", RULE("Coding.system", "'min':1,'fixedUri':'http://s'")),
	PROFILE("any-text", "string", CORE "string", RULE("string.extension", "'max':'0'")),
	PROFILE("more", "Patient", CORE "Patient",
	    RULE("Patient.active", "'min':1,'extension':[{'url':'" R5_ELEMENT "mustHaveValue','valueBoolean':true}]")
	    "," RULE("Patient.gender", "'extension':[{'url':'" R5_ELEMENT "valueAlternatives','valueCanonical':'" CORE "data-absent-reason'}]")
	    "," RULE("Patient.birthDate", "'extension':[{'url':'" CORE "minLength','valueInteger':10}]")
	    "," RULE("Patient.maritalStatus", "'binding':{'strength':'extensible','valueSet':'http://t/set','extension':[{'url':'" CORE "elementdefinition-maxValueSet','valueCanonical':'http://t/set'}]}")
	    "," RULE("Patient.communication.language", "'binding':{'strength':'preferred','valueSet':'http://hl7.org/fhir/ValueSet/languages','extension':["
	    "{'url':'http://hl7.org/fhir/tools/StructureDefinition/additional-binding','extension':[{'url':'purpose','valueCode':'required'},{'url':'valueSet','valueCanonical':'http://t/set'}]}]}")),
	PROFILE("more-still", "Patient", "http://t/more", RULE("Patient.name", "'min':0")),
	PROFILE("borrower", "Composition", CORE "Composition",
	    RULE("Composition.section", SLICING("pattern", "code", "closed"))
	    "," ITEM("Composition.section", "one", ",'type':[{'code':'BackboneElement','profile':['http://t/library'],'_profile':[{'extension':["
	    "{'url':'" CORE "elementdefinition-profile-element','valueString':'Composition.section:a'}]}]}]")),
	PROFILE("library", "Composition", CORE "Composition",
	    RULE("Composition.section", SLICING("pattern", "code", "closed"))
	    "," ITEM("Composition.section", "a", "") "," RULE("Composition.section.title", "'min':1")
	    "," RULE("Composition.section.code", "'min':1,'patternCodeableConcept':{'text':'a'}")),
	SPECIALIZED("says-specialized"),
	("{'resourceType':'ImplementationGuide','url':'http://t/guide','global':[{'type':'Patient','profile':'http://t/female'}]}"),
	"{'resourceType':'CodeSystem','url':'http://t/supplement','content':'complete','supplements':'http://t/codes','concept':[{'code':'x'}]}",
	PROFILE("as", "Patient", CORE "Patient",
	    RULE("Patient", "'constraint':[{'key':'t-3','severity':'error','human':'a','expression':'(name.family.first() as String) = `a`'}]")),
	PROFILE("bound", "Patient", CORE "Patient",
	    RULE("Patient.maritalStatus", "'min':1,'binding':{'strength':'required','valueSet':'http://t/set|1'}")),
	PROFILE("ring", "Observation", CORE "Observation", RULE("Observation.status", "'min':1") "," RULE("Observation.hasMember",
	    "'type':[{'code':'Reference','targetProfile':['http://t/ring']}]")),
	PROFILE("two-names", "Observation", CORE "Observation",
	    RULE("Observation.valueQuantity", "'max':'1'") "," RULE("Observation.valueQuantity.unit", "'min':1")
	    "," RULE("Observation.valueString", "'maxLength':2")),
	PROFILE("kind", "Bundle", CORE "Bundle",
	    RULE("Bundle.entry.resource", "'type':[{'code':'Resource','profile':['" CORE "Patient']}]")),
	PROFILE("half-known", "Patient", CORE "Patient",
	    RULE("Patient.maritalStatus", "'binding':{'strength':'required','valueSet':'http://t/half'}")),
	EXTENSION("home", "'context':[{'type':'fhirpath','expression':'Patient.address.where(use = `home`)'}]"),
	EXTENSION("narrated", "'context':[{'type':'element','expression':'DomainResource.text'}]"),
	EXTENSION("alive", "'context':[{'type':'element','expression':'Patient'}],'contextInvariant':['active']"),
	EXTENSION("inner", "'context':[{'type':'extension','expression':'http://t/ext'}]"),
	"{'resourceType':'ValueSet','url':'http://t/half','compose':{'include':[{'system':'http://snomed.info/sct'}]}}",
	PROFILE("lost", "Patient", "http://t/nowhere", RULE("Patient.birthDate", "'min':1")),
	PROFILE("circle", "Patient", "http://t/circle", RULE("Patient.birthDate", "'min':1")),
	("{'resourceType':'ValueSet','url':'http://t/set','compose':{'include':[{'system':'http://t/codes'},"
	    "{'valueSet':['http://hl7.org/fhir/ValueSet/administrative-gender']}]}}"),
	"{'resourceType':'CodeSystem','url':'http://t/codes','content':'complete','hierarchyMeaning':'is-a','concept':[{'code':'x','concept':[{'code':'y'}]}]}",
};

/* ' stands for ", ` for ', ~ for an escaped ". */
static struct slice
unquoted(const char *json)
{
	struct buf b;

	buf_init(&b, arena, 65536);
	for (const char *p = json; *p != '\0'; p++)
		buf_add_cstr(&b, *p == '\'' ? "\"" : *p == '`' ? "'" : *p == '~' ? "\\\"" : (char[]){ *p, '\0' });
	return buf_slice(&b);
}

static int
open_guide(void **state UNUSED)
{
	struct slice texts[COUNT_OF(definitions)];
	struct package package;
	struct outcome o;

	arena = arena_new(1 << 20);
	outcome_init(&o, arena);
	for (size_t i = 0; i < COUNT_OF(definitions); i++)
		texts[i] = unquoted(definitions[i]);
	pack = pack_open(&env_real, "build/fhir-r4.pack", &o);
	if (pack == NULL || !package_compile_texts(texts, COUNT_OF(texts), pack, &env_real, arena,
	    &package, &o) || package.left_out != 2 || !pack_add(pack, package.compiled, &o))
		return 1;
	validator = validator_new(pack, &limits_default, &env_real, arena, &o);
	return validator == NULL;
}

static int
close_guide(void **state UNUSED)
{
	pack_close(pack);
	arena_free(arena);
	return 0;
}

#define PATIENT(more) "{'resourceType':'Patient'" more "}"
#define IDENTIFIERS(list) PATIENT(",'identifier':[" list "]")
#define A    "{'system':'http://a'}"
#define B    "{'system':'http://b'}"
#define C    "{'system':'http://c'}"
#define OLD  "{'system':'http://a','use':'old'}"
#define TEMP "{'system':'http://a','use':'temp'}"
#define USUAL "{'system':'http://a','use':'usual'}"
#define OBSERVATION(more) "{'resourceType':'Observation','status':'final','code':{'text':'x'}" more "}"
#define CATEGORY(code) ",'category':[{'coding':[{'system':'http://s','code':'" code "'}]}]"
#define FEMALE "{'resourceType':'Patient','id':'f','gender':'female'}"
#define MALE   "{'resourceType':'Patient','id':'f','gender':'male'}"
#define BUNDLE(of) "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://a/Patient/f','resource':" of "}]}"
#define COMPOSITION(section) "{'resourceType':'Composition','status':'final','type':{'text':'x'},'date':'2020-01-01','title':'x','author':[{'display':'a'}],'section':[" section "]}"
#define SUBJECT(who) ",'contained':[" who "],'subject':{'reference':'#f'}"
#define ITEMS(more) "{'resourceType':'Questionnaire','status':'draft','item':[{'linkId':'1','text':'a','type':'group'" more "}]}"

static const struct {
	const char *name, *profile, *json, *id, *path;
} rows[] = {
	{ "value", "value", IDENTIFIERS(A "," B), NULL, NULL },
	{ "value: a slice is missing", "value", IDENTIFIERS(B), "slice_min", "Patient" },
	{ "value: none at all", "value", PATIENT(""), "slice_min", "Patient" },
	{ "value: a slice too often", "value", IDENTIFIERS(A "," A), "slice_max", "Patient" },
	{ "value: closed", "value", IDENTIFIERS(A "," C), "slice_closed", "Patient.identifier[1]" },
	{ "ordered", "ordered", IDENTIFIERS(A "," B "," C), NULL, NULL },
	{ "ordered: out of order", "ordered", IDENTIFIERS(B "," A), "slice_order", "Patient.identifier[1]" },
	{ "open at the end only", "ordered", IDENTIFIERS(A "," C "," B), "slice_order", "Patient.identifier[2]" },
	{ "pattern", "pattern", OBSERVATION(CATEGORY("lab")), NULL, NULL },
	{ "pattern: another code", "pattern", OBSERVATION(CATEGORY("x")), "slice_min", "Observation" },
	{ "exists", "exists", PATIENT(",'contact':[{'name':{'text':'a'}},{'organization':{'display':'a'}}]"), NULL, NULL },
	{ "exists: only what has it", "exists", PATIENT(",'contact':[{'organization':{'display':'a'}}]"), "slice_min", "Patient" },
	{ "type", "type", OBSERVATION(",'valueQuantity':{'value':1,'unit':'a'}"), NULL, NULL },
	{ "type: what the slice says", "type", OBSERVATION(",'valueQuantity':{'value':1}"), "required", "Observation.value.ofType(Quantity)" },
	{ "type: closed", "type", OBSERVATION(",'valueString':'a'"), "slice_closed", "Observation.value.ofType(string)" },
	{ "short name of a choice", "short", OBSERVATION(",'valueQuantity':{'value':1}"), NULL, NULL },
	{ "short name: missing", "short", OBSERVATION(""), "required", "Observation" },
	{ "short name: another type", "short", OBSERVATION(",'valueString':'a'"), "profile_element_type", "Observation.value.ofType(string)" },
	{ "profile", "profile", BUNDLE(FEMALE), NULL, NULL },
	{ "profile: none has it", "profile", BUNDLE(MALE), "slice_min", "Bundle" },
	{ "derived", "derived", PATIENT(",'gender':'female','birthDate':'2020'"), NULL, NULL },
	{ "derived: its own rule", "derived", PATIENT(",'gender':'female'"), "required", "Patient" },
	{ "derived: the base's rule", "derived", PATIENT(",'gender':'male','birthDate':'2020'"), "profile_fixed", "Patient.gender" },
	{ "resliced", "reslice", IDENTIFIERS(OLD "," USUAL), NULL, NULL },
	{ "resliced: the inner slice is missing", "reslice", IDENTIFIERS(USUAL), "slice_min", "Patient" },
	{ "resliced: too many of the inner slice", "reslice", IDENTIFIERS(OLD "," OLD), "slice_max", "Patient" },
	{ "resliced: closed inside", "reslice", IDENTIFIERS(OLD "," TEMP), "slice_closed", "Patient.identifier[1]" },
	{ "resliced: closed outside", "reslice", IDENTIFIERS(OLD "," C), "slice_closed", "Patient.identifier[1]" },
	{ "contained target", "refer", OBSERVATION(SUBJECT(FEMALE)), NULL, NULL },
	{ "contained target without the profile", "refer", OBSERVATION(SUBJECT(MALE)), "reference_profile", "Observation.subject" },
	{ "target elsewhere", "refer", OBSERVATION(",'subject':{'reference':'Patient/1'}"), "reference_way", "Observation.subject" },
	{ "version", "refer", OBSERVATION(SUBJECT(FEMALE) ",'focus':[{'reference':'Patient/1/_history/2'}]"), NULL, NULL },
	{ "no version", "refer", OBSERVATION(SUBJECT(FEMALE) ",'focus':[{'reference':'Patient/1'}]"), "reference_versioned", "Observation.focus[0]" },
	{ "in the bounds", "bounds", OBSERVATION(",'valueInteger':9,'note':[{'text':'abc'}]"), NULL, NULL },
	{ "too small", "bounds", OBSERVATION(",'valueInteger':0"), "profile_range", "Observation.value.ofType(integer)" },
	{ "too large", "bounds", OBSERVATION(",'valueInteger':10"), "profile_range", "Observation.value.ofType(integer)" },
	{ "too long", "bounds", OBSERVATION(",'valueInteger':1,'note':[{'text':'abcd'}]"), "profile_length", "Observation.note[0].text" },
	{ "not allowed", "bounds", OBSERVATION(",'valueInteger':1,'issued':'2020-01-01T00:00:00Z'"), "too_many", "Observation" },
	{ "constraint", "rule", PATIENT(",'name':[{'text':'a'}]"), NULL, NULL },
	{ "constraint fails", "rule", PATIENT(""), "invariant", "Patient" },
	{ "constraint: as String", "as", PATIENT(",'name':[{'family':'a'}]"), NULL, NULL },
	{ "constraint: as String, another", "as", PATIENT(",'name':[{'family':'b'}]"), "invariant", "Patient" },
	{ "content reference", "again", ITEMS(",'item':[{'linkId':'2','type':'display','text':'b'}]"), NULL, NULL },
	{ "content reference: what is inside", "again", ITEMS(",'item':[{'linkId':'2','type':'display'}]"), "required", "Questionnaire.item[0].item[0]" },
	{ "extension", "with-ext", PATIENT(",'extension':[{'url':'http://t/ext','valueCode':'a'}]"), NULL, NULL },
	{ "extension: missing", "with-ext", PATIENT(",'extension':[{'url':'http://example.org/x','valueCode':'a'}]"), "slice_min", "Patient" },
	{ "extension: wrong type", "with-ext", PATIENT(",'extension':[{'url':'http://t/ext','valueString':'a'}]"), "profile_element_type", "Patient.extension[0]" },
	{ "extensions whose definitions are elsewhere", "foreign", PATIENT(",'extension':[{'url':'http://hl7.org/fhir/5.0/StructureDefinition/f','valueCode':'a'},"
	    "{'url':'http://hl7.org/fhir/5.0/StructureDefinition/g','valueCode':'a'},{'url':'http://hl7.org/fhir/5.0/StructureDefinition/g','valueCode':'b'}]"), NULL, NULL },
	{ "extensions whose definitions are elsewhere: missing", "foreign", PATIENT(",'extension':[{'url':'http://hl7.org/fhir/5.0/StructureDefinition/f','valueCode':'a'}]"), "slice_min", "Patient" },
	{ "slices by profiles of what may be missing", "missing-ones", OBSERVATION(",'category':[{'coding':[{'system':'http://s','code':'a'}]},{'text':'a'}]"), NULL, NULL },
	{ "slices by profiles: one is missing", "missing-ones", OBSERVATION(",'category':[{'coding':[{'system':'http://s','code':'a'}]}]"), "slice_min", "Observation" },
	{ "a value", "more", PATIENT(",'active':true,'_gender':{'extension':[{'url':'" CORE "data-absent-reason','valueCode':'unknown'}]},'birthDate':'2020-01-01'"), "code_absent", "Patient.gender" },
	{ "no value", "more", PATIENT(",'_active':{'extension':[{'url':'" CORE "data-absent-reason','valueCode':'unknown'}]}"), "profile_value", "Patient.active" },
	{ "no value: of the base", "more-still", PATIENT(",'_active':{'extension':[{'url':'" CORE "data-absent-reason','valueCode':'unknown'}]}"), "profile_value", "Patient.active" },
	{ "another extension than the alternative", "more", PATIENT(",'active':true,'_gender':{'extension':[{'url':'http://example.org/a','valueCode':'unknown'}]}"), "profile_value", "Patient.gender" },
	{ "too short", "more", PATIENT(",'active':true,'birthDate':'2020-01'"), "profile_length", "Patient.birthDate" },
	{ "maximum set", "more", PATIENT(",'active':true,'maritalStatus':{'coding':[{'system':'http://t/codes','code':'z'}]}"), "binding_required", "Patient.maritalStatus" },
	{ "maximum set: of the base", "more-still", PATIENT(",'active':true,'maritalStatus':{'coding':[{'system':'http://t/codes','code':'z'}]}"), "binding_required", "Patient.maritalStatus" },
	{ "another binding", "more", PATIENT(",'active':true,'communication':[{'language':{'coding':[{'system':'urn:ietf:bcp:47','code':'en'}]}}]"), "binding_required", "Patient.communication[0].language" },
	{ "an element of another profile", "borrower", COMPOSITION("{'title':'t','code':{'text':'a'}" ",'text':{'status':'generated','div':'<div xmlns=~http://www.w3.org/1999/xhtml~>a</div>'}}"), NULL, NULL },
	{ "an element of another profile: what it says", "borrower", COMPOSITION("{'code':{'text':'a'}" ",'text':{'status':'generated','div':'<div xmlns=~http://www.w3.org/1999/xhtml~>a</div>'}}"), "required", "Composition.section[0]" },
	{ "an element of another profile: another code", "borrower", COMPOSITION("{'title':'t','code':{'text':'b'}" ",'text':{'status':'generated','div':'<div xmlns=~http://www.w3.org/1999/xhtml~>a</div>'}}"), "slice_closed", "Composition.section[0]" },
	{ "a profile that says it specializes", "says-specialized", PATIENT(""), "required", "Patient" },
	{ "a code of a supplement", "ordered", PATIENT(",'maritalStatus':{'coding':[{'system':'http://t/supplement','code':'x'}]}"), "coding_supplement", "Patient.maritalStatus.coding[0].system" },
	{ "two short names", "two-names", OBSERVATION(",'valueString':'ab'"), NULL, NULL },
	{ "two short names: the first", "two-names", OBSERVATION(",'valueQuantity':{'value':1}"), "required", "Observation.value.ofType(Quantity)" },
	{ "two short names: the second", "two-names", OBSERVATION(",'valueString':'abc'"), "profile_length", "Observation.value.ofType(string)" },
	{ "a profile that is a type", "kind", BUNDLE(FEMALE), NULL, NULL },
	{ "another type", "kind", BUNDLE("{'resourceType':'Basic','id':'f','code':{'text':'x'}}"), "full_url", "Bundle.entry[0]" },
	{ "context by FHIRPath", "ordered", PATIENT(",'address':[{'use':'home','city':'a','extension':[{'url':'http://t/home','valueCode':'a'}]}]"), NULL, NULL },
	{ "context by FHIRPath: elsewhere", "ordered", PATIENT(",'address':[{'use':'work','city':'a','extension':[{'url':'http://t/home','valueCode':'a'}]}]"), "extension_context", "Patient.address[0]" },
	{ "context of a base type", "ordered", PATIENT(",'text':{'extension':[{'url':'http://t/narrated','valueCode':'a'}],'status':'generated',"
	    "'div':'<div xmlns=~http://www.w3.org/1999/xhtml~>a</div>'}"), NULL, NULL },
	{ "context with an invariant", "ordered", PATIENT(",'active':true,'extension':[{'url':'http://t/alive','valueCode':'a'}]"), NULL, NULL },
	{ "context with an invariant: false", "ordered", PATIENT(",'active':false,'extension':[{'url':'http://t/alive','valueCode':'a'}]"), "extension_context", "Patient" },
	{ "context of an extension", "ordered", PATIENT(",'extension':[{'url':'http://t/ext','valueCode':'a','_valueCode':{'extension':[{'url':'http://t/inner','valueCode':'a'}]}}]"), NULL, NULL },
	{ "context of an extension: another", "ordered", PATIENT(",'extension':[{'url':'http://t/inner','valueCode':'a'}]"), "extension_context", "Patient" },
	{ "a set known in part: its system", "half-known", PATIENT(",'maritalStatus':{'coding':[{'system':'http://snomed.info/sct','code':'87915002'}]}"), NULL, NULL },
	{ "a set known in part: another system", "half-known", PATIENT(",'maritalStatus':{'coding':[{'system':'http://loinc.org','code':'1234-5'}]}"), "binding_required", "Patient.maritalStatus" },
	{ "a set with a filter", "filtered", PATIENT(",'maritalStatus':{'coding':[{'system':'http://t/codes','code':'y'}]}"), NULL, NULL },
	{ "a set with a filter: not below", "filtered", PATIENT(",'maritalStatus':{'coding':[{'system':'http://t/codes','code':'x'}]}"), "binding_required", "Patient.maritalStatus" },
	{ "binding to a set of the guide", "bound", PATIENT(",'maritalStatus':{'coding':[{'system':'http://t/codes','code':'y'}]}"), NULL, NULL },
	{ "binding: a set of the pack in it", "bound", PATIENT(",'maritalStatus':{'coding':[{'system':'http://hl7.org/fhir/administrative-gender','code':'male'}]}"), NULL, NULL },
	{ "binding: no such code", "bound", PATIENT(",'maritalStatus':{'coding':[{'system':'http://t/codes','code':'z'}]}"), "binding_required", "Patient.maritalStatus" },
};

static const struct issue *
first_error(const struct outcome *o)
{
	const struct issue *i = o->first;

	while (i != NULL && faults[i->fault].status < 400)
		i = i->next;
	return i;
}

static bool
check(const char *profile, struct slice text, struct outcome *o)
{
	struct slice url;
	struct validation how = { .profiles = &url, .profile_count = 1 };
	struct json j;
	struct buf b;

	buf_init(&b, arena, 256);
	buf_printf(&b, "http://t/%s", profile);
	url = buf_slice(&b);
	outcome_init(o, arena);
	assert_true(json_parse(text, json_bounds(&limits_default, true), arena, &j, o));
	return validate_resource(validator, &how, pack_resource(pack,
	    json_string(&j, json_get(&j, 0, SLICE("resourceType")), arena)), &j, 0, arena, o);
}

static void
each_rule(void **state UNUSED)
{
	int wrong = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct outcome o;
		bool good = check(rows[i].profile, unquoted(rows[i].json), &o);
		const struct issue *found = first_error(&o);
		bool right = rows[i].id == NULL ? good && found == NULL : !good && found != NULL
		    && strcmp(found->id, rows[i].id) == 0 && slice_is(found->place.path, rows[i].path);

		wrong += !right;
		if (!right)
			print_error("%s: %s at %.*s: %.*s\n", rows[i].name, found == NULL ? "no error"
			    : found->id, SLICE_FMT(found == NULL ? SLICE("-") : found->place.path),
			    SLICE_FMT(found == NULL ? SLICE("-") : found->detail));
	}
	assert_int_equal(wrong, 0);
}

/* What a guide beside a profile wants of every resource is marked. */
static void
globals_are_known(void **state UNUSED)
{
	assert_true(pack_profile(pack, SLICE("http://t/female"))->global);
	assert_false(pack_profile(pack, SLICE("http://t/derived"))->global);
}

static void
versions_are_told_apart(void **state UNUSED)
{
	assert_non_null(pack_profile(pack, SLICE("http://t/value")));
	assert_non_null(pack_profile(pack, SLICE("http://t/value|1.2.3")));
	assert_non_null(pack_profile(pack, SLICE("http://t/value|1.2")));
	assert_null(pack_profile(pack, SLICE("http://t/value|1.3")));
	assert_null(pack_profile(pack, SLICE("http://t/value|1.2.30")));
	assert_null(pack_profile(pack, SLICE("http://t/lost")));        /* its base is not here */
	assert_null(pack_profile(pack, SLICE("http://t/circle")));
}

/* Profiles that lead to one another, a thousand times: bounded, and said. */
static void
work_is_bounded(void **state UNUSED)
{
	struct limits small = limits_default;
	struct outcome o;

	small.of[LIMIT_PROFILE_STEPS] = 3;
	outcome_init(&o, arena);
	validator = validator_new(pack, &small, &env_real, arena, &o);
	assert_false(check("value", unquoted(IDENTIFIERS(A "," B)), &o));
	assert_string_equal(first_error(&o)->id, "profile_costly");
	assert_int_equal(outcome_status(&o), 422);
}

#define RING 20

/* Contained Observations that refer to one another, each with each, under a profile that
 * wants itself of all of them. */
static struct slice
ring(void)
{
	struct buf b;

	buf_init(&b, arena, 1 << 20);
	buf_add_cstr(&b, "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"},\"contained\":[");
	for (int i = 0; i < RING; i++) {
		buf_printf(&b, "%s{\"resourceType\":\"Observation\",\"id\":\"o%d\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"
		    "\"hasMember\":[", i > 0 ? "," : "", i);
		for (int k = 0; k < RING; k++)
			buf_printf(&b, "%s{\"reference\":\"#o%d\"}", k > 0 ? "," : "", k);
		buf_add_cstr(&b, "]}");
	}
	buf_add_cstr(&b, "],\"hasMember\":[{\"reference\":\"#o0\"}]}");
	return buf_slice(&b);
}

static void
rings_end(void **state UNUSED)
{
	struct outcome o;

	outcome_init(&o, arena);
	validator = validator_new(pack, &limits_default, &env_real, arena, &o);
	assert_non_null(validator);
	assert_true(check("ring", ring(), &o));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(globals_are_known),
		cmocka_unit_test(versions_are_told_apart),
		cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(rings_end),
	};

	return cmocka_run_group_tests(tests, open_guide, close_guide);
}
