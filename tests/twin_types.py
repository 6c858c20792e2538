"""The twin test's third reason to see nothing: the scopes do not name the type.

In one world there are resources of types that the callers may not look at, in the other there are none;
what is seen refers to them in both.  STEPS ask for them by every way that leads from what is seen."""
import urllib.parse

from firebreak import observation, patient

GENDERS = "http://hl7.org/fhir/administrative-gender"
SCOPES = {
    "narrow": "user/Observation.cruds user/Patient.cruds",
    "writer": "user/*.c user/Observation.rs user/Patient.rs",
}
HIDDEN = {
    "Organization/dark-org": {"name": "Darkness", "address": [{"city": "Night"}]},
    "Practitioner/dark-doc": {"name": [{"family": "Shade"}]},
    "Encounter/dark-visit": {"status": "finished", "class": {"code": "AMB"}, "subject": {"reference": "Patient/own"},
                             "participant": [{"individual": {"reference": "Practitioner/dark-doc"}}]},
    "Encounter/gone-visit": {"status": "finished", "class": {"code": "AMB"}},
    "Device/dark-device": {"patient": {"reference": "Patient/own"}},
    "Condition/dark-condition": {"subject": {"reference": "Patient/own"}, "code": {"text": "dark"}},
    "Group/dark-group": {"type": "person", "actual": True, "member": [{"entity": {"reference": "Patient/own"}}]},
    "List/dark-list": {"status": "current", "mode": "working", "entry": [{"item": {"reference": "Observation/seen-1"}}]},
    "Provenance/dark-provenance": {"target": [{"reference": "Observation/seen-1"}], "recorded": "2026-01-01T00:00:00Z",
                                   "agent": [{"who": {"display": "x"}}]},
    "DocumentReference/dark-paper": {"status": "current", "subject": {"reference": "Patient/own"}, "content": [{"attachment": {"title": "x"}}]},
    "ValueSet/dark-set": {"url": "urn:dark", "status": "active", "compose": {"include": [{"system": GENDERS}]}},
    "ValueSet/dark-loinc": {"url": "urn:dark-loinc", "status": "active",
                            "compose": {"include": [{"system": "http://loinc.org", "concept": [{"code": "8867-4"}]}]}},
    "CodeSystem/dark-codes": {"url": "urn:dark-codes", "status": "active", "content": "complete", "concept": [{"code": "a"}]},
    "CodeSystem/dark-names": {"url": "urn:dark-names", "status": "active", "content": "supplement", "supplements": GENDERS,
                              "concept": [{"code": "male", "designation": [{"language": "eo", "value": "vira"}]}]},
    "ConceptMap/dark-map": {"url": "urn:dark-map", "status": "active", "group": [
        {"source": GENDERS, "target": "urn:x", "element": [{"code": "male", "target": [{"code": "m", "equivalence": "equal"}]}]}]},
    "Questionnaire/dark-form": {"status": "active", "url": "urn:dark-form",
                                "item": [{"linkId": "1", "type": "string", "required": True, "text": "x"}]},
}
# The element of an Observation that refers to each, and whether it is a list.
REFERENCES = {
    "encounter": (False, ["Encounter/dark-visit", "Encounter/gone-visit", "Encounter/dark-visit/_history/{dark}", "Encounter/absent"]),
    "performer": (True, ["Practitioner/dark-doc", "Practitioner/absent"]),
    "device": (False, ["Device/dark-device", "Device/absent"]),
    "focus": (True, ["Condition/dark-condition", "Condition/absent"]),
}
QUERIES = {
    "Observation": ["_list=dark-list", "_has:List:item:status=current", "_has:Provenance:target:_id=dark-provenance", "code:in=urn:dark-loinc",
                    "code:in=ValueSet/dark-loinc", "code:not-in=urn:dark-loinc", "_include=*&_revinclude=*", "_include=Observation:encounter",
                    "_revinclude=List:item", "_include=Observation:performer&_include:iterate=Encounter:participant", "encounter.status=finished",
                    "_filter=encounter.status eq finished", "_filter=code in urn:dark-loinc", "encounter:missing=false&_sort=encounter",
                    "encounter:below=dark-visit", "performer:Practitioner=dark-doc", "code:below=urn:dark-codes|a", "_content=dark"],
    "Patient": ["_has:Group:member:_id=dark-group", "_has:Encounter:subject:status=finished", "gender:in=urn:dark", "organization.name=dark",
                "_include=Patient:organization&_revinclude=*", "organization:missing=false", "_list=dark-list"],
}
PATHS = ["Encounter/dark-visit", "Encounter/dark-visit/Observation", "Encounter/dark-visit/*", "Encounter/dark-visit/$everything",
         "Practitioner/dark-doc/Observation", "Device/dark-device/Observation", "Patient/own/*", "Patient/own/Encounter", "Patient/own/$everything",
         "_history?_count=100", "?_type=Observation,Encounter", "?_lastUpdated=gt2000&_count=3", "Group/dark-group/$export", "$export",
         "ValueSet/$expand?url=urn:dark", "ValueSet/dark-set/$expand", "CodeSystem/$lookup?system=urn:dark-codes&code=a",
         f"ValueSet/$expand?url={GENDERS.replace('fhir/', 'fhir/ValueSet/')}&useSupplement=urn:dark-names&displayLanguage=eo",
         f"ConceptMap/$translate?url=urn:dark-map&system={GENDERS}&code=male", "Questionnaire?url=urn:dark-form"]


def fill(world):
    """`world` has as much as its server and its tokens."""
    for name in ("own", "other"):
        world.put(patient(name.title(), birthDate="1970-05-05", managingOrganization={"reference": "Organization/dark-org"}), name)
    for i in range(4):
        world.put(observation("Patient/own", encounter={"reference": "Encounter/dark-visit"}, device={"reference": "Device/dark-device"},
                              performer=[{"reference": "Practitioner/dark-doc"}]), f"seen-{i}")
    for path, rest in HIDDEN.items() if world.hidden else ():
        kind, name = path.split("/")
        made = world.put({"resourceType": kind, **rest}, name)
        world.dark_version = made["meta"]["versionId"] if name == "dark-visit" else world.dark_version
    if world.hidden:
        world.server.request("DELETE", "/Encounter/gone-visit", world.all)
    world.since = world.server.get("/Observation/seen-1", world.all).json()["meta"]["lastUpdated"]
    world.callers = {name: world.server.token(scope, "--client", "app") for name, scope in SCOPES.items()}


def steps():
    for field, (many, targets) in REFERENCES.items():
        for target in targets:
            made = observation("Patient/own", **{field: [{"reference": target}] if many else {"reference": target}})
            yield "POST", "/Observation", made, {}
            yield "POST", "/Observation/$validate", made, {}
            yield "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"resource": made, "request": {"method": "POST", "url": "Observation"}}]}, {}
    for kind, queries in QUERIES.items():
        for query in queries:
            yield "GET", f"/{kind}?" + urllib.parse.quote(query, safe="=&:/,*_-.") + "&_total=accurate", None, {}
    for path in PATHS:
        yield "GET", "/" + path, None, {"Prefer": "respond-async"} if "$export" in path else {}
    for context in ("Encounter/dark-visit", "Encounter/absent", "DocumentReference/dark-paper", "Patient/own"):
        yield "POST", "/Binary", b"content", {"Content-Type": "text/plain", "X-Security-Context": context}
    yield "POST", "/QuestionnaireResponse", {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "urn:dark-form",
                                             "subject": {"reference": "Patient/own"}}, {}
