"""The features of the FHIR R4 REST API, one check each; tests/conformance_test runs them and writes
docs/conformance.md from what they find.  A check returns True, or what it saw instead."""
import json
import urllib.parse

from firebreak import observation, patient, until

GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"


class Api:
    """Short words for the checks below."""

    def __init__(self, server, token, statement):
        self.s, self.token, self.statement = server, token, statement

    def call(self, method, path, body=None, **headers):
        return self.s.request(method, path, self.token, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def make(self, resource):
        answer = self.call("POST", "/" + resource["resourceType"], resource)
        assert answer.status == 201, answer.body
        return answer.json()

    def ids(self, path):
        """Ids of the matches of a search."""
        answer = self.get(path)
        assert answer.status == 200, (path, answer.body)
        return sorted(e["resource"]["id"] for e in answer.json().get("entry", []) if e["search"]["mode"] == "match")

    def included(self, path):
        answer = self.get(path)
        assert answer.status == 200, (path, answer.body)
        return sorted(e["resource"]["id"] for e in answer.json().get("entry", []) if e["search"]["mode"] == "include")


# Resources that the checks of searches look for, made once.
class World(Api):
    made = None

    def world(self):
        if World.made is None or World.made["server"] is not self.s:
            World.made = self.build()
        return World.made

    def build(self):
        w = {"server": self.s}
        w["org"] = self.make({"resourceType": "Organization", "name": "Zentrum Nord", "identifier": [{"system": "urn:o", "value": "7"}]})
        w["doc"] = self.make({"resourceType": "Practitioner", "name": [{"family": "Feature", "given": ["Doris"]}]})
        w["pat"] = self.make(patient("Fähigkeit", "Zoë", birthDate="1974-12-25", gender="female",
                                     identifier=[{"system": "urn:mrn", "value": "f1", "type": {"coding": [
                                         {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}}],
                                     managingOrganization={"reference": "Organization/" + w["org"]["id"]},
                                     generalPractitioner=[{"reference": "Practitioner/" + w["doc"]["id"]}],
                                     address=[{"city": "Zürich"}], telecom=[{"system": "email", "value": "z@example.org"}]))
        ref = "Patient/" + w["pat"]["id"]
        w["enc"] = self.make({"resourceType": "Encounter", "status": "finished", "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}, "subject": {"reference": ref},
            "period": {"start": "2026-04-01T08:00:00Z", "end": "2026-04-01T09:00:00Z"}})
        w["obs"] = self.make(observation(ref, value=72.5, date="2026-04-01T08:30:00Z",
                                         encounter={"reference": "Encounter/" + w["enc"]["id"]},
                                         performer=[{"reference": "Practitioner/" + w["doc"]["id"]}],
                                         note=[{"text": "the remarkable word is heliotrope"}]))
        w["bp"] = self.make(observation(ref, "85354-9", 1, "2026-04-02", component=[
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
             "valueQuantity": {"value": 121, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}}]))
        w["weight"] = self.make(observation(ref, "29463-7", 80, "2026-04-03", valueQuantity={
            "value": 80, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}))
        w["loc"] = self.make({"resourceType": "Location", "name": "Near the lake", "position": {"longitude": 8.54, "latitude": 47.37}})
        w["con"] = self.make({"resourceType": "Condition", "subject": {"reference": ref}, "clinicalStatus": {"coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}], "text": "Bluthochdruck"}})
        w["list"] = self.make({"resourceType": "List", "status": "current", "mode": "working", "subject": {"reference": ref},
                               "entry": [{"item": {"reference": "Observation/" + w["obs"]["id"]}}]})
        w["quest"] = self.make({"resourceType": "MedicationRequest", "status": "active", "intent": "order",
                                "subject": {"reference": ref}, "medicationReference": {"reference": "#m"},
                                "contained": [{"resourceType": "Medication", "id": "m", "code": {"coding": [
                                    {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1049502"}]}}]})
        w["form"] = self.make({"resourceType": "Questionnaire", "status": "active", "url": "urn:feature-form", "version": "1.2", "title": "Form"})
        w["answers"] = self.make({"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "urn:feature-form|1.2"})
        return w


def feature(check):
    """A check of one API, from a function of (api)."""
    return lambda server, token, statement: check(World(server, token, statement))


def finds(path, *names):
    """The search finds these of the world, among whatever else with the same subject there is."""
    def check(a):
        w = a.world()
        filled = path.format(**{k: v["id"] for k, v in w.items() if isinstance(v, dict)})
        got = a.ids(filled)
        want = sorted(w[n]["id"] for n in names)
        return True if got == want else f"{filled}: {got}, want {want}"
    return feature(check)


def includes(path, *names):
    def check(a):
        w = a.world()
        filled = path.format(**{k: v["id"] for k, v in w.items() if isinstance(v, dict)})
        got = a.included(filled)
        want = sorted(w[n]["id"] for n in names)
        return True if got == want else f"{filled}: {got}, want {want}"
    return feature(check)


def answers(method, path, status, body=None, **headers):
    def check(a):
        w = a.world()
        filled = path.format(**{k: v["id"] for k, v in w.items() if isinstance(v, dict)})
        got = a.call(method, filled, body, **headers)
        return True if got.status == status else f"{method} {filled}: {got.status} {got.body[:200]}"
    return feature(check)


def read_versions(a):
    p = a.make(patient("Version"))
    changed = a.call("PUT", "/Patient/" + p["id"], dict(p, gender="male"))
    old = a.get(f"/Patient/{p['id']}/_history/{p['meta']['versionId']}").json()
    return "gender" not in old and changed.headers["etag"] == f'W/"{changed.json()["meta"]["versionId"]}"'


def conditional_read(a):
    p = a.make(patient("ConditionalRead"))
    etag = a.get("/Patient/" + p["id"]).headers["etag"]
    return a.get("/Patient/" + p["id"], If_None_Match=etag).status == 304 \
        and a.get("/Patient/" + p["id"], If_Modified_Since="Wed, 01 Jan 2031 00:00:00 GMT").status == 304


def version_aware_update(a):
    p = a.make(patient("Aware"))
    good = a.call("PUT", "/Patient/" + p["id"], p, If_Match=f'W/"{p["meta"]["versionId"]}"').status
    late = a.call("PUT", "/Patient/" + p["id"], p, If_Match=f'W/"{p["meta"]["versionId"]}"').status
    return (good, late) == (200, 412) or (good, late)


def deleted_is_gone(a):
    p = a.make(patient("Gone"))
    return a.call("DELETE", "/Patient/" + p["id"]).status == 204 and a.get("/Patient/" + p["id"]).status == 410


def prefer(a):
    got = [a.call("POST", "/Patient", patient("Prefer"), Prefer="return=" + w) for w in ("minimal", "representation", "OperationOutcome")]
    kinds = [g.json()["resourceType"] if g.body else None for g in got]
    return kinds == [None, "Patient", "OperationOutcome"] or kinds


def json_patch(a):
    p = a.make(patient("JsonPatch"))
    got = a.call("PATCH", "/Patient/" + p["id"], json.dumps([{"op": "add", "path": "/gender", "value": "male"}]),
                 Content_Type="application/json-patch+json")
    return got.status == 200 and got.json()["gender"] == "male" or (got.status, got.body)


def xml_patch(a):
    p = a.make(patient("XmlPatch", gender="male"))
    body = '<diff xmlns:f="http://hl7.org/fhir"><replace sel="f:Patient/f:gender/@value">female</replace></diff>'
    got = a.call("PATCH", "/Patient/" + p["id"], body, Content_Type="application/xml-patch+xml")
    return got.status == 200 and a.get("/Patient/" + p["id"]).json()["gender"] == "female" or (got.status, got.body)


def fhirpath_patch(a):
    p = a.make(patient("FhirPathPatch", gender="male"))
    body = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Patient.gender"},
        {"name": "value", "valueCode": "other"}]}]}
    got = a.call("PATCH", "/Patient/" + p["id"], body)
    return got.status == 200 and got.json()["gender"] == "other" or (got.status, got.body)


def conditional_create(a):
    p = patient("Once", identifier=[{"system": "urn:once", "value": "1"}])
    one = a.call("POST", "/Patient", p, If_None_Exist="identifier=urn:once|1")
    two = a.call("POST", "/Patient", p, If_None_Exist="identifier=urn:once|1")
    return (one.status, two.status) == (201, 200) or (one.status, two.status)


def conditional_update(a):
    p = patient("Upsert", identifier=[{"system": "urn:upsert", "value": "1"}])
    one = a.call("PUT", "/Patient?identifier=urn:upsert%7C1", p)
    two = a.call("PUT", "/Patient?identifier=urn:upsert%7C1", dict(p, gender="male"))
    return (one.status, two.status) == (201, 200) or (one.status, two.status, two.body)


def conditional_patch(a):
    a.make(patient("CondPatch", identifier=[{"system": "urn:cp", "value": "1"}]))
    got = a.call("PATCH", "/Patient?identifier=urn:cp%7C1", json.dumps([{"op": "add", "path": "/gender", "value": "male"}]),
                 Content_Type="application/json-patch+json")
    return got.status == 200 or (got.status, got.body)


def conditional_delete(a):
    a.make(patient("CondDelete", identifier=[{"system": "urn:cd", "value": "1"}]))
    got = a.call("DELETE", "/Patient?identifier=urn:cd%7C1")
    return got.status == 204 and a.ids("/Patient?identifier=urn:cd%7C1") == [] or (got.status, got.body)


def history_of(path):
    def check(a):
        a.world()
        got = a.get(path)
        return got.status == 200 and got.json()["type"] == "history" and len(got.json()["entry"]) > 0 or (got.status, got.body[:200])
    return feature(check)


def transaction(a):
    urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    b = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": observation(urn), "request": {"method": "POST", "url": "Observation"}},
        {"fullUrl": urn, "resource": patient("InTransaction"), "request": {"method": "POST", "url": "Patient"}}]}
    got = a.call("POST", "", b)
    made = [e["response"]["location"].split("/")[-3] for e in got.json()["entry"]]
    return a.get("/Observation/" + made[0]).json()["subject"]["reference"] == "Patient/" + made[1]


def transaction_is_whole(a):
    b = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": patient("Half"), "request": {"method": "POST", "url": "Patient"}},
        {"resource": {"resourceType": "Patient", "nonsense": 1}, "request": {"method": "POST", "url": "Patient"}}]}
    got = a.call("POST", "", b)
    return got.status in (400, 422) and a.ids("/Patient?family=Half") == []


def transaction_conditional_reference(a):
    w = a.world()
    b = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": observation("Patient?identifier=urn:mrn|f1", date="2020-01-01"), "request": {"method": "POST", "url": "Observation"}}]}
    got = a.call("POST", "", b)
    if got.status != 200:
        return got.status, got.body
    made = got.json()["entry"][0]["response"]["location"].split("/")[-3]
    found = a.get("/Observation/" + made).json()["subject"]["reference"] == "Patient/" + w["pat"]["id"]
    a.call("DELETE", "/Observation/" + made)
    return found


def transaction_if_none_exist(a):
    b = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": patient("Fähigkeit"), "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:mrn|f1"}}]}
    a.world()
    got = a.call("POST", "", b)
    return got.json()["entry"][0]["response"]["status"].startswith("200") or got.body


def transaction_reads(a):
    b = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"request": {"method": "GET", "url": "Patient?family=ReadInTransaction"}},
        {"resource": patient("ReadInTransaction"), "request": {"method": "POST", "url": "Patient"}}]}
    got = a.call("POST", "", b)
    return got.status == 200 and len(got.json()["entry"][0]["resource"].get("entry", [])) == 1 or (got.status, got.body)


def batch(a):
    w = a.world()
    b = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": "Patient/" + w["pat"]["id"]}}, {"request": {"method": "GET", "url": "Patient/none"}}]}
    got = a.call("POST", "", b).json()["entry"]
    return [e["response"]["status"][:3] for e in got] == ["200", "404"]


def head_same(a):
    w = a.world()
    path = "/Patient/" + w["pat"]["id"]
    h = a.call("HEAD", path)
    return h.status == 200 and h.body == b"" and h.headers["etag"] == a.get(path).headers["etag"]


def xml(a):
    w = a.world()
    got = a.get("/Patient/" + w["pat"]["id"], Accept="application/fhir+xml")
    made = a.call("POST", "/Patient", '<Patient xmlns="http://hl7.org/fhir"><name><family value="FromXml"/></name></Patient>',
                  Content_Type="application/fhir+xml")
    return got.body.startswith(b"<") and made.status == 201


def format_parameter(a):
    w = a.world()
    return a.get(f"/Patient/{w['pat']['id']}?_format=xml").headers["content-type"].startswith("application/fhir+xml") \
        and b"\n" in a.get(f"/Patient/{w['pat']['id']}?_pretty=true").body


def weights(a):
    w = a.world()
    return a.get("/Patient/" + w["pat"]["id"], Accept="application/fhir+json;q=0.2, application/fhir+xml;q=0.9") \
        .headers["content-type"].startswith("application/fhir+xml")


def paging(a):
    w = a.world()
    path, seen = f"/Observation?subject=Patient/{w['pat']['id']}&_count=1", []
    for _ in range(9):
        page = a.get(path).json()
        seen += [e["resource"]["id"] for e in page.get("entry", [])]
        nexts = [x["url"] for x in page["link"] if x["relation"] == "next"]
        if not nexts:
            break
        path = nexts[0].split("/fhir", 1)[1]
    return len(seen) == 3 and len(set(seen)) == 3 or seen


def total(a):
    w = a.world()
    return a.get(f"/Observation?subject=Patient/{w['pat']['id']}&_total=accurate&_count=1").json()["total"] == 3


def summary_count(a):
    w = a.world()
    got = a.get(f"/Observation?subject=Patient/{w['pat']['id']}&_summary=count").json()
    return got["total"] == 3 and "entry" not in got


def sorted_by(a):
    w = a.world()
    got = a.get(f"/Observation?subject=Patient/{w['pat']['id']}&_sort=-date").json()
    return [e["resource"]["id"] for e in got["entry"]] == [w[n]["id"] for n in ("weight", "bp", "obs")]


def elements(a):
    w = a.world()
    got = a.get(f"/Patient?_id={w['pat']['id']}&_elements=birthDate").json()["entry"][0]["resource"]
    tags = [t["code"] for t in got["meta"].get("tag", [])]
    return set(got) <= {"resourceType", "id", "meta", "birthDate"} and "birthDate" in got and tags == ["SUBSETTED"] or got


def summary_true(a):
    w = a.world()
    got = a.get(f"/Patient?_id={w['pat']['id']}&_summary=true").json()["entry"][0]["resource"]
    return "birthDate" in got and got["meta"]["tag"][0]["code"] == "SUBSETTED"


def lenient(a):
    strict = a.get("/Patient?nonsense=1").status
    got = a.get("/Patient?nonsense=1&_count=1", Prefer="handling=lenient")
    page = got.json()
    outcome = [e for e in page["entry"] if e["search"]["mode"] == "outcome"]
    self_link = [x["url"] for x in page["link"] if x["relation"] == "self"][0]
    return strict == 400 and got.status == 200 and len(outcome) == 1 and "nonsense" not in self_link


def post_search(a):
    w = a.world()
    got = a.call("POST", "/Patient/_search", urllib.parse.urlencode({"identifier": "urn:mrn|f1"}),
                 Content_Type="application/x-www-form-urlencoded").json()
    return [e["resource"]["id"] for e in got["entry"]] == [w["pat"]["id"]]


def everything(a):
    w = a.world()
    got = a.get(f"/Patient/{w['pat']['id']}/$everything?_count=100").json()
    kinds = {e["resource"]["resourceType"] for e in got["entry"]}
    return {"Patient", "Observation", "Encounter", "Condition"} <= kinds or kinds


def everything_by_post(a):
    w = a.world()
    got = a.call("POST", f"/Patient/{w['pat']['id']}/$everything", {"resourceType": "Parameters", "parameter": [
        {"name": "_type", "valueCode": "Encounter"}, {"name": "_count", "valueInteger": 5}]})
    return got.status == 200 and [e["resource"]["id"] for e in got.json()["entry"] if e["search"]["mode"] == "match"] == [w["enc"]["id"]]


def everything_of_encounter(a):
    w = a.world()
    got = a.get(f"/Encounter/{w['enc']['id']}/$everything?_count=100").json()
    kinds = {e["resource"]["resourceType"] for e in got["entry"]}
    return {"Encounter", "Observation"} <= kinds or kinds


def parameter(answer, name):
    for p in answer.json().get("parameter", []):
        if p["name"] == name:
            return next(v for k, v in p.items() if k.startswith("value"))
    return None


def expand(a):
    got = a.get("/ValueSet/$expand?url=" + GENDER)
    return sorted(c["code"] for c in got.json()["expansion"]["contains"]) == ["female", "male", "other", "unknown"]


def validate_code(a):
    good = a.get(f"/ValueSet/$validate-code?url={GENDER}&system=http://hl7.org/fhir/administrative-gender&code=male")
    bad = a.get(f"/ValueSet/$validate-code?url={GENDER}&system=http://hl7.org/fhir/administrative-gender&code=x")
    return (parameter(good, "result"), parameter(bad, "result")) == (True, False)


def lookup(a):
    got = a.get("/CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male")
    return parameter(got, "display") == "Male"


def subsumes(a):
    system = urllib.parse.quote("http://terminology.hl7.org/CodeSystem/v3-ActCode")
    got = a.get(f"/CodeSystem/$subsumes?system={system}&codeA=_ActEncounterCode&codeB=AMB")
    return parameter(got, "outcome") == "subsumes" or got.body


def translate(a):
    got = a.get("/ConceptMap/$translate?url=http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3"
                "&system=http://hl7.org/fhir/administrative-gender&code=male")
    return parameter(got, "result") is True or got.body


GENDER_CODES = "http://hl7.org/fhir/administrative-gender"


def expand_with(a, *more):
    """The first member of an expansion of administrative-gender."""
    given = {"resourceType": "Parameters", "parameter": [{"name": "url", "valueUri": GENDER_CODES + "?fhir_vs"}, *more]}
    return a.call("POST", "/ValueSet/$expand", given).json()


def expand_supplement(a):
    names = {"resourceType": "CodeSystem", "url": "urn:names", "status": "active", "content": "supplement", "supplements": GENDER_CODES,
             "concept": [{"code": "male", "designation": [{"language": "eo", "value": "vira"}]}]}
    got = expand_with(a, {"name": "tx-resource", "resource": names}, {"name": "useSupplement", "valueCanonical": "urn:names"},
                      {"name": "displayLanguage", "valueCode": "eo"})
    return got["expansion"]["contains"][0]["display"] == "vira" or got


def expand_version(a):
    got = expand_with(a, {"name": "system-version", "valueUri": GENDER_CODES + "|4.0.1"})
    other = expand_with(a, {"name": "force-system-version", "valueUri": GENDER_CODES + "|9"})
    return got["expansion"]["total"] == 4 and other["issue"][0]["code"] == "not-supported" or (got, other)


def meta(a):
    p = a.make(patient("Meta"))
    add = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "x"}]}}]}
    added = a.call("POST", f"/Patient/{p['id']}/$meta-add", add)
    seen = parameter(a.get(f"/Patient/{p['id']}/$meta"), "return")
    gone = a.call("POST", f"/Patient/{p['id']}/$meta-delete", add)
    return added.status == 200 and [t["code"] for t in seen["tag"]] == ["x"] and gone.status == 200 or (added.body, seen)


def validate_operation(a):
    good = a.call("POST", "/Patient/$validate", patient("Valid")).json()["issue"][0]["severity"]
    bad = a.call("POST", "/Patient/$validate", {"resourceType": "Patient", "nonsense": 1}).json()["issue"][0]["severity"]
    return good in ("information", "warning") and bad == "error" or (good, bad)


def export(a):
    got = a.get("/$export", Accept="application/fhir+json", Prefer="respond-async")
    return got.status == 202 and "content-location" in got.headers or (got.status, got.body)


def terminology_mode(a):
    return a.get("/metadata?mode=terminology").json()["resourceType"] == "TerminologyCapabilities"


def custom_parameter(a):
    """Posted, indexed in the background, searched by, deleted; a code of R4 is refused."""
    name = a.make({"resourceType": "SearchParameter", "url": "http://a.test/shoe", "name": "Shoe", "status": "active",
                   "description": "Size of shoes", "code": "shoe", "base": ["Patient"], "type": "number",
                   "expression": "Patient.extension.where(url='http://a.test/shoe').value"})["id"]
    made = a.make(patient(extension=[{"url": "http://a.test/shoe", "valueDecimal": 43.5}]))["id"]
    until(lambda: a.get("/Patient?shoe=43.5").status == 200)
    return a.ids("/Patient?shoe=gt43") == [made] and a.call("DELETE", "/SearchParameter/" + name).status == 204 \
        and a.get("/Patient?shoe=43.5").status == 400


FEATURES = [
    ("Formats", "http.html#mime-type", [
        ("JSON in and out", feature(lambda a: a.get("/metadata").headers["content-type"].startswith("application/fhir+json"))),
        ("XML in and out", feature(xml)),
        ("_format and _pretty", feature(format_parameter)),
        ("Accept with weights", feature(weights)),
        ("406 for what there is not", answers("GET", "/Patient/{pat}", 406, Accept="text/csv")),
        ("415 for what is not read", answers("POST", "/Patient", 415, b"a", Content_Type="text/csv")),
    ]),
    ("Instances", "http.html", [
        ("create, with Location and ETag", feature(lambda a: {"location", "etag", "last-modified"} <= set(
            a.call("POST", "/Patient", patient("Create")).headers))),
        ("read", answers("GET", "/Patient/{pat}", 200)),
        ("HEAD", feature(head_same)),
        ("vread and ETag", feature(read_versions)),
        ("conditional read", feature(conditional_read)),
        ("update with If-Match", feature(version_aware_update)),
        ("delete, then 410", feature(deleted_is_gone)),
        ("Prefer: return", feature(prefer)),
    ]),
    ("Patch", "http.html#patch, fhirpatch.html", [
        ("JSON Patch", feature(json_patch)), ("XML Patch", feature(xml_patch)), ("FHIRPath Patch", feature(fhirpath_patch)),
        ("422 for one that does not apply", feature(lambda a: a.call(
            "PATCH", "/Patient/" + a.world()["pat"]["id"], json.dumps([{"op": "test", "path": "/gender", "value": "male"}]),
            Content_Type="application/json-patch+json").status == 422)),
    ]),
    ("Conditional interactions", "http.html#ccreate", [
        ("create", feature(conditional_create)), ("update", feature(conditional_update)), ("patch", feature(conditional_patch)),
        ("delete", feature(conditional_delete)),
        ("412 when several match", feature(lambda a: (a.make(patient("Twice")), a.make(patient("Twice")), a.call(
            "PUT", "/Patient?family=Twice", patient("Twice")).status)[2] == 412)),
    ]),
    ("History", "http.html#history", [
        ("of an instance", feature(lambda a: a.get(f"/Patient/{a.world()['pat']['id']}/_history").json()["type"] == "history")),
        ("of a type", history_of("/Patient/_history")), ("of the system", history_of("/_history")),
        ("_since", history_of("/Patient/_history?_since=2020-01-01T00:00:00Z")),
        ("_at", history_of("/_history?_at=2026")), ("_count", history_of("/_history?_count=1")),
    ]),
    ("Batch and transaction", "http.html#transaction", [
        ("batch", feature(batch)), ("transaction, references by fullUrl", feature(transaction)),
        ("whole or not at all", feature(transaction_is_whole)), ("conditional references", feature(transaction_conditional_reference)),
        ("ifNoneExist", feature(transaction_if_none_exist)), ("reads see the writes", feature(transaction_reads)),
    ]),
    ("Search: parameter types", "search.html", [
        ("string, without case and accents", finds("/Patient?family=fahig", "pat")),
        ("token, system|code", finds("/Patient?identifier=urn:mrn%7Cf1", "pat")),
        ("token, the system that a binding implies", finds("/Patient?gender=http://hl7.org/fhir/administrative-gender%7Cfemale&family=fahig", "pat")),
        ("date", finds("/Patient?birthdate=1974-12-25&family=fahig", "pat")),
        ("number", feature(lambda a: a.ids("/RiskAssessment?probability=gt0.8") == [])),
        ("quantity", finds("/Observation?subject={pat}&value-quantity=gt72%7Chttp://unitsofmeasure.org%7C/min", "obs")),
        ("quantity in another unit of UCUM", finds("/Observation?subject={pat}&value-quantity=80000%7Chttp://unitsofmeasure.org%7Cg", "weight")),
        ("reference", finds("/Observation?encounter=Encounter/{enc}", "obs")),
        ("uri", feature(lambda a: a.get("/ValueSet?url=http://example.org/none").status == 200)),
        ("composite", finds("/Observation?subject={pat}&component-code-value-quantity=8480-6$gt120", "bp")),
        ("near", finds("/Location?near=47.37%7C8.54%7C10%7Ckm", "loc")),
        ("_id", finds("/Patient?_id={pat}", "pat")), ("_lastUpdated", finds("/Patient?_lastUpdated=gt2020&_id={pat}", "pat")),
        ("_list", finds("/Observation?_list={list}", "obs")),
        ("_filter", finds("/Observation?_filter=subject eq Patient/{pat} and (code eq 8867-4 or date gt 2026-04-02)".replace(" ", "%20"),
                          "obs", "weight")),
        ("_content", finds("/Observation?_content=heliotrope", "obs")),
    ]),
    ("Search: prefixes and values", "search.html#prefix", [
        (p, finds(f"/Observation?subject={{pat}}&date={v}", *names)) for p, v, names in (
            ("eq", "2026-04-01", ["obs"]), ("ne", "ne2026-04-01", ["bp", "weight"]), ("gt", "gt2026-04-02", ["weight"]),
            ("lt", "lt2026-04-02", ["obs"]), ("ge", "ge2026-04-02", ["bp", "weight"]), ("le", "le2026-04-02", ["bp", "obs"]),
            ("sa", "sa2026-04-02", ["weight"]), ("eb", "eb2026-04-02", ["obs"]))
    ] + [("comma: any of them", finds("/Observation?subject={pat}&code=8867-4,29463-7", "obs", "weight")),
         ("repetition: all of them", finds("/Observation?subject={pat}&date=ge2026-04-02&date=lt2026-04-03", "bp"))]),
    ("Search: modifiers", "search.html#modifiers", [
        (":missing", finds("/Observation?subject={pat}&encounter:missing=false", "obs")),
        (":exact", finds("/Patient?family:exact=F%C3%A4higkeit", "pat")),
        (":contains", finds("/Patient?family:contains=higkei&identifier=f1", "pat")),
        (":text", finds("/Condition?code:text=bluthoch&subject={pat}", "con")),
        (":not", finds("/Observation?subject={pat}&code:not=8867-4", "bp", "weight")),
        (":in", feature(lambda a: a.ids(f"/Patient?gender:in={GENDER}&identifier=urn:mrn%7Cf1") == [a.world()["pat"]["id"]])),
        (":not-in", feature(lambda a: a.ids(f"/Patient?gender:not-in={GENDER}&identifier=urn:mrn%7Cf1") == [])),
        (":below", finds("/Encounter?class:below=http://terminology.hl7.org/CodeSystem/v3-ActCode%7C_ActEncounterCode&subject={pat}", "enc")),
        (":above", feature(lambda a: a.get("/Encounter?class:above=http://terminology.hl7.org/CodeSystem/v3-ActCode%7CAMB").status == 200)),
        (":below of references", finds("/Patient?organization:below=Organization/{org}", "pat")),
        (":below of canonical urls", finds("/QuestionnaireResponse?questionnaire:below=urn:feature-form%7C1&_id={answers}", "answers")),
        (":above of references", finds("/Patient?organization:above=Organization/{org}", "pat")),
        (":identifier", feature(lambda a: a.get("/Observation?subject:identifier=urn:mrn%7Cf1").status == 200)),
        (":of-type", finds("/Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203%7CMR%7Cf1", "pat")),
        (":[type]", finds("/Observation?subject:Patient={pat}&code=8867-4", "obs")),
    ]),
    ("Search: joins", "search.html#chaining, #has, #include", [
        ("chain", finds("/Observation?subject:Patient.family=fahig&code=8867-4", "obs")),
        ("chain of two", finds("/Observation?subject:Patient.organization.name=Zentrum&code=8867-4", "obs")),
        ("_has", finds("/Patient?_has:Observation:patient:code=85354-9&family=fahig", "pat")),
        ("_has in _has", finds("/Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=85354-9", "doc")),
        ("_include", includes("/Observation?_id={obs}&_include=Observation:encounter", "enc")),
        ("_include with a type", includes("/Observation?_id={obs}&_include=Observation:subject:Patient", "pat")),
        ("_include with :iterate", includes("/Observation?_id={obs}&_include=Observation:subject&_include:iterate=Patient:organization", "pat", "org")),
        ("_include with a wildcard", includes("/Observation?_id={obs}&_include=*", "pat", "enc", "doc")),
        ("_include by canonical url", includes("/QuestionnaireResponse?_id={answers}&_include=QuestionnaireResponse:questionnaire", "form")),
        ("chain by canonical url", finds("/QuestionnaireResponse?questionnaire.title=form&_id={answers}", "answers")),
        ("_has by canonical url", finds("/Questionnaire?_has:QuestionnaireResponse:questionnaire:_id={answers}", "form")),
        ("_revinclude by canonical url", includes("/Questionnaire?_id={form}&_revinclude=QuestionnaireResponse:questionnaire", "answers")),
        ("_revinclude", includes("/Encounter?_id={enc}&_revinclude=Observation:encounter", "obs")),
    ]),
    ("Search: results", "search.html#return", [
        ("pages", feature(paging)), ("_total", feature(total)), ("_summary=count", feature(summary_count)),
        ("_summary=true", feature(summary_true)), ("_elements", feature(elements)), ("_sort", feature(sorted_by)),
        ("POST _search", feature(post_search)), ("handling=lenient, with a truthful self link", feature(lenient)),
        ("_contained=true", feature(lambda a: a.get("/Medication?code=1049502&_contained=true").json()["entry"][0]["resource"]["resourceType"]
                                    in ("Medication", "MedicationRequest") if a.world() else False)),
        ("SearchParameters of one's own", feature(custom_parameter)),
        ("search of several types", feature(lambda a: a.get("/?_type=Patient,Observation&_count=2").status == 200)),
    ]),
    ("Compartments", "compartmentdefinition.html", [
        ("Patient/[id]/Observation", finds("/Patient/{pat}/Observation", "obs", "bp", "weight")),
        ("Patient/[id]/Observation with parameters", finds("/Patient/{pat}/Observation?code=8867-4", "obs")),
        ("Patient/[id]/*", feature(lambda a: a.get(f"/Patient/{a.world()['pat']['id']}/*").status == 200)),
        ("Encounter", finds("/Encounter/{enc}/Observation", "obs")),
        ("Practitioner", finds("/Practitioner/{doc}/Observation", "obs")),
        ("$everything of a Patient", feature(everything)), ("$everything by POST", feature(everything_by_post)), ("$everything of an Encounter", feature(everything_of_encounter)),
    ]),
    ("Operations", "operations.html", [
        ("$validate", feature(validate_operation)), ("$meta, $meta-add, $meta-delete", feature(meta)),
        ("$expand", feature(expand)), ("$expand with a supplement", feature(expand_supplement)),
        ("$expand with versions of code systems", feature(expand_version)), ("$validate-code", feature(validate_code)), ("$lookup", feature(lookup)),
        ("$subsumes", feature(subsumes)), ("$translate", feature(translate)), ("$export", feature(export)),
        ("metadata?mode=terminology", feature(terminology_mode)),
    ]),
]

NOT_DONE = [
    "`Subscription` and messaging: notifications are not sent; the resources can be stored.",
    "GraphQL.",
    "`_query` named queries and functional lists (`_list=$current-problems`): none are defined, and both are refused.",
    "`$closure` and `$find-matches`.",
    "`Prefer: respond-async` of anything but exports and imports.",
    "Links `first`, `previous` and `last`: pages lead forward.",
    "`metadata` as an entry of a Bundle; Bundles of other types than `batch` and `transaction`, POSTed to the base.",
    "`DELETE` of a type without criteria; a refusal to delete what is referred to, as that would tell of hidden referrers.",
    "Version ids are opaque, not numbers; the client assigns no ids without a grant.",
    "`:identifier` and `:text` look at what is stored in the resource itself, as R4 says; targets are not read for them.",
]
