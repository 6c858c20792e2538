"""The systematic part of the twin test: everything that the server claims, once, at what is hidden.

The requests are made from what the server says of itself (OpenAPI document, CapabilityStatement), so a new
interaction is in the sweep when it is in the tables.  missing() says what of it no request of the twin test
was: that is the test that the twin test covers all."""
import json
import os
import re
import urllib.parse

import features
from firebreak import ROOT, Server, observation, patient

NOWHERE = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
PARAMETERS = {"resourceType": "Parameters", "parameter": []}
TAG = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "t"}]}}]}
GENDERS = "http://hl7.org/fhir/administrative-gender"

# Of each type: what is hidden, hidden and deleted, not there, and seen.  Types that are not here have
# no paths of their own.
TARGETS = {
    "Observation": ["dark-1", "gone", "absent", "seen-1", "raised", "s"],
    "Patient": ["other", "dark-p", "veil-p", "absent", "own"],
    "Encounter": ["dark-visit", "veil-visit", "absent", "seen-visit"],
    "Group": ["dark-group", "absent", "seen-group"],
    "ValueSet": ["dark-set", "absent"],
    "CodeSystem": ["dark-codes", "absent"],
    "ConceptMap": ["dark-map", "absent"],
    "Binary": ["dark-b", "stray-b", "linked-b", "aside-b", "held-0", "absent", "seen-b"],
    "List": ["dark-list", "absent"],
    "RiskAssessment": ["dark-risk", "absent"],
    "Location": ["dark-place", "absent", "seen-room"],
    "Organization": ["dark-org", "absent"],
    "Specimen": ["s", "absent"],
    "Practitioner": ["dark-doc", "absent"],
    "RelatedPerson": ["dark-kin", "absent"],
    "Device": ["dark-device", "absent"],
    "Bundle": ["dark-bundle", "absent"],
    "SearchParameter": ["absent"],
}
COMMON = ("Observation", "Patient", "Binary")      # at which the paths that all types have are swept

# By GET as they stand, by POST as Parameters.
QUESTIONS = {
    "ValueSet/$expand": ["url=urn:dark", "url=http://hl7.org/fhir/ValueSet/administrative-gender&filter=m",
                         "url=http://hl7.org/fhir/ValueSet/administrative-gender&useSupplement=urn:dark-names&displayLanguage=eo",
                         "url=http://hl7.org/fhir/ValueSet/administrative-gender&system-version=urn:dark-codes%7C1"],
    "ValueSet/$validate-code": [f"url=urn:dark&system={GENDERS}&code=male"],
    "CodeSystem/$validate-code": ["url=urn:dark-codes&code=a"],
    "CodeSystem/$lookup": ["system=urn:dark-codes&code=a", f"system={GENDERS}&code=male",
                           f"system={GENDERS}&code=male&useSupplement=urn:dark-names"],
    "CodeSystem/$subsumes": ["system=urn:dark-codes&codeA=a&codeB=b"],
    "CodeSystem/$find-matches": ["system=urn:dark-codes&exact=true"],
    "ConceptMap/$translate": [f"url=urn:dark-map&system={GENDERS}&code=male", f"system={GENDERS}&code=male"],
    "ConceptMap/$closure": ["name=dark"],
    "Patient/$everything": ["_count=100", "_since=2020-01-01", "_type=Observation&start=2026-01-01&end=2026-02-15"],
    "Encounter/$everything": ["_count=100"],
}


def document(binary):
    """The OpenAPI document of a server."""
    server = Server(binary=binary).start()
    try:
        return server.get("/openapi.json").json()
    finally:
        server.kill()
        server.remove()


def claims(document):
    """(method, template) of the OpenAPI document; the type is @ where Basic, which has nothing of its own, has it too."""
    paths = document["paths"]
    found = set()
    for path, item in paths.items():
        general = re.sub(r"^/[A-Z][A-Za-z]+", "/@", path)
        shared = re.sub(r"^/[A-Z][A-Za-z]+", "/Basic", path) in paths
        found |= {(m.upper(), general if shared else path) for m in item if m != "parameters"}
    return found


def as_parameters(question):
    kinds = {"url": "valueUri", "system": "valueUri", "_count": "valueInteger", "exact": "valueBoolean", "_since": "valueInstant", "start": "valueDate", "end": "valueDate",
             "_type": "valueCode", "filter": "valueString", "name": "valueString"}
    values = [pair.split("=", 1) for pair in question.split("&")]
    return {"resourceType": "Parameters", "parameter": [
        {"name": n, kinds.get(n, "valueCode"): int(v) if n == "_count" else v == "true" if n == "exact"
            else v + "T00:00:00Z" if n == "_since" else v} for n, v in values]}


def resource(kind, id):
    made = {"Observation": observation("Patient/own", derivedFrom=[{"reference": "Observation/dark-0"}]),
            "Patient": patient("Sweep")}.get(kind, {"resourceType": kind})
    return dict(made, id=id) if id else made


def bodies(method, template, path):
    """(path, body, headers) of the requests to make at one path."""
    kind, last = path.split("/")[1].split("?")[0], path.rsplit("/", 1)[-1]
    question = QUESTIONS.get(f"{kind}/{last}", [""])
    if method in ("GET", "HEAD", "DELETE"):
        more = ["_id=dark-1"] if method == "DELETE" and template == "/@" else question
        return [(path + ("?" + q if q else ""), None, {}) for q in more]
    if method == "PATCH":
        where = "?_id=dark-1" if template == "/@" else ""
        return [(path + where, [{"op": "add", "path": "/language", "value": "de"}], {"Content-Type": "application/json-patch+json"})]
    if method == "PUT":
        return [(path + ("?_id=dark-1" if template == "/@" else ""), resource(kind, path.split("/")[2] if template != "/@" else None), {})]
    if last == "_search":
        return [(path, "_total=accurate&_count=3", {"Content-Type": "application/x-www-form-urlencoded"})]
    if last in ("$meta-add", "$meta-delete"):
        return [(path, TAG, {})]
    if last == "$validate":
        return [(path, resource(kind, path.split("/")[2] if "{id}" in template else None), {})]
    if template == "/@":
        return [(path, resource(kind, None), {})]
    if template == "/":
        return [("", {"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": "Observation/dark-1"}}]}, {})]
    return [(path, as_parameters(q) if q else PARAMETERS, {"Prefer": "respond-async"} if last == "$export" else {}) for q in question]


def places(template):
    """The paths of one template."""
    kinds = COMMON if template.startswith("/@") else [template.split("/")[1]]
    for kind in kinds:
        ids = TARGETS.get(kind, [NOWHERE]) if "{id}" in template else [""]
        for id in ids:
            path = template.replace("@", kind).replace("{id}", id).replace("{type}", "Observation")
            for version in ["{dark}", "{gone}", NOWHERE] if "{vid}" in template else [""]:
                yield path.replace("{vid}", version)


def steps(document):
    """Every method of every path; what takes most last."""
    for method, template in sorted(claims(document), key=lambda c: ("openapi" in c[1], c[1], c[0])):
        kind = template.split("/")[1]
        if kind[:1].isupper() and kind not in TARGETS:
            continue                            # missing() will say so
        for path in places(template):
            if method == "DELETE" and re.search(r"/(seen-|own)", path):
                continue                        # what is seen has to stay
            if kind == "bulk":
                path = path.replace("{id}", NOWHERE)
            for full, body, headers in bodies(method, template, path):
                yield method, "" if full == "/" else full, body, headers


def parameter_steps(statement):
    """Every parameter of the types that hide something: who has it, who has not, in its order; every include."""
    for resource_claim in statement["rest"][0]["resource"]:
        kind = resource_claim["type"]
        if kind not in TARGETS or kind == "Binary":
            continue
        for claim in resource_claim["searchParam"]:
            if claim["type"] != "special" and not claim["name"].startswith("_"):
                yield "GET", f"/{kind}?{claim['name']}:missing=false&_summary=count", None, {}
                yield "GET", f"/{kind}?{claim['name']}:missing=true&_count=2", None, {}
            if claim["type"] not in ("special", "composite") and claim["name"] != "_id":        # ids of the server's are drawn by lot
                yield "GET", f"/{kind}?_sort=-{claim['name']}&_count=1", None, {}
        for key, name in (("searchInclude", "_include"), ("searchRevInclude", "_revinclude")):
            for value in resource_claim.get(key, []):
                if value.split(":")[0] in TARGETS:
                    yield "GET", f"/{kind}?{name}={value}", None, {}


VALUE_STEPS = [("GET", "/" + path, None, {}) for path in (
    "RiskAssessment?probability=gt0.5", "RiskAssessment?probability=ap0.7", "ValueSet?url=urn:dark", "ValueSet?url:below=urn",
    "ValueSet?url:above=http://dark.example/fhir/x", "ValueSet?url:below=http://dark.example", "Practitioner?_text=darkness", "Practitioner?_content=darkness",
    "Patient?family:exact=Zyx", "Location?partof:below=seen-house", "Location?partof:above=seen-room", "Location?partof:missing=false&_total=accurate",
    "Observation?remark=dark", "Observation?remark:contains=remarked&_total=accurate", "Observation?remark:missing=false&_summary=count",
    "Observation?_sort=-remark&_count=2", "Patient?_has:Observation:subject:remark=dark", "Observation?derived-from:Observation.remark:missing=true",
    "Observation?_content=darkness&_total=accurate", "Observation?code:text=dark&_total=accurate", "Observation?_content=xxx&_sort=code",
    "ValueSet?url:above=urn:dark/x", "CodeSystem?url=urn:dark-codes", "Observation?subject:identifier=urn:mrn%7Cdark",
    "Patient?identifier:of-type=urn:t%7CMR%7Cdark", "Observation?code:in=urn:dark", "Patient?gender:in=ValueSet/dark-set", "Patient?gender:in=urn:dark", "Observation?code:not-in=urn:dark",
    "Observation?code:below=http://loinc.org%7C8867-4", "Observation?code:above=http://loinc.org%7C8867-4",
    "Observation?subject:Patient=dark-p&_summary=count", "Location?partof:below=dark-place", "Location?partof:above=dark-place",
    "Observation?value-quantity=0.13%7Chttp://unitsofmeasure.org%7Cs-1", "Observation?value-quantity=ap137",
    "Observation?value-quantity=le137", "Observation?value-quantity=ne137&_total=accurate", "Observation?date=ap2026-02-15",
    "Observation?_list=dark-list&_total=accurate", "Observation?_id=seen-1,dark-0,seen-2,absent,raised&_sort=-_id&_count=1", "Patient?_format=xml&family=zyx", "Patient?_pretty=true&family=zyx",
    "Practitioner/absent/Observation?_total=accurate", "Patient?_sort=birthdate&_count=1&_total=estimate",
    "?_has:Observation:subject:code=dark", "?_has:Observation:subject:code:not=nothing&_summary=count",
    "Observation?_id=seen-0&_include=Observation:derived-from:Observation", "Patient?_profile=urn:p", "Patient?_source=urn:s",
    "QuestionnaireResponse?questionnaire.title=seen", "QuestionnaireResponse?questionnaire.title=dark&_total=accurate",
    "Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed", "Questionnaire?_revinclude=QuestionnaireResponse:questionnaire",
    "QuestionnaireResponse?questionnaire:below=urn:form%7C2",
    "QuestionnaireResponse?_include=QuestionnaireResponse:questionnaire", "QuestionnaireResponse?_include=*&_revinclude=*",
    "Observation/dark-1?_elements=status", "Observation/seen-1?_elements=status", "Observation/dark-1?_summary=true",
    "Observation?_query=dark", "Patient/veil-p/Observation", "Patient/veil-p/*", "Patient/veil-p/Observation?_include=*",
    "Patient/veil-p/Observation?patient.gender=male", "Observation?subject=veil-p&_include=*&_revinclude=*",
    "Observation?subject=veil-p&_sort=patient", "Observation?_id=of-veil&_include=Observation:subject&_include:iterate=Patient:organization",
    "Observation?_id=of-veil&_has:Observation:derived-from:code=dark", "Encounter?_has:Observation:encounter:_id=of-veil", "Observation?_list=$current-problems", "metadata?mode=terminology",
    *("Observation?_filter=" + urllib.parse.quote(f) for f in (
        "value-quantity gt 136", "value-quantity lt 40", "value-quantity ge 137", "value-quantity le 137", "value-quantity ne 137",
        "value-quantity ap 137", "date sa 2026-02-01", "date eb 2026-02-01", "date po 2026-02", "status pr true", "code ne dark",
        "code ss http://loinc.org|8867-4", "code sb http://loinc.org|8867-4", "code in urn:dark", "code ni urn:dark",
        "subject re Patient/dark-p", "derived-from ne Observation/dark-0", "derived-from ne Observation/seen-2", "encounter ne dark-visit")),
    *("Patient?_filter=" + urllib.parse.quote(f) for f in (
        'family eq "Zyx"', 'family ne "Zyx"', 'family co "y"', 'family sw "z"', 'family ew "x"')))]
VALUE_STEPS += [("GET", "/" + path, None, {}) for path in (
    "Observation?date=ne2026-02-15&date=lt2026-03", "Observation?date=eb2026-03-01&date=sa2026-01-01", "Patient?_id=own,other",
    "Observation?date=ge2026-02-01&date=le2026-02-20", "Observation?encounter.status=finished", "Patient?gender=http://hl7.org/fhir/administrative-gender%7Cfemale",
    "Observation?patient.organization.name=dark", "Patient/other/Observation", "Patient/other/Observation?code=8867-4",
    "Patient/other/*?_total=accurate", "Observation/_history?_at=2026")]
VALUE_STEPS += [("GET", path, None, {}) for path in (
    "/Observation/mixed/_history?_at={since}", "/Observation/_history?_at={since}", "/_history?_at={since}&_count=4")]
VALUE_STEPS += [
    ("GET", "/Observation/dark-1", None, {"If-None-Match": "*"}),
    ("PUT", "/Observation?code=8867-4", observation("Patient/own"), {}),
    ("GET", "/Patient?nonsense=1&family=zyx", None, {"Prefer": "handling=lenient"}),
    ("GET", "/Observation/dark-1", None, {"Accept": "text/csv"}),
    ("GET", "/Observation/dark-1", None, {"Accept": "application/fhir+json;q=0.2, application/fhir+xml;q=0.9"}),
    ("POST", "/Observation", b"a", {"Content-Type": "text/csv"}),
    ("POST", "/Observation", observation("Patient/own"), {"Prefer": "return=minimal"}),
    ("POST", "/Observation", observation("Patient/own"), {"Prefer": "return=OperationOutcome"}),
]

# What stands for a feature of features.py among the requests, each written as "METHOD path headers body".
WITNESS = {
    "JSON in and out": r"^GET /", "XML in and out": r"fhir\+xml", "_format and _pretty": r"_format=|_pretty=", "Accept with weights": r"q=0\.",
    "406 for what there is not": r"text/csv", "415 for what is not read": r"^POST .*text/csv",
    "create, with Location and ETag": r"^POST /Observation ", "read": r"^GET /Observation/dark-1 ", "HEAD": r"^HEAD /Observation/dark-1 ",
    "vread and ETag": r"^GET /Observation/dark-0/_history/", "conditional read": r"^GET /Observation/dark-\d .*If-None-Match",
    "update with If-Match": r"^PUT .*If-Match", "delete, then 410": r"^DELETE /Observation/gone", "Prefer: return": r"return=minimal",
    "JSON Patch": r"^PATCH .*json-patch", "XML Patch": r"^PATCH .*xml-patch", "FHIRPath Patch": r"^PATCH .*valueCode",
    "422 for one that does not apply": r'^PATCH .*"test"',
    "create": r"If-None-Exist", "update": r"^PUT /Observation\?", "patch": r"^PATCH /Observation\?", "delete": r"^DELETE /Observation\?",
    "412 when several match": r"^PUT /Observation\?code=8867-4 ",
    "of an instance": r"^GET /Observation/dark-1/_history", "of a type": r"^GET /Observation/_history", "of the system": r"^GET /_history",
    "_since": r"_since=", "_at": r"_at=", "_count": r"_history\?.*_count",
    "batch": r'"batch"', "transaction, references by fullUrl": r'"transaction"', "whole or not at all": r'"transaction".*"PUT"',
    "conditional references": r'"transaction".*Patient\?', "ifNoneExist": r'"ifNoneExist"', "reads see the writes": r'"transaction".*"GET"',
    "string, without case and accents": r"family=", "token, system|code": r"code=http://loinc.org%7C", "date": r"[?&]date=2",
    "number": r"probability=", "quantity": r"value-quantity=", "quantity in another unit of UCUM": r"%7Cs-1", "reference": r"subject=",
    "uri": r"ValueSet\?url=", "composite": r"code-value-quantity=", "near": r"near=", "_id": r"_id=dark", "_lastUpdated": r"_lastUpdated=",
    "_list": r"_list=dark", "_filter": r"_filter=", "_content": r"_content=dark", "_text": r"_text=",
    "eq": r"[?&]date=2", "ne": r"=ne2", "gt": r"=gt", "lt": r"=lt", "ge": r"=ge", "le": r"=le", "sa": r"=sa2", "eb": r"=eb2", "ap": r"=ap",
    "comma: any of them": r"_id=own,other", "repetition: all of them": r"code:not=.*&date=|date=.*&date=",
    ":[type]": r"subject:Patient=", ":below of references": r"partof:below=dark", ":above of references": r"partof:above=dark",
    "token, the system that a binding implies": r"gender=http", "_include by canonical url": r"_include=QuestionnaireResponse:questionnaire",
    "chain by canonical url": r"questionnaire\.title=", "_has by canonical url": r"_has:QuestionnaireResponse:questionnaire:",
    "_revinclude by canonical url": r"_revinclude=QuestionnaireResponse:questionnaire", ":below of canonical urls": r"questionnaire:below=",
    "$everything by POST": r"^POST /Patient/dark-p/\$everything",
    "chain": r"encounter\.status=", "chain of two": r"patient\.organization\.name=", "_has": r"_has:Observation:", "_has in _has": r"_has:.*:_has:",
    "_include": r"_include=Observation:", "_include with a type": r"_include=Observation:derived-from:Observation",
    "_include with :iterate": r"_include:iterate", "_include with a wildcard": r"_include=\*", "_revinclude": r"_revinclude=",
    "pages": r"_count=1", "_total": r"_total=", "_summary=count": r"_summary=count", "_summary=true": r"_summary=true", "_elements": r"_elements=",
    "_sort": r"_sort=", "POST _search": r"^POST /Observation/_search", "handling=lenient, with a truthful self link": r"handling=lenient",
    "_contained=true": r"_contained=true", "SearchParameters of one's own": r"remark=",
    "search of several types": r"_type=Observation,Patient",
    "Patient/[id]/Observation": r"/Patient/other/Observation", "Patient/[id]/Observation with parameters": r"/Patient/other/Observation\?\w",
    "Patient/[id]/*": r"/Patient/other/\*", "Encounter": r"/Encounter/dark-visit/", "Practitioner": r"/Practitioner/absent/Observation",
    "$everything of a Patient": r"/Patient/dark-p/\$everything", "$everything of an Encounter": r"/Encounter/dark-visit/\$everything",
    "$validate": r"\$validate ", "$meta, $meta-add, $meta-delete": r"dark-1/\$meta", "$expand": r"url=urn:dark", "$expand with a supplement": r"useSupplement=urn:dark", "$expand with versions of code systems": r"system-version=", "$validate-code": r"\$validate-code",
    "$lookup": r"\$lookup", "$subsumes": r"\$subsumes", "$translate": r"\$translate", "$export": r"\$export",
    "metadata?mode=terminology": r"mode=terminology",
}


def table(path, pattern):
    """The names in the rows of a table of the server's."""
    with open(os.path.join(ROOT, path)) as f:
        found = re.findall(pattern, f.read())
    assert found, path
    return set(found)


def asked(step):
    """A request as one line, for the patterns above."""
    method, path, body, headers = step
    text = body.decode(errors="replace") if isinstance(body, bytes) else body if isinstance(body, str) else json.dumps(body) if body else ""
    return f"{method} {path} {headers} {text}"


def missing(lines, document):
    """What is claimed and was not asked."""
    paths = {(line.split(" ", 2)[0], line.split(" ", 2)[1].split("?")[0] or "/") for line in lines}
    gaps = []
    for method, template in claims(document):
        form = re.escape(template).replace("@", "[A-Z][A-Za-z]+").replace(r"\{id\}", "[^/]+").replace(r"\{vid\}", "[^/]+") \
            .replace(r"\{type\}", r"([A-Za-z]+|\*)")
        if not any(m == method and re.fullmatch(form, p) for m, p in paths):
            gaps.append(f"{method} {template}")
    modifiers = {":" + m for m in table("src/search/query_clause.c", r'\{ "([a-z-]+)",\s+"[\w-]+",\s+MODIFIER_')}
    words = [(name, WITNESS.get(name)) for _, _, rows in features.FEATURES for name, _ in rows if name not in modifiers]
    words += [(m, f"[a-z]{m}=") for m in modifiers]
    words += [("prefix " + p, f"={p}[0-9]") for p in table("src/search/query_value.c", r'\{ "([a-z]{2})", PREFIX_') - {"eq"}]
    words += [("_filter " + o, f"_filter=[^&]*%20{o}%20") for o in table("src/search/filter.c", r'\{ "([a-z]{2})",\s+[~A-Z1]')]
    words += [(s, f"[?&]{s}=") for s in table("src/search/query.c", r'\{ "(_[A-Za-z:]+)",\s+[a-z_]+,') if "recurse" not in s]
    return gaps + [name for name, pattern in words
                   if pattern is None or not any(re.search(pattern, line) for line in lines)]
