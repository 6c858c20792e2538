"""The twin test: two stores that differ only in what a caller may not see.

A seeded walk over every interaction and search feature is run against both by
callers that may not see the difference, and the answers are compared byte by
byte, after ids and instants that the server chose were renamed in order of
first appearance.  Then everything that the server claims (twin_sweep.py), and an attacker who
goes where the answers send him (twin_attacker.py).  A build with planted leaks must be found out."""
import calendar
import json
import os
import random
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import twin_attacker  # noqa: E402
import twin_sweep  # noqa: E402
import twin_types  # noqa: E402
from clamd import configure  # noqa: E402
from firebreak import Server, observation, patient  # noqa: E402

SECRET = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
MASKED = {"date", "x-request-id"}


NOWHERE = "aaaaaaaaaaaaaaaaaaaaaaaaaa"


def tick(method):
    """The worlds' clocks are real ones: what is written has a millisecond of its own in both."""
    if method not in ("GET", "HEAD"):
        time.sleep(.0015)


# A slow machine is no difference.
PATIENT = "limits:\n  bundle_read_ms: 60000\n"
# Bounds that what is hidden would reach, and what is seen does not, or not as soon.
NARROW = "  includes: 6\n  search_bodies: 60\n  delete_matches: 3\nrest:\n  conditional_delete: multiple\n"


class World:
    """One server.  `hidden` says how much there is that the callers may not see, `mode` why:
    "compartment": it is another patient's; "labels": it is above their clearance; "types": their scopes do not name it."""

    def __init__(self, binary, hidden, mode, seed):
        # what is seen may refer to what is hidden: such references were written before there was a check
        self.server = Server(binary=binary, extra="references:\n  dangling: accept\n" + PATIENT + (NARROW if mode == "labels" else ""))
        # without the grant to choose ids: whether a chosen id is taken cannot be hidden
        self.server.command("client add", "--id", "app", "--name", "app", "--scope", "user/*.cruds")
        # no scanner answers: what has content is held until the officer releases it
        self.server.command("client add", "--id", "officer", "--name", "officer", "--scope", "system/*.cruds", "--officer",
                            "--chooses-ids")
        self.all = self.server.token("system/*.cruds", "--clearance", "V")
        if mode == "labels":
            self.parameters()
        configure(self.server, "clamd:/nonexistent", policy="quarantine")
        self.server.start()
        self.names = {}
        self.hidden, self.mode = hidden, mode
        rng, dark, self.mood = random.Random(seed), random.Random(seed + 1), random.Random(seed + 2)
        self.veil = SECRET if mode == "labels" else {"tag": [{"code": "x"}]}
        self.dark_version = self.gone_version = NOWHERE
        if mode == "types":
            twin_types.fill(self)
            self.check_references()
            return
        self.hide(dark)
        self.put(patient("Own", "Olga", birthDate="1970-05-05", gender="female"), "own")
        self.put(patient("Other", "Otto", birthDate="1971-01-01", meta=self.veil), "other")
        self.pairs()
        self.put(observation("Patient/own", value=1), "mixed")
        for i in range(12):
            if i == 6 and hidden and mode == "labels":          # visible, then hidden, then visible again
                self.put(observation("Patient/own", value=2, meta=SECRET), "mixed")
                self.server.request("DELETE", "/Observation/mixed", self.all)
            day = f"2026-0{rng.randint(1, 3)}-{rng.randint(10, 28)}"
            self.put(observation("Patient/own", rng.choice(["8867-4", "8480-6", "29463-7"]), rng.randint(40, 120), day,
                                 note=[{"text": "x" * rng.randint(1, 30)}]), f"seen-{i}")
            self.hide(dark)
        dark_patient = "Patient/own" if mode == "labels" else "Patient/other"
        for i in range(hidden * 6):
            self.put(observation(dark_patient, "8867-4", dark.randint(40, 120),
                                 f"2026-0{dark.randint(1, 3)}-{dark.randint(10, 28)}", meta=self.veil), f"dark-{i}")
        for i in range(hidden * 3):
            self.put(observation(dark_patient, meta=self.veil, identifier=[{"value": f"key-{i}"}]), f"dark-key-{i}")
        self.officer = self.server.token("system/*.cruds", "--client", "officer", "--clearance", "Q")
        self.content("seen-b", "Patient/own", b"seen by its patient " * 9)
        if hidden:
            self.put({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": dark_patient}, "meta": self.veil}, "dark-c")
            self.content("dark-b", "Basic/dark-c", b"hidden by its context " * dark.randint(5, 9))
            for i in range(hidden):
                self.content(f"held-{i}", "Patient/own", b"held for inspection " * dark.randint(5, 9), release=False)
            for name in ("stray-b", "linked-b"):
                self.content(name, None, b"seen by who made it " * dark.randint(5, 9))
            a = self.server.request("PUT", "/DocumentReference/dark-l", self.officer, {
                "resourceType": "DocumentReference", "id": "dark-l", "status": "current", "meta": self.veil,
                "subject": {"reference": dark_patient}, "content": [{"attachment": {"url": "Binary/linked-b"}}]})
            assert a.status == 201, a.body
        if hidden and mode == "labels":         # the context was seen once, and is hidden now
            aside = {"resourceType": "DocumentReference", "status": "current", "subject": {"reference": "Patient/own"},
                     "content": [{"attachment": {"title": "x"}}]}
            self.put(aside, "aside")
            self.content("aside-b", "DocumentReference/aside", b"hidden with its context " * dark.randint(5, 9))
            self.put(dict(aside, meta=SECRET), "aside")
        self.since = self.server.get("/Observation/seen-7", self.all).json()["meta"]["lastUpdated"]
        if hidden and mode == "labels":
            self.definitions()
        if hidden:
            self.dark_version = self.server.get("/Observation/dark-0", self.all).json()["meta"]["versionId"]
            self.put(observation(dark_patient, meta=self.veil), "gone")
            self.server.request("DELETE", "/Observation/gone", self.all)
            # somebody else's request of the same name and content, as that one may make it
            self.server.request("POST", "/Observation", self.all, self.named(), {"X-Request-Id": "named"})
            if mode == "labels":
                # visible once, hidden now; and hidden once, visible now
                self.gone_version = self.put(observation("Patient/own"), "raised")["meta"]["versionId"]
                self.put(observation("Patient/own", meta=SECRET), "raised")
                self.put(observation("Patient/own", meta=SECRET), "lifted")
                self.server.request("DELETE", "/Observation/lifted", self.all)
        self.put(observation("Patient/own", value=98), "lifted")
        self.put(observation("Patient/own", value=3), "mixed")
        self.links(dark_patient)
        if mode == "labels":
            self.veiled()
        self.check_references()
        self.callers = {"bound": self.server.token("patient/*.cruds", "--patient", "own", "--client", "app")}
        if mode == "labels":
            self.callers["low"] = self.server.token("user/*.cruds", "--client", "app")

    def parameters(self):
        """A search parameter of one's own, by which what is hidden is found; ready before the scanner is away, as nothing
        is indexed then."""
        self.server.start()
        a = self.server.request("POST", "/SearchParameter", self.all, {
            "resourceType": "SearchParameter", "url": "urn:remark", "name": "Remark", "status": "active", "description": "remark", "code": "remark",
            "base": ["Observation"], "type": "string", "expression": "Observation.note.text", "xpathUsage": "normal"})
        assert a.status == 201, a.body
        while self.server.get("/Observation?remark=x", self.all).status != 200:
            time.sleep(.02)
        self.server.stop()

    def pairs(self):
        """What is of two patients: the first of it is hidden, and older than what is of a third."""
        both = {"performer": [{"reference": "Patient/pair-b"}]}
        for name in ("pair-a", "pair-b"):
            self.put(patient("Pair"), name)
        if self.hidden:
            self.put(observation("Patient/pair-a", meta=self.veil, **both), "dark-pair")
        self.put(patient("Pair"), "pair-c")
        self.put(observation("Patient/pair-c"), "of-c")
        self.put(observation("Patient/pair-a", **both), "of-pair")

    def veiled(self):
        """Hidden in both worlds, with other values: what is seen refers to it, and is referred to."""
        one = bool(self.hidden)
        for version in range(2 if one else 1):
            self.put(patient("Zyx" if one else "Abc", "Xenia" if one else "Bea", birthDate="1933-03-03" if one else "1999-09-09", meta=SECRET,
                             gender="male" if one else "female", managingOrganization={"reference": f"Organization/{'dark-org' if one else 'none'}"},
                             identifier=[{"value": "dark" if one else "light"}]), "veil-p")
        self.put({"resourceType": "Encounter", "status": "finished" if one else "planned", "subject": {"reference": "Patient/veil-p"},
                  "class": {"code": "AMB" if one else "IMP"}, "meta": SECRET}, "veil-visit")
        self.put(observation("Patient/veil-p", value=61, encounter={"reference": "Encounter/veil-visit"}), "of-veil")
        self.put(observation("Patient/veil-p", value=137 if one else 13, code="dark" if one else "8867-4", meta=SECRET,
                             derivedFrom=[{"reference": "Observation/of-veil"}]), "veil-o")
        if one:
            self.server.request("DELETE", "/Encounter/veil-visit", self.all)

    def definitions(self):
        """Hidden ones, which are in no compartment."""
        gender = "http://hl7.org/fhir/administrative-gender"
        for name, one in (
                ("dark-group", {"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": {"reference": "Patient/own"}}]}),
                ("dark-uri", {"resourceType": "ValueSet", "url": "http://dark.example/fhir", "status": "active"}),
                ("dark-set", {"resourceType": "ValueSet", "url": "urn:dark", "status": "active", "compose": {"include": [{"system": gender}]}}),
                ("dark-codes", {"resourceType": "CodeSystem", "url": "urn:dark-codes", "status": "active", "content": "complete",
                                "concept": [{"code": "a", "concept": [{"code": "b"}]}]}),
                ("dark-names", {"resourceType": "CodeSystem", "url": "urn:dark-names", "status": "active", "content": "supplement", "supplements": gender,
                                "concept": [{"code": "male", "designation": [{"language": "eo", "value": "vira"}]}]}),
                ("dark-map", {"resourceType": "ConceptMap", "url": "urn:dark-map", "status": "active", "group": [
                    {"source": gender, "target": "urn:x", "element": [{"code": "male", "target": [{"code": "m", "equivalence": "equal"}]}]}]})):
            self.put(dict(one, meta=SECRET), name)
        self.put({"resourceType": "Bundle", "type": "collection", "entry": [{          # as confidential as what is in it
            "fullUrl": "urn:uuid:5f8a3c0e-0000-4000-8000-000000000001", "resource": observation("Patient/own", meta=SECRET)}]}, "dark-bundle")

    def content(self, name, context, data, release=True):
        a = self.server.request("PUT", "/Binary/" + name, self.officer, data,
                                {"Content-Type": "text/plain", **({"X-Security-Context": context} if context else {})})
        assert a.status == 202, a.body
        if release:
            a = self.server.request("POST", f"/Binary/{name}/$quarantine-release", self.officer)
            assert a.status == 200, a.body

    def check_references(self):
        self.server.stop()
        path = os.path.join(self.server.dir, "firebreak.yaml")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace("references:\n  dangling: accept\n", ""))
        self.server.start()

    def links(self, dark_patient):
        """References from what is seen to what is hidden, and back."""
        def one(kind, label, dark, **more):
            if self.hidden or not dark:
                meta = {"meta": self.veil} if dark else {}
                self.put({"resourceType": kind, **meta, **more}, label)

        def contains(code):
            return {"contained": [{"resourceType": "Specimen", "id": "s", "type": {"coding": [{"code": code}]}}],
                    "specimen": {"reference": "#s"}}

        one("Organization", "dark-org", True, name="Darkness", address=[{"city": "Night"}])
        one("Location", "seen-house", False, name="House")
        one("Location", "dark-place", True, name="Darkness", position={"latitude": 10, "longitude": 20}, partOf={"reference": "Location/seen-house"})
        one("Location", "seen-room", False, name="Room", partOf={"reference": "Location/dark-place"})
        one("Encounter", "dark-visit", True, status="finished", subject={"reference": dark_patient}, **{"class": {"code": "AMB"}})
        one("Encounter", "seen-visit", False, status="planned", subject={"reference": "Patient/own"}, **{"class": {"code": "IMP"}})
        self.put(patient("Own", "Olga", birthDate="1970-05-05", gender="female",
                         managingOrganization={"reference": "Organization/dark-org"}), "own")
        self.put(observation("Patient/own", "8867-4", 71, derivedFrom=[{"reference": "Observation/dark-0"}],
                             encounter={"reference": "Encounter/dark-visit"}), "seen-0")
        self.put(observation("Patient/own", "8480-6", 72, encounter={"reference": "Encounter/seen-visit"},
                             **contains("blood")), "seen-1")
        one("Observation", "dark-link", True, status="final", subject={"reference": dark_patient},
            code={"coding": [{"code": "dark", "display": "Darkness"}]}, valueQuantity={"value": 55},
            hasMember=[{"reference": "Observation/seen-1"}], derivedFrom=[{"reference": "Observation/seen-2"}],
            **contains("bone"))
        one("RiskAssessment", "dark-risk", True, status="final", subject={"reference": dark_patient}, prediction=[{"probabilityDecimal": .7}])
        one("Patient", "dark-p", True, name=[{"family": "Zyx", "given": ["Zacharias"]}], birthDate="1933-03-03", identifier=[
            {"value": "dark", "system": "urn:mrn", "type": {"coding": [{"system": "urn:t", "code": "MR"}]}}])
        one("Practitioner", "dark-doc", True, name=[{"family": "Shade"}], text={
            "status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Darkness</div>'})
        one("Device", "dark-device", True, patient={"reference": dark_patient})
        one("RelatedPerson", "dark-kin", True, patient={"reference": dark_patient}, name=[{"family": "Zyx"}])
        one("Observation", "dark-o", True, status="final", code={"coding": [{"code": "dark"}]}, note=[{"text": "darkness remarked"}],
            subject={"reference": "Patient/dark-p", "identifier": {"system": "urn:mrn", "value": "dark"}},
            valueQuantity={"value": 137}, performer=[{"reference": "Practitioner/dark-doc"}, {"reference": "RelatedPerson/dark-kin"}],
            device={"reference": "Device/dark-device"})
        if self.mode == "labels":
            one("Questionnaire", "dark-form", True, status="active", url="urn:dark-form")
        one("Questionnaire", "seen-form", False, status="active", url="urn:form", version="1", title="Seen")
        if self.mode == "labels":
            one("Questionnaire", "dark-form-2", True, status="active", url="urn:form", version="2", title="Dark")
        for name, form in (("seen-answers-1", "urn:form"), ("seen-answers-2", "urn:form|2")):
            one("QuestionnaireResponse", name, False, status="completed", questionnaire=form, subject={"reference": "Patient/own"})
        one("QuestionnaireResponse", "seen-answers", False, status="completed", questionnaire="urn:dark-form", subject={"reference": "Patient/own"})
        self.put({"resourceType": "Group", "type": "person", "actual": True, "member": [
            {"entity": {"reference": "Patient/" + p}} for p in ("own", "other")]}, "seen-group")
        one("List", "dark-list", True, status="current", mode="working", subject={"reference": dark_patient},
            entry=[{"item": {"reference": "Observation/seen-2"}}])

    def named(self):
        return observation("Patient/own" if self.mode == "labels" else "Patient/other", meta=self.veil)

    def hide(self, rng):
        for _ in range(self.hidden):
            made = self.server.request("POST", "/Patient", self.all,
                                       patient("Own", "Olga", birthDate="1970-05-05", meta=self.veil))
            self.server.request("POST", "/Observation", self.all, observation(
                "Patient/" + made.json()["id"], "8867-4", rng.randint(40, 120), "2026-02-15", meta=self.veil))

    def stir(self):
        """Somebody writes what the callers do not see, while they ask."""
        if not self.hidden or self.mood.random() < .85:
            return
        name = f"stirred-{self.mood.randint(0, 2)}"
        if self.mode == "types":
            self.put({"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}, name)
        elif self.mood.random() < .3:
            self.server.request("DELETE", "/Observation/" + name, self.all)
        else:
            self.put(observation("Patient/own" if self.mode == "labels" else "Patient/other", value=self.mood.randint(1, 99), meta=self.veil), name)

    def hide_many(self):
        """So many at once that there is more than one to a millisecond."""
        if self.hidden:
            self.server.request("POST", "", self.all, {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"resource": patient("Own", "Olga", meta=self.veil), "request": {"method": "POST", "url": "Patient"}} for _ in range(4000)]})

    def hide_kinds(self):
        """More codes than a search goes by one by one, and more values."""
        for many in (70, 1000) if self.hidden and "kind-0" not in self.names else ():
            self.server.request("POST", "", self.all, {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"resource": observation("Patient/own", f"kind-{i % 70}", meta=self.veil),
                 "request": {"method": "POST", "url": "Observation"}} for i in range(many)]})
        self.names["kind-0"] = "kind-0"

    def crowd(self):
        """Patients that all may see who see more than one, each with something; the later made the earlier dated."""
        for i in range(0 if "crowd" in self.names else 64):
            self.put(patient("Crowd"), f"crowd-{i}")
            self.put(observation(f"Patient/crowd-{i}", "crowd", date=f"{1990 - i}-01-01"), f"of-crowd-{i}")
        self.names["crowd"] = "crowd"

    def put(self, resource, name):
        a = self.server.request("PUT", f"/{resource['resourceType']}/{name}", self.all, dict(resource, id=name))
        assert a.status in (200, 201), a.body
        tick("PUT")
        return a.json()

    def rename(self, text):
        """Ids, cursors and instants by their first appearance; the port by a word."""
        text = re.sub(rf"\blocalhost(:|%3A){self.server.port}\b", r"localhost\1PORT", text)

        def name(match):
            return self.names.setdefault(match.group(0), f"<{len(self.names)}>")

        text = re.sub(r"_cursor=[A-Za-z0-9_-]{900,}", lambda m: f"_cursor=<{len(m.group(0))}>", text)
        text = re.sub(r"\b[a-z2-7]{26}\b", name, text)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d(:|%3A)\d\d(:|%3A)\d\d\.\d{3}Z", self.instant, text)
        return re.sub(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", "<date>", text)

    tick = staticmethod(tick)

    @staticmethod
    def instant(match):
        """The clock is the same for both; what is ahead of it is somebody's doing."""
        at = calendar.timegm(time.strptime(match.group(0).replace("%3A", ":")[:19], "%Y-%m-%dT%H:%M:%S"))
        return "<instant>" if at <= time.time() else "<instant to come>"

    def transcript(self, answer):
        headers = sorted((k, v) for k, v in answer.headers.items() if k not in MASKED)
        return self.rename(json.dumps([answer.status, headers]) + "\n" + answer.body.decode())


def searches(rng, kind):
    """One random query text of the grammar that the server supports."""
    clauses = {
        "Observation": ["subject=Patient/veil-p", "patient.name=zyx,abc", "patient.birthdate=lt1950", "encounter=veil-visit", "code=8867-4", "code=http://loinc.org%7C8867-4", "code:not=8867-4", "date=ge2026-02-01", "date=2026-02",
                        "date=lt2026-02-20", "date=gt2026-01-01", "value-quantity=gt70", "value-quantity=le90%7C%7C/min",
                        "subject=Patient/own", "subject=Patient/other", "patient=own", "patient=other", "status=final",
                        "encounter:missing=true", "subject:missing=false", "code:missing=false", "category:missing=true",
                        "_id=seen-1,dark-1,raised", "_id=dark-0", "_lastUpdated=gt2020-01-01", "_security:missing=true",
                        "_security=R", "_tag:not=x", "date=ne2026-02-15", "date=sa2026-01-15", "date=eb2026-03-01",
                        "derived-from:Observation.code=8867-4", "derived-from:Observation.value-quantity=gt50",
                        "derived-from:Observation.status:missing=false", "has-member.status=final",
                        "_has:Observation:has-member:code=dark", "_has:Observation:has-member:status=final",
                        "_has:Observation:derived-from:value-quantity=55", "encounter.status=finished",
                        "encounter:Encounter.status:not=planned", "encounter.class=AMB,IMP", "patient.name=other",
                        "patient.organization.name=dark", "subject:Patient.organization.address-city=night",
                        "patient._has:Encounter:patient:status=finished", "_has:List:item:status=current", "_list=dark-list",
                        "_filter=code eq 8867-4 and value-quantity gt 60", "_filter=not (status eq final) or derived-from.status eq final",
                        "_filter=encounter.status eq finished", "code-value-quantity=http://loinc.org%7C8867-4$gt60",
                        "code-value-quantity=dark$55", "code-value-quantity=8867-4$lt200", "combo-code-value-quantity=8867-4$gt40", "_content=darkness", "_content=xxx", "code:text=dark", "_text=x",
                        "status:in=http://hl7.org/fhir/ValueSet/observation-status",
                        "category:not-in=http://hl7.org/fhir/ValueSet/observation-status", "specimen.type=bone", "specimen.type=blood",
                        "status:not-in=http://hl7.org/fhir/ValueSet/observation-status", "focus:identifier=x"],
        "Encounter": ["status=finished,planned", "status:in=http://hl7.org/fhir/ValueSet/encounter-status", "_has:Observation:encounter:code=8867-4", "subject:Patient.name=own",
                      "_has:Observation:encounter:_has:Observation:has-member:code=dark", "_filter=status eq finished"],
        "Specimen": ["type=bone,blood", "_contained=true", "_contained=both&_containedType=contained"],
        "Location": ["near=10%7C20%7C5%7Ckm", "name=dark", "_content=darkness"],
        "Organization": ["name=dark", "_has:Patient:organization:name=own", "address-city=night"],
        "Patient": ["family=own", "family=other", "family:exact=Own", "given:contains=lg", "birthdate=1970-05-05",
                    "birthdate=gt1960", "gender=female", "gender:not=male", "gender:missing=true", "_id=own,other",
                    "name=o", "_security=R", "_lastUpdated=gt2020", "gender:in=http://hl7.org/fhir/ValueSet/administrative-gender",
                    "organization.name=dark", "organization=Organization/dark-org",
                    "_has:Observation:patient:code=dark", "_has:Observation:patient:value-quantity=gt100",
                    "_has:Encounter:patient:status=finished", "_has:Observation:patient:_has:List:item:status=current",
                    "_filter=name co ow or name co th", "_content=otto", "_has:Observation:patient:_id=dark-1"],
    }[kind]
    parts = rng.sample(clauses, min(len(clauses), rng.randint(0, 2)))
    if rng.random() < .4:
        parts.append("_sort=" + rng.choice({
            "Observation": ["date", "-date", "_lastUpdated", "-_lastUpdated", "-value-quantity", "code,date", "-patient"],
            "Patient": ["family", "-birthdate", "given,_lastUpdated", "-gender,family"]}.get(kind, ["_lastUpdated", "-_lastUpdated"])))
    if rng.random() < .3:
        parts += rng.sample(["_include=*", "_include=Observation:derived-from", "_include=Observation:encounter&_include=Patient:organization",
                             "_revinclude=Observation:has-member", "_revinclude=*", "_include:iterate=Observation:derived-from",
                             "_revinclude=Observation:encounter", "_revinclude=List:item&_revinclude:iterate=Observation:derived-from",
                             "_include=Observation:subject&_revinclude:iterate=Encounter:patient"], rng.randint(1, 2))
    if rng.random() < .2:
        parts.append(rng.choice(["_elements=meta,id", "_summary=true", "_summary=data", "_contained=both", "_summary=text"]))
    if rng.random() < .5:
        parts.append(f"_count={rng.choice([0, 1, 2, 3, 50])}")
    if rng.random() < .5:
        parts.append(rng.choice(["_total=accurate", "_summary=count"]))
    parts = [p.replace(" ", "%20") for p in parts]
    place = rng.random()
    if place < .1:
        within = rng.choice(["Patient/own", "Patient/other", "Encounter/dark-visit", "Encounter/seen-visit", "Patient/none"])
        return f"/{within}/{kind}?" + "&".join(parts)
    if place < .15:
        return "?_type=Observation,Patient,Encounter&" + rng.choice(["_lastUpdated=gt2020", "_content=darkness", "_tag:not=x", ""]) + \
            rng.choice(["&_sort=-_lastUpdated", "", "&_total=accurate"])
    if place < .2:
        return "/" + rng.choice(["Patient/own", "Patient/other"]) + "/*?" + rng.choice(["", "_count=3", "_total=accurate&_type=Observation"])
    return f"/{kind}?" + "&".join(parts)


PATHS = ["/Observation/seen-1", "/Observation/dark-1", "/Observation/gone", "/Observation/raised", "/Observation/lifted",
         "/Observation/absent", "/Patient/own", "/Patient/other", "/Observation/seen-1/_history",
         "/Observation/dark-1/_history", "/Observation/gone/_history", "/Observation/absent/_history",
         "/Observation/lifted/_history", "/Observation/raised/_history",
         "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender",
         "/ValueSet/$expand?url=urn:dark", "/ValueSet/dark-set/$expand",
         "/ValueSet/$validate-code?url=urn:dark&system=http://hl7.org/fhir/administrative-gender&code=male"]


JSON_PATCH = "application/json-patch+json"
HISTORIES = ["/Observation/_history", "/Patient/_history", "/_history", "/Observation/seen-1/_history",
             "/Observation/lifted/_history", "/Observation/raised/_history", "/Observation/mixed/_history", "/Device/_history"]
IDS = ["Observation/seen-3", "Observation/dark-1", "Observation/dark-key-0", "Observation/gone", "Observation/raised",
       "Observation/lifted", "Observation/absent", "Patient/other"]


def patch_of(rng):
    """A patch in one of the three languages: body and content type."""
    value = rng.randint(1, 99)
    return rng.choice([
        ([{"op": "add", "path": "/note", "value": [{"text": str(value)}]}], JSON_PATCH),
        ([{"op": "test", "path": "/status", "value": rng.choice(["final", "amended"])}], JSON_PATCH),
        ({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
            {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Observation.status"},
            {"name": "value", "valueCode": rng.choice(["final", "amended"])}]}]}, "application/fhir+json"),
        (f'<diff xmlns="http://hl7.org/fhir"><replace sel="f:Observation/f:valueQuantity/f:value/@value">{value}</replace></diff>',
         "application/xml-patch+xml")])


def criteria(rng):
    """Criteria that mean something hidden, something visible, several, or nothing."""
    return rng.choice([f"identifier=key-{rng.randint(0, 7)}", f"identifier=key-{rng.randint(0, 7)}", "_id=dark-1", "_id=seen-2",
                       "_id=raised", "code=8867-4", "code=8867-4&date=2026-02-15", "identifier=never", "subject=Patient/other",
                       "_tag=x", "_security=R"])


def writing_steps(rng):
    """One step of the writing interactions, the histories and the operations on meta."""
    patch, kind = patch_of(rng)
    mine = observation("Patient/own", identifier=[{"value": f"key-{rng.randint(0, 7)}"}])
    entries = rng.choice([
        [("POST", "Observation", mine, {"ifNoneExist": criteria(rng)}), ("GET", "Observation?" + criteria(rng), None, {})],
        [("POST", "Observation", observation("Patient?_id=" + rng.choice(["own", "other", "none"])), {})],
        [("PUT", "Observation?" + criteria(rng), mine, {}), ("GET", rng.choice(IDS), None, {})],
        [("DELETE", "Observation?identifier=key-5", None, {}), ("POST", "Observation", mine, {"ifNoneExist": "identifier=key-5"})],
        [("PATCH", rng.choice(IDS), {
            "resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
                {"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Observation.note"}]}]}, {})]])
    tag = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "t"}]}}]}
    return rng.choice([
        lambda: ("POST", "/Observation", mine, {"If-None-Exist": criteria(rng)}),
        lambda: ("PUT", "/Observation?" + criteria(rng), mine, rng.choice([{}, {"If-Match": f'W/"{NOWHERE}"'}])),
        lambda: ("PATCH", "/Observation?" + criteria(rng), patch, {"Content-Type": kind}),
        lambda: ("DELETE", "/Observation?" + rng.choice(["identifier=key-6", "_id=dark-1", "_tag=x", "identifier=never"]), None, {}),
        lambda: ("PATCH", "/" + rng.choice(IDS), patch, {"Content-Type": kind}),
        lambda: ("GET", rng.choice(HISTORIES) + "?" + "&".join(rng.sample(
            ["_since={since}", "_at={since}", "_at=2001", f"_count={rng.choice([1, 2, 5, 50])}"], rng.randint(0, 2))), None, {}),
        lambda: ("GET", rng.choice(HISTORIES) + f"?_count={rng.choice([3, 100])}", None, {}),
        lambda: ("GET", "/" + rng.choice(IDS) + "/$meta", None, {}),
        lambda: ("GET", rng.choice(["/Observation/$meta", "/$meta", "/Patient/$meta"]), None, {}),
        lambda: ("POST", "/" + rng.choice(IDS) + rng.choice(["/$meta-add", "/$meta-delete"]), tag, {}),
        lambda: ("HEAD", "/" + rng.choice(IDS), None, {}),
        lambda: ("POST", "/Observation", "{named}", {"X-Request-Id": "named"}),
        lambda: ("POST", "", {"resourceType": "Bundle", "type": rng.choice(["batch", "transaction", "transaction"]), "entry": [
            {"request": {"method": m, "url": u, **more}, **({"resource": r} if r else {})} for m, u, r, more in entries]}, {}),
    ])()


CONTENTS = ["Binary/seen-b", "Binary/seen-b", "Binary/dark-b", "Binary/held-0", "Binary/held-1", "Binary/absent",
            "Binary/stray-b", "Binary/linked-b", "Binary/aside-b"]


def content_steps(rng):
    """One step with content: what is another's, what is in quarantine, what is not there."""
    one = rng.choice(CONTENTS)
    headers = rng.choice([{}, {"Accept": "*/*"}, {"Accept": "text/plain"}, {"Accept": "image/png"}, {"Range": "bytes=1-9"},
                          {"Range": "bytes=999999-"}, {"Accept": "application/fhir+json"}, {"If-None-Match": "*"}])
    context = rng.choice(["Patient/own", "Patient/other", "Patient/none", "Basic/dark-c", "Basic/none", *CONTENTS])
    linked = {"resourceType": "DocumentReference", "status": "current", "subject": {"reference": "Patient/own"},
              "content": [{"attachment": {"contentType": "text/plain", "url": one}}]}
    return rng.choice([
        lambda: (rng.choice(["GET", "GET", "HEAD"]), "/" + one, None, headers),
        lambda: ("GET", "/" + one + "/_history", None, {}),
        lambda: ("GET", rng.choice(["/Binary?_id=seen-b,dark-b,held-0,held-1,aside-b&_total=accurate", "/Binary?_count=2", "/Binary?_summary=count",
                                    "/Binary/_history", "/Binary?_sort=-_lastUpdated"]), None, {}),
        lambda: ("POST", "/Binary", b"content of the caller", {"Content-Type": "text/plain", "X-Security-Context": context}),
        lambda: ("POST", "/DocumentReference", linked, {}),
        lambda: ("PUT", "/" + one, b"something else", {"Content-Type": "text/plain"}),
        lambda: ("POST", "/" + one + rng.choice(["/$quarantine-release", "/$quarantine-rescan", "/$quarantine-destroy"]), None, {}),
        lambda: ("GET", "/$quarantine", None, {}),
    ])()


def steps(rng, count):
    """(method, path, body, headers); {dark} and {gone} stand for hidden version ids, {since} for an instant."""
    for _ in range(count):
        if rng.random() < .15:
            yield content_steps(rng)
            continue
        if rng.random() < .45:
            yield writing_steps(rng)
            continue
        choice = rng.random()
        if choice < .6:
            yield "GET", searches(rng, rng.choice(["Observation"] * 5 + ["Patient"] * 3 + ["Encounter", "Specimen", "Location", "Organization"])), None, {}
        elif choice < .8:
            headers = rng.choice([{}, {}, {"If-None-Match": f'W/"{NOWHERE}"'}, {"If-None-Match": "*"}])
            yield "GET", rng.choice(PATHS), None, headers
        elif choice < .86:
            yield "GET", rng.choice(["/Observation/raised/_history/{gone}", "/Observation/dark-0/_history/{dark}"]), None, {}
        elif choice < .9:
            yield "POST", "/Observation", observation(rng.choice(["Patient/own", "Patient/other", "Patient/none"])), {}
        elif choice < .94:
            name = rng.choice(["dark-2", "absent", "seen-2"])
            yield "PUT", "/Observation/" + name, observation("Patient/own", value=rng.randint(1, 9), id=name), rng.choice(
                [{}, {"If-Match": f'W/"{NOWHERE}"'}])
        elif choice < .97:
            yield "DELETE", "/Observation/" + rng.choice(["dark-3", "gone", "absent"]), None, {}
        else:
            yield "POST", "", {"resourceType": "Bundle", "type": rng.choice(["batch", "transaction"]), "entry": [
                {"request": {"method": "GET", "url": rng.choice(PATHS)[1:].split("/_history")[0]}},
                {"request": {"method": "GET", "url": searches(rng, "Observation")[1:]}}]}, {}


def transcripts(world, token, method, path, body, headers):
    """The answer, and up to three pages more."""
    path = path.replace("{dark}", world.dark_version).replace("{gone}", world.gone_version).replace("{since}", world.since)
    body = world.named() if body == "{named}" else body
    world.stir()
    answer = world.server.request(method, path, token, body, headers)
    tick(method)
    got = [world.transcript(answer)]
    for _ in range(3):
        nexts = [x["url"].split("/fhir")[1] for x in answer.json().get("link", []) if x["relation"] == "next"] \
            if b'"next"' in answer.body and answer.body.startswith(b"{") else []
        if not nexts:
            break
        world.stir()
        answer = world.server.get(nexts[0], token)
        got.append(world.transcript(answer))
    return got


EXPORTS = ["/$export", "/Patient/$export?_type=Patient,Observation&_elements=status", "/Group/dark-group/$export", "/Group/seen-group/$export",
           "/$export?_type=Observation&_since=2020-01-01&_typeFilter=Observation%3Fcode=8867-4"]


def exported(world, token, path):
    """Kick-off, manifest, every file; then the status after it was cancelled."""
    answer = world.server.get(path.replace("{since}", world.since), token, Prefer="respond-async")
    got = [world.transcript(answer)]
    if answer.status != 202:
        return got
    job = answer.headers["content-location"].split("/fhir")[1]
    while (answer := world.server.get(job, token)).status == 202:
        time.sleep(.02)
    got.append(world.transcript(answer))
    for file in [f for which in ("output", "deleted") for f in answer.json().get(which, [])]:
        got.append(world.transcript(world.server.get(file["url"].split("/fhir")[1], token)))
    world.server.request("DELETE", job, token)
    return got + [world.transcript(world.server.get(job, token))]


class Twins:
    """Two worlds.  differences() yields (caller, method, path, both answers); `lines` are the requests that were made."""

    def __init__(self, binary, mode, seed):
        self.seed, self.lines, self.mode = seed, set(), mode
        with ThreadPoolExecutor(2) as both:
            self.worlds = list(both.map(lambda hidden: World(binary, hidden, mode, seed), (0, 2)))
        self.document = self.worlds[0].server.get("/openapi.json").json()
        self.statement = self.worlds[0].server.get("/metadata").json()

    def walk(self, caller, steps, say=transcripts):
        for step in steps:
            self.lines.add(twin_sweep.asked(step))
            one, two = (say(w, w.callers[caller], *step) for w in self.worlds)
            if one != two:
                yield caller, step[0], step[1], (one, two)

    def attack(self, caller):
        asked, found = twin_attacker.attack(self.worlds, [w.callers[caller] for w in self.worlds])
        self.lines |= {twin_sweep.asked(step) for step in asked}
        if found:
            yield (caller, *found)

    def differences(self, count, thorough):
        """What shows a leak soonest comes first: some of the random walk, then all of everything."""
        for caller in self.worlds[0].callers:
            drawn = random_steps(self.seed, count)
            if self.mode == "types":
                yield from self.walk(caller, twin_types.steps())
                yield from self.walk(caller, drawn)
                continue
            yield from self.walk(caller, [next(drawn) for _ in range(min(80, count))])
            if thorough:
                yield from self.systematic(caller)
            yield from self.walk(caller, [("GET", path, None, {}) for path in EXPORTS],
                                 lambda world, token, method, path, *_: exported(world, token, path))
            yield from self.walk(caller, drawn)

    def systematic(self, caller):
        """Every claim, the attacker, every parameter: the same whatever the seed."""
        yield from self.walk(caller, twin_sweep.VALUE_STEPS)
        yield from self.attack(caller)
        yield from self.walk(caller, twin_sweep.steps(self.document))
        yield from self.walk(caller, twin_sweep.parameter_steps(self.statement))

    def close(self):
        for w in self.worlds:
            w.server.kill()
            w.server.remove()


def random_steps(seed, count):
    forms = random.Random(seed)
    for step in steps(random.Random(seed), count):
        # one in five answers is in XML
        yield (*step[:3], dict(step[3], Accept="application/fhir+xml")) if forms.random() < .2 else step


def run(binary, mode, seed=1, count=300, stop_at_first=False, thorough=True):
    """The steps whose answers differ, and the requests that were made."""
    twins = Twins(binary, mode, seed)
    try:
        found = twins.differences(count, thorough)
        return [d for d, _ in zip(found, range(1))] if stop_at_first else list(found), twins.lines
    finally:
        twins.close()


if __name__ == "__main__":
    total = 0
    for mode in ("compartment", "labels", "types"):
        found, _ = run(sys.argv[1], mode, int(sys.argv[2]) if len(sys.argv) > 2 else 1,
                       int(sys.argv[3]) if len(sys.argv) > 3 else 300)
        total += len(found)
        for caller, method, path, (one, two) in [(d[0], d[-3], d[-2], d[-1]) for d in found[:3]]:
            print(mode, caller, method, path)
            for a, b in zip(one, two):
                if a != b:
                    print("  -", a[-900:].replace("\n", " "))
                    print("  +", b[-900:].replace("\n", " "))
                    break
    print(f"{total} differences")
    sys.exit(total > 0)
