"""The adaptive part of the twin test: an attacker who wants the birth date, the name and a measured value of
a patient that he may not see.

He asks yes-or-no questions over many channels and goes where the answers send him, guesses ids, versions and
instants, refers to what he cannot read and plays with cursors.  In two worlds that differ only in what
is hidden he hears the same, byte by byte.  learn() says what he found: of somebody who may see it he finds all."""
import json
import string
import urllib.parse

from firebreak import observation

DAYS = [f"{year}-{month:02}" for year in range(1900, 2027) for month in range(1, 13)]
LETTERS = string.ascii_lowercase
VERSION = 'W/"{dark}"'


def form(criteria):
    return urllib.parse.quote(criteria, safe="=&:/|,_-.")


def of_patient(kind):
    """Channels for a criterion of a Patient: a request whose answer may depend on whether one matches."""
    return {
        "count": lambda c: ("GET", f"/Patient?{c}&_summary=count", None, {}),
        "page": lambda c: ("GET", f"/Patient?{c}&_count=1", None, {}),
        "post": lambda c: ("POST", "/Patient/_search", c, {"Content-Type": "application/x-www-form-urlencoded"}),
        "chain": lambda c: ("GET", f"/Observation?subject:Patient.{c}&_total=accurate&_count=1", None, {}),
        "system": lambda c: ("GET", f"?_type=Patient&{c}", None, {}),
        "sort": lambda c: ("GET", f"/Patient?{c}&_sort=-birthdate&_count=1&_elements=id", None, {}),
        "batch": lambda c: ("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": "Patient?" + c}}]}, {}),
        "revinclude": lambda c: ("GET", f"/Patient?{c}&_revinclude=Observation:subject&_count=1", None, {}),
        "compartment": lambda c: ("GET", f"/Patient/dark-p/Patient?{c}&_total=accurate", None, {}),
        "patch": lambda c: ("PATCH", f"/Patient?{c}&family=zyx", [{"op": "test", "path": "/active", "value": False}],
                            {"Content-Type": "application/json-patch+json"}),
        "update": lambda c: ("PUT", f"/Patient?{c}&family=zyx", {"resourceType": "Patient", "id": "mine"}, {}),
        "delete": lambda c: ("DELETE", f"/Patient?{c}&family=zyx", None, {"If-Match": 'W/"no"'}),
        "reference": lambda c: ("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": observation(f"Patient?{c}&family=zyx"), "request": {"method": "POST", "url": "Observation"}}]}, {}),
        "create": lambda c: ("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": {"resourceType": "Patient", "nonsense": 1}, "request": {"method": "POST", "url": "Patient",
                                                                                "ifNoneExist": f"{c}&family=zyx"}}]}, {}),
    }[kind]


def of_observation(kind):
    return {
        "count": lambda c: ("GET", f"/Observation?{c}&_summary=count", None, {}),
        "has": lambda c: ("GET", f"/Patient?_has:Observation:subject:{c}&_total=accurate&_count=1", None, {}),
        "compartment": lambda c: ("GET", f"/Patient/dark-p/Observation?{c}&_total=accurate", None, {}),
        "filter": lambda c: ("GET", "/Observation?_filter=" + form(c.replace("=gt", " gt ")).replace("%20", "+") + "&_total=accurate", None, {}),
        "near": lambda c: ("GET", f"/Observation?{c}&_sort=value-quantity&_count=1", None, {}),
        "referrer": lambda c: ("GET", f"/Observation?derived-from.{c}&_total=accurate", None, {}),
        "create": lambda c: ("POST", "/Observation", observation("Patient/none"), {"If-None-Exist": c + "&_tag=y"}),
        "patch": lambda c: ("PATCH", f"/Observation?{c}&code=dark", [{"op": "test", "path": "/status", "value": "no"}],
                            {"Content-Type": "application/json-patch+json"}),
        "delete": lambda c: ("DELETE", f"/Observation?{c}&code=dark", None, {"If-Match": 'W/"no"'}),
    }[kind]


PATIENT_CHANNELS = ("count", "page", "post", "chain", "system", "sort", "batch", "revinclude", "compartment", "patch", "update",
                    "delete", "reference", "create")
OBSERVATION_CHANNELS = ("count", "has", "compartment", "filter", "near", "referrer", "create", "patch", "delete")


class Attacker:
    """`ask` makes one request in one world and keeps what came back."""

    def __init__(self, world, token):
        self.world, self.token, self.heard, self.asked = world, token, [], []

    def ask(self, method, path, body=None, headers=None):
        path, headers = self.fill(path), {k: self.fill(v) for k, v in (headers or {}).items()}
        if isinstance(body, (dict, list)):
            body = json.loads(self.fill(json.dumps(body)))
        answer = self.world.server.request(method, path, self.token, body, headers)
        self.world.tick(method)
        self.asked.append((method, path, body, headers))
        self.heard.append(self.world.transcript(answer))
        return answer

    def fill(self, text):
        return text.replace("{dark}", self.world.dark_version).replace("{gone}", self.world.gone_version)

    @staticmethod
    def sign(answer):
        """What he goes by: status, number of matches, and whether there is a further page."""
        if not answer.body.startswith(b"{"):
            return (answer.status,)
        got = answer.json()
        if got.get("type", "").endswith("-response"):
            inner = got["entry"][0].get("resource", {})
            return answer.status, inner.get("total"), len(inner.get("entry", []))
        return answer.status, got.get("total"), len(got.get("entry", [])), len(got.get("link", []))

    def holds(self, channel, criterion, impossible):
        return self.sign(self.ask(*channel(criterion))) != self.sign(self.ask(*channel(impossible)))

    def bisect(self, channel, values, criterion, impossible):
        """The last of `values` for which the criterion still holds."""
        low, high = -1, len(values)
        while high - low > 1:
            middle = (low + high) // 2
            if self.holds(channel, criterion(values[middle]), impossible):
                low = middle
            else:
                high = middle
        return values[low] if low >= 0 else None

    def spell(self, channel, criterion, impossible, most=4):
        """Letter by letter, what a name begins with."""
        word = ""
        while len(word) < most:
            letter = next((c for c in LETTERS if self.holds(channel, criterion(word + c), impossible)), None)
            if letter is None:
                break
            word += letter
        return word

    def birth(self, kind):
        return self.bisect(of_patient(kind), DAYS, lambda d: f"birthdate=ge{d}&identifier=dark", "birthdate=ge2100&identifier=dark")

    def learn(self):
        """The three secrets, by one channel each."""
        name = self.spell(of_patient("count"), lambda w: f"family={w}&identifier=dark", "family=0&identifier=dark")
        value = self.bisect(of_observation("count"), range(0, 256), lambda v: f"value-quantity=gt{v}&code=dark", "value-quantity=gt999&code=dark")
        return self.birth("count"), name, value

    def measure(self, kind):
        return self.bisect(of_observation(kind), range(0, 256), lambda v: f"value-quantity=gt{v}", "value-quantity=gt999")


def dated(a):
    for kind in PATIENT_CHANNELS:
        # a chain takes one criterion only, and so does a conditional of the channel's own
        if kind in ("chain", "patch", "update", "delete", "reference", "create"):
            a.bisect(of_patient(kind), DAYS[::60], lambda d: f"birthdate=ge{d}", "birthdate=ge2100")
        else:
            a.bisect(of_patient(kind), DAYS[::12], lambda d: f"birthdate=ge{d}&identifier=dark", "birthdate=ge2100&identifier=dark")


def measured(a):
    for kind in OBSERVATION_CHANNELS:
        a.measure(kind)


def spelled(a):
    for kind in ("count", "batch"):
        a.spell(of_patient(kind), lambda w: f"family={w}&identifier=dark", "family=0&identifier=dark", 2)
    a.spell(of_patient("patch"), lambda w: f"given={w}", "given=0", 1)


def instants(a):
    """_lastUpdated, _since and If-Modified-Since around each of the versions that he may see; and whether what
    others write moves the clock."""
    a.world.hide_many()
    a.ask("POST", "/Observation", observation("Patient/own"))
    for i in range(0, 12, 3):
        seen = a.world.server.get(f"/Observation/seen-{i}", a.token).json()["meta"]["lastUpdated"]
        for path in (f"/Observation?_lastUpdated=gt{seen}&_summary=count", f"/Observation?_lastUpdated=lt{seen}&_summary=count",
                     f"/Observation/_history?_since={seen}&_count=100", f"/_history?_at={seen}&_count=2",
                     f"/Patient/own/$everything?_since={seen}&_count=100"):
            a.ask("GET", path)


def versions(a):
    for path in ("Observation/dark-0", "Observation/seen-1", "Observation/absent", "Observation/gone"):
        a.ask("GET", f"/{path}/_history/{{dark}}")
        for header in ({"If-None-Match": VERSION}, {"If-Match": VERSION}, {"If-Modified-Since": "Wed, 01 Jan 2031 00:00:00 GMT"}):
            a.ask("GET", "/" + path, headers=header)
            a.ask("HEAD", "/" + path, headers=header)
        if "seen" not in path:
            a.ask("PUT", "/" + path, observation("Patient/own", id=path.split("/")[1]), {"If-Match": VERSION})
            a.ask("DELETE", "/" + path, headers={"If-Match": VERSION})


def guesses(a):
    """Ids: hidden, deleted, missing, of contained resources, of the wrong type, too long."""
    for kind in ("Observation", "Patient", "Specimen", "Group", "Basic"):
        for id in ("dark-1", "gone", "absent", "s", "dark-p", "dark-group", "dark-c", "x" * 64, "x" * 65, "%23s", "seen-1%23s"):
            for rest in ("", "/_history", "/$meta", "/$everything", "/Observation"):
                a.ask("GET", f"/{kind}/{id}{rest}")
    for ids in ("dark-1,dark-2,absent", "s", "seen-1,s,dark-p"):
        a.ask("GET", f"/Observation?_id={ids}&_total=accurate")


FIELDS = {"derivedFrom": lambda r: [{"reference": r}], "encounter": lambda r: {"reference": r}, "subject": lambda r: {"reference": r},
          "specimen": lambda r: {"reference": r}}
REFERRED = ("Observation/dark-0", "Observation/gone", "Observation/absent", "Observation/raised", "Observation/dark-0/_history/{dark}",
            "Observation/dark-0/_history/" + "a" * 26, "Encounter/dark-visit", "Encounter/absent", "Patient/dark-p", "Patient/absent", "#s", "urn:uuid:0",
            "https://localhost/fhir/Observation/dark-0")


def references(a):
    """A reference to what is hidden is one to what is not there, however it is written."""
    for field, value in FIELDS.items():
        for target in REFERRED:
            made = dict(observation("Patient/own"), **{field: value(target)})
            a.ask("POST", "/Observation", made)
            a.ask("POST", "/Observation/$validate", made)
            a.ask("PUT", "/Observation/seen-11", dict(made, id="seen-11"))
            a.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"resource": made, "request": {"method": "POST", "url": "Observation"}}]})


def crowds(a):
    """Many ids at once, hidden and missing ones, around what a parameter takes: how many are known must not tell."""
    known = ["dark-0", "dark-1", "dark-2", "dark-key-0", "gone", "dark-p", "other", "dark-risk", "dark-link", "own", "seen-0"]
    for path, counts in (("Observation?subject=", (116, 117, 240)), ("Observation?derived-from=", (73, 74, 75, 240)), ("List?item=", (1,))):
        for count in counts:
            a.ask("GET", f"/{path}" + ",".join(known + [f"none-{i}" for i in range(count)]) + "&_summary=count")
    a.ask("GET", "/List?item=" + ",".join(known[:6]) + "&_summary=count")
    a.world.crowd()
    for count in range(58, 65):
        ids = [f"Patient/crowd-{i}" for i in range(count)] + ["Patient/dark-p", "Patient/none"]
        a.ask("GET", "/Observation?date=gt1900&_count=5&subject=" + ",".join(ids))
        a.ask("GET", "/Patient?_lastUpdated=gt1900&_count=5&_id=" + ",".join(i.split("/")[1] for i in ids))


def kinds(a):
    """How many codes and values there are of what is hidden must not choose the order."""
    if a.world.mode == "labels":
        a.world.hide_kinds()
    for clause in ("code:not=crowd", "value-quantity=gt0%7C%7C/min", "combo-code-value-quantity=8867-4$gt0", "method:missing=true", "status:not=amended", "code:not-in=http://hl7.org/fhir/ValueSet/observation-status"):
        a.ask("GET", f"/Observation?date=gt2000&{clause}&_count=50")
        a.ask("GET", f"/Observation?{clause}&_summary=count")


def cursors(a):
    """A cursor at another search, changed, and cut; from what is sorted by what is hidden too."""
    for path in ("/Observation?_count=1", "/Observation?_sort=-value-quantity&_count=2", "/Patient?_count=1", "/Observation?_count=1&_include=*"):
        answer = a.ask("GET", path)
        nexts = [x["url"].split("/fhir")[1] for x in answer.json().get("link", []) if x["relation"] == "next"]
        if not nexts:
            continue
        cursor = nexts[0].split("_cursor=")[1]
        for other in (path + "&_cursor=" + cursor, "/Observation?status=final&_cursor=" + cursor, path + "&_cursor=" + cursor[:-2],
                      path + "&_cursor=" + cursor[::-1], "/Encounter?_cursor=" + cursor, path + "&_total=accurate&_cursor=" + cursor):
            a.ask("GET", other)


def terms(a):
    inline = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [{"valueSet": ["urn:dark"]}]}}
    codes = dict(inline, compose={"include": [{"system": "urn:dark-codes"}]})
    for body in (inline, codes):
        a.ask("POST", "/ValueSet/$expand", {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": body}]})
        a.ask("POST", "/ValueSet/$validate-code", {"resourceType": "Parameters", "parameter": [
            {"name": "valueSet", "resource": body}, {"name": "code", "valueCode": "a"}, {"name": "system", "valueUri": "urn:dark-codes"}]})
    for path in ("/ValueSet?url=urn:dark&_total=accurate", "/ConceptMap?url=urn:dark-map", "/CodeSystem?code=a&_summary=count",
                 "/Observation?code:in=urn:dark&_summary=count", "/Observation?status:below=urn:dark-codes%7Ca",
                 "/ValueSet/$expand?url=urn:dark-codes?fhir_vs", "/metadata?mode=terminology"):
        a.ask("GET", path)
    for answers in ([], [{"linkId": "nothing"}]):       # a Questionnaire that is not seen demands nothing
        a.ask("POST", "/QuestionnaireResponse", {"resourceType": "QuestionnaireResponse", "status": "completed", "item": answers,
                                                 "questionnaire": "urn:dark-form", "subject": {"reference": "Patient/own"}}
              if answers else {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "urn:dark-form",
                               "subject": {"reference": "Patient/own"}})
    a.ask("POST", "/Observation", dict(observation("Patient/own"), meta={"profile": ["urn:dark-profile"]}))


METHODS = (dated, measured, spelled, instants, versions, guesses, references, kinds, crowds, cursors, terms)


def attack(worlds, tokens):
    """(asked in the first world, index of the first answer that differs or None, both transcripts of it)."""
    asked = []
    for method in METHODS:
        both = [Attacker(w, t) for w, t in zip(worlds, tokens)]
        for a in both:
            method(a)
        asked += both[0].asked
        if both[0].heard != both[1].heard:
            at = next((i for i, (one, two) in enumerate(zip(*(a.heard for a in both))) if one != two),
                      min(len(a.heard) for a in both) - 1)
            return asked, (method.__name__, *both[0].asked[at][:2], ([both[0].heard[at]], [both[1].heard[at]]))
    return asked, None
