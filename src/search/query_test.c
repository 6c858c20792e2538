/* The grammar of queries and of _filter: what each text finds in a small world, by the reference semantics,
 * and what is refused with which fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "search/query.h"

/* Longer than what is sorted by. */
#define TEN(s) s s s s s s s s s s
#define LONG TEN("lorem ipsum ") TEN("dolor sit am ") "m"
#define LONG_QUERY TEN("lorem%20ipsum%20") TEN("dolor%20sit%20am%20") "m"

static struct pack *pack;
static struct search_index *search_index;
static struct arena *arena;

static const struct { const char *type, *id, *body; } resources[] = {
	{ "Patient", "p1", "{\"resourceType\":\"Patient\",\"active\":true,\"gender\":\"female\",\"birthDate\":\"1970-05-05\","
	    "\"name\":[{\"family\":\"M\u00fcller, (Jr)\",\"given\":[\"Ann\"]}],\"identifier\":[{\"system\":\"urn:a|b\",\"value\":\"1$2\"}]}" },
	{ "Patient", "p2", "{\"resourceType\":\"Patient\",\"deceasedDateTime\":\"2020-01-01\",\"gender\":\"male\",\"birthDate\":\"1980\",\"name\":[{\"family\":\"Smith\"},"
	    "{\"family\":\"Olson\"}],\"telecom\":[{\"system\":\"email\",\"value\":\"s@example.org\"}]}" },
	{ "Location", "house", "{\"resourceType\":\"Location\",\"name\":\"House\"}" },
	{ "Location", "floor", "{\"resourceType\":\"Location\",\"partOf\":{\"reference\":\"Location/house\"}}" },
	{ "Location", "room", "{\"resourceType\":\"Location\",\"partOf\":{\"reference\":\"Location/floor\"}}" },
	{ "Encounter", "e1", "{\"resourceType\":\"Encounter\",\"status\":\"finished\",\"subject\":{\"reference\":\"Patient/p1\"},"
	    "\"location\":[{\"location\":{\"reference\":\"Location/room\"}}]}" },
	{ "Encounter", "e2", "{\"resourceType\":\"Encounter\",\"status\":\"planned\",\"subject\":{\"reference\":\"Patient/p2\"},"
	    "\"location\":[{\"location\":{\"reference\":\"Location/house\"}}]}" },
	{ "Observation", "o1", "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"urn:l\","
	    "\"code\":\"c\",\"display\":\"Pulse rate\"}]},\"subject\":{\"reference\":\"Patient/p1\"},\"encounter\":{\"reference\":\"Encounter/e1\"},"
	    "\"effectiveDateTime\":\"2026-01-15\",\"valueQuantity\":{\"value\":5.4,\"system\":\"http://unitsofmeasure.org\",\"code\":\"g\"}}" },
	{ "Observation", "o2", "{\"resourceType\":\"Observation\",\"status\":\"amended\",\"code\":{\"coding\":[{\"system\":\"urn:l\","
	    "\"code\":\"d\"}]},\"subject\":{\"reference\":\"Patient/p2\"},\"effectivePeriod\":{\"start\":\"2026-02-01\"},"
	    "\"component\":[{\"code\":{\"coding\":[{\"code\":\"x\"}]},\"valueQuantity\":{\"value\":1}},"
	    "{\"code\":{\"coding\":[{\"code\":\"y\"}]},\"valueQuantity\":{\"value\":2}}]}" },
	{ "QuestionnaireResponse", "q1", "{\"resourceType\":\"QuestionnaireResponse\",\"item\":[{\"extension\":[{\"url\":"
	    "\"http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject\",\"valueBoolean\":true}],"
	    "\"answer\":[{\"valueReference\":{\"reference\":\"Patient/p1\"}}]},{\"answer\":[{\"valueReference\":{\"reference\":\"Patient/p2\"}}]}]}" },
	{ "ValueSet", "v1", "{\"resourceType\":\"ValueSet\",\"url\":\"http://example.org/fhir/v\",\"version\":\"1.0\","
	    "\"meta\":{\"profile\":[\"http://example.org/p|2.1\"]}}" },
	{ "CarePlan", "c1", "{\"resourceType\":\"CarePlan\",\"category\":[{\"text\":\"in words\"}],\"activity\":[{\"detail\":"
	    "{\"scheduledString\":\"2011-06-27T09:30:10+01:00\"}},{\"detail\":{\"scheduledString\":\"soon\"}}]}" },
	{ "CarePlan", "c2", "{\"resourceType\":\"CarePlan\",\"activity\":[{\"detail\":{\"scheduledString\":\"soon\"}}]}" },
	{ "ValueSet", "v2", "{\"resourceType\":\"ValueSet\",\"url\":\"http://example.org/fhir/v\",\"version\":\"2.0\"}" },
	{ "Observation", "o5", "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{\"code\":\"e\"}]},\"valueDateTime\":\"2020-05-05\"}" },
	{ "RiskAssessment", "k1", "{\"resourceType\":\"RiskAssessment\",\"prediction\":[{\"probabilityDecimal\":95}]}" },
	{ "RiskAssessment", "k2", "{\"resourceType\":\"RiskAssessment\",\"prediction\":[{\"probabilityDecimal\":105}]}" },
	{ "Observation", "o8", "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"8867-4\"}]}}" },
	{ "Task", "t1", "{\"resourceType\":\"Task\",\"for\":{\"type\":\"Patient\",\"identifier\":{\"value\":\"9\"}}}" },
	{ "Task", "t2", "{\"resourceType\":\"Task\",\"for\":{\"type\":\"Group\",\"identifier\":{\"value\":\"9\"}}}" },
	{ "Bundle", "b1", "{\"resourceType\":\"Bundle\",\"type\":\"document\",\"entry\":[{\"resource\":{\"resourceType\":\"Composition\",\"id\":\"c\","
	    "\"status\":\"final\",\"title\":\"Letter\",\"subject\":{\"reference\":\"Patient/p1\"}}},{\"resource\":{\"resourceType\":\"Patient\"}}]}" },
	{ "Bundle", "b2", "{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":[{\"resource\":{\"resourceType\":\"MessageHeader\","
	    "\"eventUri\":\"urn:e\",\"source\":{\"endpoint\":\"urn:s\"}}}]}" },
	{ "Bundle", "b3", "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":{\"resourceType\":\"Composition\",\"status\":\"final\"}}]}" },
	{ "ValueSet", "v3", "{\"resourceType\":\"ValueSet\",\"version\":\"b.1\"}" },
	{ "QuestionnaireResponse", "q2", "{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"http://example.org/q|1.0.2\"}" },
	{ "QuestionnaireResponse", "q3", "{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"http://example.org/q|10\"}" },
	{ "DocumentReference", "d1", "{\"resourceType\":\"DocumentReference\",\"content\":[{\"attachment\":{\"contentType\":\"text/xml\"}}],"
	    "\"relatesTo\":[{\"code\":\"appends\",\"target\":{\"reference\":\"DocumentReference/d2\"}},"
	    "{\"code\":\"replaces\",\"target\":{\"reference\":\"DocumentReference/gone\"}}]}" },
	{ "DocumentReference", "d2", "{\"resourceType\":\"DocumentReference\",\"content\":[{\"attachment\":{\"contentType\":\"text/xml; charset=UTF-8\"}}]}" },
	{ "Location", "pub", "{\"resourceType\":\"Location\",\"name\":\"O'Brien's  Bar-Café\",\"alias\":[\"...\"],\"position\":{\"longitude\":16.38,\"latitude\":48.21}}" },
	{ "Practitioner", "long", "{\"resourceType\":\"Practitioner\",\"name\":[{\"family\":\"Carreno-Quinones de la Vega\",\"text\":\"" LONG " end\"}]}" },
	{ "Observation", "o3", "{\"resourceType\":\"Observation\",\"status\":\"final\",\"valueQuantity\":{\"value\":3,\"unit\":\"drops\",\"system\":\"urn:u\"}}" },
	{ "Observation", "o4", "{\"resourceType\":\"Observation\",\"status\":\"final\",\"valueQuantity\":{\"value\":3,\"system\":\"urn:v\",\"code\":\"d\"}}" },
};

static struct query_row rows[COUNT_OF(resources)];
static struct query_world world = { .at = rows, .count = COUNT_OF(resources) };

static bool
find(void *ctx UNUSED, struct slice type, struct slice id, int64_t *lead, int64_t *row)
{
	for (size_t i = 0; i < COUNT_OF(resources); i++)
		if (slice_is(type, resources[i].type) && slice_is(id, resources[i].id)) {
			*lead = 0;
			*row = (int64_t)i + 1;
			return true;
		}
	return false;
}

static const struct index_resolver resolver = { .find = find, .base = SLICE_INIT("https://localhost/fhir") };

/* Type?query: ids that match, in the order above */
static const struct { const char *type, *query, *found; } good[] = {
	{ "Patient", "", "p1 p2" }, { "Patient", "&&", "p1 p2" }, { "Patient", "gender=", "p1 p2" },
	{ "Patient", "gender=female", "p1" }, { "Patient", "gender=female,male", "p1 p2" },
	{ "Patient", "gender=female&gender=male", "" }, { "Patient", "gender:not=female", "p2" },
	{ "Patient", "gender=http://hl7.org/fhir/administrative-gender%7Cmale", "p2" },
	{ "Patient", "gender=urn:x%7Cmale", "" }, { "Patient", "gender=%7Cmale", "p2" },
	{ "Patient", "gender=http://hl7.org/fhir/administrative-gender%7C", "p1 p2" },
	{ "Patient", "family=muller%5C,", "p1" }, { "Patient", "family=M%C3%9CLLER", "p1" }, { "Patient", "family=uller", "" },
	{ "Patient", "family:contains=ULLER", "p1" }, { "Patient", "family:exact=Smith,Olson", "p2" },
	{ "Patient", "family:exact=smith", "" }, { "Patient", "family=smith&family=olson", "p2" },
	{ "Patient", "identifier=urn:a%5C%7Cb%7C1%5C$2", "p1" }, { "Patient", "identifier=1$2", "p1" },
	{ "Patient", "identifier=%7C1$2", "" }, { "Patient", "telecom=email%7Cs@example.org", "" },
	{ "Patient", "telecom=s@example.org", "p2" }, { "Patient", "email=S@EXAMPLE.org", "p2" }, { "Patient", "email:not=S@EXAMPLE.org", "p1" },
	{ "Patient", "gender=MALE", "" }, { "ValueSet", "version=B.1", "v3" }, { "ValueSet", "version=%7Cb.1", "v3" }, { "ValueSet", "version=b", "" },
	{ "Patient", "birthdate=1980", "p2" }, { "Patient", "birthdate=ne1980", "p1" }, { "Patient", "birthdate=lt1980-06", "p1 p2" },
	{ "Patient", "birthdate=eb1980", "p1" }, { "Patient", "birthdate=gt1970-05-04&birthdate=lt1970-05-06", "p1" },
	{ "Patient", "deceased=true", "p2" }, { "Patient", "deceased=false", "p1" },
	{ "Patient", "_id=p1,none", "p1" }, { "Patient", "_has:Observation:patient:code=c", "p1" },
	{ "Patient", "_has:Encounter:patient:_has:Observation:encounter:status=final", "p1" },
	{ "Observation", "code=urn:l%7Cc", "o1" }, { "Observation", "code=urn:l%7C", "o1 o2" }, { "Observation", "code:text=pulse", "o1" },
	{ "Observation", "value-quantity=5.4", "o1" }, { "Observation", "value-quantity=5", "o1" }, { "Observation", "value-quantity=5.40", "o1" },
	{ "Observation", "value-quantity=5e0", "" }, { "Observation", "value-quantity=54e-1", "o1" }, { "RiskAssessment", "probability=1e2", "k1" },
	{ "RiskAssessment", "probability=0e2147483648", "k1 k2" }, { "RiskAssessment", "probability=0e-2147483648", "" },
	{ "RiskAssessment", "probability=1.000000000000000000e2", "" }, { "RiskAssessment", "probability=0.950000000000000000e2", "k1" },
	{ "Observation", "value-quantity=5.45", "" }, { "Observation", "value-quantity=5400%7Chttp://unitsofmeasure.org%7Cmg", "o1" },
	{ "Observation", "value-quantity=gt5%7C%7Cg", "o1" }, { "Observation", "value-quantity=5.4%7C%7Cmg", "" },
	{ "Observation", "date=2026", "o1" }, { "Observation", "date=ge2026-01", "o1 o2" }, { "Observation", "date=sa2026-01-15", "o2" },
	{ "Observation", "component-code-value-quantity=x$1", "o2" }, { "Observation", "component-code-value-quantity=x$2", "" },
	{ "Observation", "subject=Patient/p1", "o1" }, { "Observation", "subject=p1", "o1" }, { "Observation", "subject:Patient=p1", "o1" },
	{ "Observation", "subject=https://localhost/fhir/Patient/p1", "o1" }, { "Observation", "subject=http://elsewhere/Patient/p1", "" },
	{ "Observation", "subject:Device=p1", "" }, { "Observation", "subject.gender=male", "o2" },
	{ "Observation", "encounter:Encounter.location.name=house", "" }, { "Observation", "encounter.patient.family=m", "o1" },
	{ "Encounter", "location=Location/floor", "" }, { "Encounter", "location:below=Location/floor", "e1" },
	{ "Encounter", "location:below=house", "e1 e2" }, { "Encounter", "location:above=Location/floor", "e2" },
	{ "Encounter", "location:above=room", "e1 e2" }, { "Location", "partof:below=Location/house", "floor room" },
	{ "Location", "partof:above=room", "floor room" }, { "Location", "partof:below=Location/none", "" },
	{ "QuestionnaireResponse", "item-subject=Patient/p1", "q1" }, { "QuestionnaireResponse", "item-subject=Patient/p2", "" },
	{ "CarePlan", "category:missing=false", "c1" }, { "CarePlan", "category:missing=true", "c2" }, { "CarePlan", "category:not=x", "c1 c2" },
	{ "CarePlan", "category=words", "" }, { "CarePlan", "category:text=in", "c1" }, { "CarePlan", "activity-date=2011-06", "c1" },
	{ "CarePlan", "activity-date:missing=true", "c2" },
	{ "ValueSet", "url:below=http://example.org/fhir", "v1 v2" }, { "ValueSet", "url:below=http://example.org/fh", "" },
	{ "ValueSet", "url:above=http://example.org/fhir/v/1", "v1 v2" }, { "ValueSet", "url=http://example.org/fhir", "" },
	{ "ValueSet", "url=http://example.org/fhir/v", "v1 v2" }, { "ValueSet", "url=http://example.org/fhir/v%7C2.0", "v2" },
	{ "ValueSet", "url=urn:x,http://example.org/fhir/v%7C1.0", "v1" }, { "ValueSet", "url=http://example.org/fhir/v%7C3", "" },
	{ "ValueSet", "_profile=http://example.org/p", "v1" }, { "ValueSet", "_profile=http://example.org/p%7C2.1", "v1" },
	{ "ValueSet", "_profile=http://example.org/p%7C2", "" }, { "ValueSet", "_profile:below=http://example.org/p%7C2", "v1" },
	{ "ValueSet", "_profile:below=http://example.org/p%7C2.1", "v1" }, { "ValueSet", "_profile:below=http://example.org/p%7C2.", "" },
	{ "ValueSet", "_profile:above=http://example.org/p%7C2.1.3", "v1" }, { "ValueSet", "_profile:above=http://example.org/p%7C2.10", "" },
	{ "QuestionnaireResponse", "questionnaire=http://example.org/q", "q2 q3" }, { "QuestionnaireResponse", "questionnaire=http://example.org/q%7C1", "" },
	{ "QuestionnaireResponse", "questionnaire:below=http://example.org/q", "q2 q3" },
	{ "QuestionnaireResponse", "questionnaire:below=http://example.org/q%7C1", "q2" },
	{ "QuestionnaireResponse", "questionnaire:below=http://example.org/q%7C1.0,http://example.org/q%7C10", "q2 q3" },
	{ "Observation", "code-value-date=e$2020-05", "o5" }, { "Observation", "code-value-date=e$lt2020-05", "" },
	{ "Observation", "code:in=http://hl7.org/fhir/ValueSet/observation-codes", "o8" },
	{ "Observation", "code:not-in=http://hl7.org/fhir/ValueSet/observation-codes&code:missing=false", "o1 o2 o5" },
	{ "Task", "patient:identifier=9", "t1" }, { "Task", "subject:identifier=9", "t1 t2" },
	{ "Bundle", "composition.title=letter", "b1" }, { "Bundle", "composition:Composition.status=final", "b1" }, { "Bundle", "composition=c", "b1" },
	{ "Bundle", "composition.patient=Patient/p1", "b1" }, { "Bundle", "composition.patient.family=muller", "b1" }, { "Bundle", "composition.status=draft", "" },
	{ "Bundle", "composition:missing=true", "b2 b3" }, { "Bundle", "message.event=urn:e", "b2" }, { "Bundle", "message:missing=false", "b2" },
	{ "Composition", "status=final&_contained=both", "" },
	{ "DocumentReference", "contenttype=text/xml", "d1" }, { "DocumentReference", "contenttype:below=text/xml", "d1 d2" },
	{ "DocumentReference", "contenttype:below=text/x", "" },
	{ "DocumentReference", "relationship=DocumentReference/d2$appends", "d1" }, { "DocumentReference", "relationship=d2$replaces", "" },
	{ "DocumentReference", "relationship=DocumentReference/gone$http://hl7.org/fhir/document-relationship-type%7Creplaces", "d1" },
	{ "DocumentReference", "relationship=DocumentReference/gone$replaces,DocumentReference/d2$replaces", "d1" },
	{ "Location", "name=obriens%20bar", "pub" }, { "Location", "name=O'Brien's%20Barcafe", "pub" }, { "Location", "name=o-b", "pub" },
	{ "Location", "name:exact=OBriens%20BarCafe", "" }, { "Location", "name=...", "pub" }, { "Location", "name=.h", "house" },
	{ "Practitioner", "family=carreno", "long" }, { "Practitioner", "family=quinones", "long" }, { "Practitioner", "family=Vega", "long" },
	{ "Practitioner", "family=carrenoquinones%20de", "long" }, { "Practitioner", "family=reno", "" }, { "Practitioner", "name=quinones%20de%20la", "long" },
	{ "Practitioner", "family:exact=Vega", "" }, { "Practitioner", "family:exact=Carreno-Quinones%20de%20la%20Vega", "long" },
	{ "Practitioner", "name=" LONG_QUERY "%20e", "long" }, { "Practitioner", "name=" LONG_QUERY "%20x", "" },
	{ "Practitioner", "name:contains=m%20end", "long" }, { "Practitioner", "name:contains=" LONG_QUERY "%20x", "" },
	{ "Practitioner", "name:exact=" LONG_QUERY "%20end", "long" }, { "Practitioner", "name:exact=" LONG_QUERY, "" },
	{ "Observation", "value-quantity=3", "o3 o4" }, { "Observation", "value-quantity=3%7C%7C", "o3 o4" }, { "Observation", "value-quantity=3%7Curn:u", "o3" },
	{ "Observation", "value-quantity=3%7Curn:v%7C", "o4" }, { "Observation", "value-quantity=3%7C%7Cdrops", "o3" },
	{ "Patient", "_id:missing=false", "p1 p2" }, { "Patient", "_lastUpdated:missing=true", "" },
	{ "Patient", "_id:not=p1,none", "p2" }, { "Patient", "_type=Patient", "p1 p2" }, { "Patient", "_type=Observation,Group", "" },
	{ "Location", "near:missing=false", "pub" }, { "Location", "near:missing=true&partof:missing=true", "house" },
	{ "Patient", "_type:not=Observation", "p1 p2" }, { "Observation", "subject._type=Patient", "o1 o2" },
};

static const struct { const char *type, *filter, *found; } filters[] = {
	{ "Patient", "gender eq male", "p2" }, { "Patient", " gender  eq  male ", "p2" }, { "Patient", "gender ne male", "p1" },
	{ "Patient", "not (gender eq male)", "p1" }, { "Patient", "not(gender eq male)", "p1" }, { "Patient", "((gender eq male))", "p2" },
	{ "Patient", "gender eq male or gender eq female", "p1 p2" }, { "Patient", "gender eq male and gender eq female", "" },
	/* from left to right */
	{ "Patient", "gender eq male or gender eq female and active eq true", "p1" },
	{ "Patient", "gender eq male or (gender eq female and active eq true)", "p1 p2" },
	{ "Patient", "family eq \"smith\"", "p2" }, { "Patient", "family eq \"smit\"", "" }, { "Patient", "family sw \"smit\"", "p2" },
	{ "Patient", "family ew \"ith\"", "p2" }, { "Patient", "family co \"mit\"", "p2" }, { "Patient", "family ew \"(jr)\"", "p1" },
	{ "Patient", "family ne \"smith\"", "p1 p2" }, { "Practitioner", "family ne \"carreno-quinones de la vega\"", "" }, { "Patient", "birthdate lt 1975 and given pr true", "p1" },
	{ "Patient", "given pr false", "p2" }, { "Patient", "birthdate po 1980-03", "p2" },
	{ "Observation", "code eq urn:l|c", "o1" }, { "Observation", "value-quantity gt 5 and status in http://hl7.org/fhir/ValueSet/observation-status", "o1" },
	{ "Observation", "status ni http://hl7.org/fhir/ValueSet/observation-status", "" }, { "Observation", "subject re Patient/p1", "o1" },
	{ "Observation", "subject.gender eq male", "o2" }, { "Observation", "subject[gender eq female].family co \"m\"", "o1" },
	{ "Observation", "encounter[status eq finished].location pr true", "o1" }, { "Observation", "date sa 2026-01-20", "o2" },
	{ "Observation", "subject ne Patient/p1", "o2" },
};

static const struct { const char *type, *query; enum fault fault; } bad[] = {
	{ "Patient", "nothing=a", FAULT_BAD_PARAMETER }, { "Patient", "gender:nothing=a", FAULT_BAD_PARAMETER },
	{ "Patient", "gender:exact=male", FAULT_BAD_PARAMETER }, { "Patient", "family:not=a", FAULT_BAD_PARAMETER },
	{ "Patient", "gender:missing=maybe", FAULT_BAD_SEARCH }, { "Patient", "birthdate=yesterday", FAULT_BAD_SEARCH },
	{ "Patient", "birthdate=2026-13", FAULT_BAD_SEARCH }, { "Patient", "birthdate=xx2026", FAULT_BAD_SEARCH },
	{ "Patient", "family=%zz", FAULT_BAD_SEARCH }, { "Patient", "family=%ff", FAULT_BAD_SEARCH }, { "Patient", "gender=%7C", FAULT_BAD_SEARCH },
	{ "Observation", "code:in=http://hl7.org/fhir/ValueSet/body-site", FAULT_NOT_SUPPORTED },
	{ "Patient", "identifier:of-type=a%7Cb", FAULT_BAD_SEARCH }, { "Patient", "identifier:of-type=%7Cb%7Cc", FAULT_BAD_SEARCH }, { "Patient", "gender:in=urn:nowhere", FAULT_NOT_SUPPORTED },
	{ "Observation", "value-quantity=x", FAULT_BAD_SEARCH }, { "Observation", "value-quantity=5%7Curn:x%7Ca%7Cb", FAULT_BAD_SEARCH },
	{ "Patient", "family=%5C", FAULT_BAD_SEARCH }, { "Patient", "family=a%5Cb", FAULT_BAD_SEARCH },
	{ "Patient", "_type=Nothing", FAULT_BAD_SEARCH }, { "Patient", "_type:below=Patient", FAULT_BAD_PARAMETER },
	{ "Observation", "component-code-value-quantity=x", FAULT_BAD_SEARCH }, { "Observation", "component-code-value-quantity=x$1$2", FAULT_BAD_SEARCH },
	{ "Observation", "code.name=a", FAULT_BAD_PARAMETER }, { "Observation", "subject:Nothing.name=a", FAULT_BAD_PARAMETER },
	{ "Observation", "subject.nothing=a", FAULT_BAD_PARAMETER }, { "Observation", "subject:Medication.code=a", FAULT_BAD_PARAMETER },
	{ "Observation", "code:below=c", FAULT_BAD_SEARCH }, { "Observation", "subject:below=Patient/p1", FAULT_BAD_PARAMETER },
	{ "Patient", "_has:Observation:patient=a", FAULT_BAD_PARAMETER }, { "Patient", "_has:Observation:code:code=a", FAULT_BAD_PARAMETER },
	{ "Patient", "_has:Nothing:patient:code=a", FAULT_BAD_PARAMETER }, { "Patient", "_sort=nothing", FAULT_BAD_PARAMETER },
	{ "Patient", "_sort=gender,family,birthdate,_id,given", FAULT_BAD_PARAMETER },
	{ "Patient", "_include=Patient:organization&_summary=text", FAULT_BAD_SEARCH },
	{ "Patient", "_elements=nothing", FAULT_BAD_PARAMETER },
	{ "Patient", "_include=Patient", FAULT_BAD_PARAMETER }, { "Patient", "_include=Patient:gender", FAULT_BAD_PARAMETER },
	{ "Patient", "_include=Patient:organization:", FAULT_BAD_PARAMETER }, { "Patient", "_include=*:x", FAULT_BAD_PARAMETER },
	{ "Patient", "_include=Patient:organization:Nothing", FAULT_BAD_PARAMETER }, { "Patient", "_revinclude=x", FAULT_BAD_PARAMETER },
	{ "Patient", "_query=x", FAULT_NOT_SUPPORTED }, { "Patient", "_list=$current-problems", FAULT_NOT_SUPPORTED },
	{ "Location", "near=91%7C0", FAULT_BAD_SEARCH }, { "Location", "near:exact=1%7C2", FAULT_BAD_PARAMETER }, { "Location", "near=1%7C2%7C3%7Cfurlong", FAULT_BAD_SEARCH },
	{ "Observation", "subject.link.link.link.link.link.link.link.link.link.name=a", FAULT_TOO_COSTLY },
	{ "Patient", "link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.name=a",
	    FAULT_TOO_COSTLY },
};

/* They say how the answer looks; a lenient search does without. */
static const char *const bad_settings[] = { "_count=-1", "_count=x", "_total=x", "_summary=x", "_contained=x", "_containedType=x" };

static const char *const bad_filters[] = {
	"", " ", "gender", "gender eq", "gender xx male", "eq male", "(gender eq male", "gender eq male)", "gender eq male and",
	"gender eq male gender eq female", "not gender eq male", "nothing eq a", "gender co ma", "family gt \"a\"", "birthdate eq x",
	"birthdate co 1980", "given pr maybe", "family eq \"open", "family eq \"a\\x\"", "gender.name eq a", "link.nothing eq a",
	"link[gender eq male", "link[gender eq male].", "link.", "near eq a", "gender in urn:nowhere", "()", "and",
};

static void
make_world(void)
{
	for (size_t i = 0; i < COUNT_OF(resources); i++) {
		struct query_row *r = &rows[i];
		struct outcome o;
		struct json j;

		outcome_init(&o, arena);
		*r = (struct query_row){ .type = pack_resource(pack, slice_of(resources[i].type)), .row = (int64_t)i + 1,
			.updated = 1800000000000, .body = slice_of(resources[i].body) };
		if (!json_parse(r->body, json_bounds(&limits_default, false), arena, &j, &o)
		    || !index_extract(search_index, r->type, &j, 0, &resolver, arena, &r->rows, &o))
			fail_msg("%s/%s", resources[i].type, resources[i].id);

	}
	world.arena = arena;
}

static bool
parse(const char *type, struct slice text, bool lenient, struct query *q, struct outcome *o)
{
	outcome_init(o, arena);
	return query_parse(search_index, pack_resource(pack, slice_of(type)), text, SLICE_NONE, lenient, &resolver,
	    &limits_default, 1800000000000, arena, q, o);
}

static void
check(const char *type, struct slice text, const char *want)
{
	struct query q;
	struct outcome o;
	struct buf found;

	if (!parse(type, text, false, &q, &o))
		fail_msg("%s?%.*s is refused: %s", type, SLICE_FMT(text), faults[o.worst].symbol);
	buf_init(&found, arena, 4096);
	for (size_t i = 0; i < COUNT_OF(resources); i++)
		if (query_matches(&q, &world, &rows[i]))
			buf_printf(&found, "%s%s", found.len > 0 ? " " : "", resources[i].id);
	if (!slice_is(buf_slice(&found), want))
		fail_msg("%s?%.*s finds \"%.*s\", not \"%s\"", type, SLICE_FMT(text), SLICE_FMT(buf_slice(&found)), want);
}

static struct slice
as_query(const char *filter)
{
	struct buf b;

	buf_init(&b, arena, 4096);
	buf_add_cstr(&b, "_filter=");
	for (; *filter != '\0'; filter++)
		buf_printf(&b, "%%%02x", (unsigned char)*filter);
	return buf_slice(&b);
}

static void
queries_find(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(good); i++)
		check(good[i].type, slice_of(good[i].query), good[i].found);
}

static void
filters_find(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		check(filters[i].type, as_query(filters[i].filter), filters[i].found);
}

static void
bad_ones_are_refused(void **state UNUSED)
{
	struct query q;
	struct outcome o;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (parse(bad[i].type, slice_of(bad[i].query), false, &q, &o) || o.worst != bad[i].fault)
			fail_msg("%s?%s: %s", bad[i].type, bad[i].query, o.failed ? faults[o.worst].symbol : "taken");
		if (parse(bad[i].type, slice_of(bad[i].query), true, &q, &o) != (bad[i].fault == FAULT_BAD_PARAMETER))
			fail_msg("%s?%s: lenient", bad[i].type, bad[i].query);
	}
	for (size_t i = 0; i < COUNT_OF(bad_settings); i++)
		if (parse("Patient", slice_of(bad_settings[i]), false, &q, &o) || o.worst != FAULT_BAD_SEARCH
		    || !parse("Patient", slice_of(bad_settings[i]), true, &q, &o) || q.canonical.len > 0)
			fail_msg("%s", bad_settings[i]);
	for (size_t i = 0; i < COUNT_OF(bad_filters); i++) {
		struct slice text = as_query(bad_filters[i]);

		if (parse("Patient", text, false, &q, &o) && text.len > 8)
			fail_msg("_filter=%s is taken", bad_filters[i]);
	}
}

/* What a query takes grows with its length, not with the square of it. */
static void
memory_is_bounded(void **state UNUSED)
{
	size_t before = arena_used(arena);
	struct query q;
	struct outcome o;
	struct buf b;

	buf_init(&b, arena, SIZE_MAX);
	for (int i = 0; i < 256; i++)
		buf_printf(&b, "%sid%d", i == 0 ? "subject=" : ",", i);
	assert_true(parse("Observation", buf_slice(&b), false, &q, &o));
	assert_in_range(arena_used(arena) - before, 0, 4 << 20);
	before = arena_used(arena);
	buf_init(&b, arena, SIZE_MAX);
	for (int i = 0; i < 400; i++)
		buf_add_cstr(&b, i == 0 ? "_filter=gender+eq+a" : "+or+gender+eq+a");
	for (int i = 0; i < 100000; i++)
		buf_add_char(&b, '+');
	assert_true(parse("Patient", buf_slice(&b), false, &q, &o));
	assert_in_range(arena_used(arena) - before, 0, 4 << 20);
}

/* A name of many words, a version of many parts: 64 of them have rows. */
static void
rows_are_bounded(void **state UNUSED)
{
	size_t before = arena_used(arena);
	struct index_rows out;
	struct outcome o;
	struct json j;
	struct buf b;

	outcome_init(&o, arena);
	buf_init(&b, arena, SIZE_MAX);
	buf_add_cstr(&b, "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "n%d ", i);
	buf_add_cstr(&b, "\"}],\"meta\":{\"profile\":[\"http://example.org/p|");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "%d.", i);
	buf_add_cstr(&b, "\"]}}");
	assert_true(json_parse(buf_slice(&b), json_bounds(&limits_default, false), arena, &j, &o));
	assert_true(index_extract(search_index, pack_resource(pack, SLICE("Patient")), &j, 0, &resolver, arena, &out, &o));
	assert_in_range(out.count, 2 * INDEX_WORDS, 6 * INDEX_WORDS);
	assert_in_range(arena_used(arena) - before, 0, 16 << 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_find), cmocka_unit_test(filters_find), cmocka_unit_test(bad_ones_are_refused),
		cmocka_unit_test(memory_is_bounded), cmocka_unit_test(rows_are_bounded),
	};
	const struct siphash_key key = { 1, 2 };
	struct outcome o;

	arena = arena_new(1 << 16);
	outcome_init(&o, arena);
	if ((pack = pack_open(&env_real, "build/fhir-r4.pack", &o)) == NULL)
		return 1;
	search_index = search_index_new(pack, &limits_default, &key, arena, &o);
	make_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
