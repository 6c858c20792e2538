"""A small reference model of the server: FHIR search and visibility over plain lists.

It shares no code with the server and looks at every resource for every question.  Parameters are
functions from a resource to its values, written down from the R4 definitions:
  string     texts                        token      (system, code) pairs
  reference  "Type/id" texts              date       (first ms, last ms) intervals
  quantity   (value, system, code)
A search is a dictionary: type, clauses, sort keys.  Nothing here knows how the server does it."""
import datetime
import re
import unicodedata

LEVELS = "ULMNRV"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def fold(text):
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return "".join(c for c in plain if unicodedata.category(c)[0] != "P") or plain


def ms(when):
    return int(when.timestamp() * 1000)


def interval(text):
    """The interval of a FHIR date or dateTime in UTC, by its precision."""
    utc = datetime.timezone.utc
    if "T" in text:
        start = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return ms(start), ms(start) + 999
    parts = [int(p) for p in text.split("-")]
    start = datetime.datetime(*(parts + [1, 1])[:3], tzinfo=utc)
    if len(parts) == 1:
        end = start.replace(year=start.year + 1)
    elif len(parts) == 2:
        end = (start + datetime.timedelta(days=32)).replace(day=1)
    else:
        end = start + datetime.timedelta(days=1)
    return ms(start), ms(end) - 1


def concept(*path):
    def values(resource):
        found = [resource]
        for name in path:
            found = [x for item in found for x in as_list(item.get(name))]
        return [(c.get("system", ""), c["code"]) for item in found for c in item.get("coding", [])]
    return values


def as_list(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def code(name, system=""):
    return lambda r: [(system, r[name])] if name in r else []


def reference(*path, only=None):
    def values(resource):
        found = [resource]
        for name in path:
            found = [x for item in found for x in as_list(item.get(name))]
        texts = [x["reference"] for x in found]
        return [x for x in texts if only is None or x.startswith(only + "/")]
    return values


def date(name):
    return lambda r: [interval(r[name])] if name in r else []


def period(name):
    def values(r):
        if name not in r:
            return []
        low = interval(r[name]["start"])[0] if "start" in r[name] else -2**63
        high = interval(r[name]["end"])[1] if "end" in r[name] else 2**63 - 1
        return [(low, high)]
    return values


class Family(str):
    """Found by each of its words."""

    def beginnings(self):
        return [self[m.start():] for m in re.finditer(r"(?<![^ -])[^ -]", self)]


def name_parts(*parts):
    def values(r):
        return [Family(x) if p == "family" else x
                for n in as_list(r.get("name")) for p in parts for x in as_list(n.get(p))]
    return values


def identifiers(r):
    return [(i.get("system", ""), i["value"]) for i in r.get("identifier", [])]


def quantity(r):
    q = r.get("valueQuantity")
    return [] if q is None else [(q["value"], q["system"], q["code"])]


GENDER = "http://hl7.org/fhir/administrative-gender"
ALL_NAMES = name_parts("family", "given", "prefix", "suffix", "text")
PARAMETERS = {
    "Patient": {"family": ("string", name_parts("family")), "given": ("string", name_parts("given")),
                "name": ("string", ALL_NAMES), "birthdate": ("date", date("birthDate")),
                "gender": ("token", code("gender", GENDER)), "identifier": ("token", identifiers),
                "organization": ("reference", reference("managingOrganization")),
                "general-practitioner": ("reference", reference("generalPractitioner"))},
    "Practitioner": {"family": ("string", name_parts("family")), "name": ("string", ALL_NAMES),
                     "identifier": ("token", identifiers)},
    "Organization": {"name": ("string", lambda r: as_list(r.get("name"))), "identifier": ("token", identifiers),
                     "partof": ("reference", reference("partOf"))},
    "Encounter": {"status": ("token", code("status", "http://hl7.org/fhir/encounter-status")),
                  "date": ("date", period("period")),
                  "class": ("token", lambda r: [(r["class"]["system"], r["class"]["code"])]),
                  "subject": ("reference", reference("subject")),
                  "patient": ("reference", reference("subject", only="Patient")),
                  "practitioner": ("reference", reference("participant", "individual", only="Practitioner"))},
    "Observation": {"status": ("token", code("status", "http://hl7.org/fhir/observation-status")),
                    "code": ("token", concept("code")), "category": ("token", concept("category")),
                    "date": ("date", date("effectiveDateTime")), "value-quantity": ("quantity", quantity),
                    "subject": ("reference", reference("subject")),
                    "patient": ("reference", reference("subject", only="Patient")),
                    "encounter": ("reference", reference("encounter")),
                    "performer": ("reference", reference("performer"))},
    "Condition": {"code": ("token", concept("code")), "clinical-status": ("token", concept("clinicalStatus")),
                  "onset-date": ("date", date("onsetDateTime")), "subject": ("reference", reference("subject")),
                  "patient": ("reference", reference("subject", only="Patient")),
                  "encounter": ("reference", reference("encounter"))},
}
# where a chain leads to, for references that can point to several types
PATIENT_OF = {"Encounter": "subject", "Observation": "subject", "Condition": "subject"}


class Version:
    def __init__(self, resource, method, level, version_id):
        self.resource, self.method, self.level, self.version_id = resource, method, level, version_id


class Row:
    """A resource and its versions, oldest first; `home` is the patient it belongs to, or None."""

    def __init__(self, kind, ident, home):
        self.kind, self.id, self.home, self.versions = kind, ident, home, []

    @property
    def now(self):
        return self.versions[-1]

    @property
    def deleted(self):
        return self.now.resource is None

    @property
    def ref(self):
        return f"{self.kind}/{self.id}"


def level_of(resource):
    codes = [c["code"] for c in resource.get("meta", {}).get("security", []) if c.get("system") == CONFIDENTIALITY]
    return max([LEVELS.index(c) for c in codes], default=LEVELS.index("N"))


class Caller:
    """Sees rows up to a level; a bound one those of its patient only."""

    def __init__(self, token, clearance="N", patient=None, writes=True):
        self.token, self.level, self.patient, self.writes = token, LEVELS.index(clearance), patient, writes

    def sees(self, row):
        return row is not None and row.now.level <= self.level and (self.patient is None or row.home == self.patient)


class Model:
    def __init__(self):
        self.rows = {}                  # "Type/id": Row

    def row(self, ref):
        return self.rows.get(ref)

    def home_of(self, resource):
        """The patient of a resource, as the Patient compartment has it for these types."""
        path = PATIENT_OF.get(resource["resourceType"])
        return resource[path]["reference"].split("/")[1] if path and path in resource else None

    def put(self, kind, ident, resource, method, version_id):
        home = ident if kind == "Patient" else self.home_of(resource)
        row = self.rows.setdefault(f"{kind}/{ident}", Row(kind, ident, home))
        row.versions.append(Version(resource, method, level_of(resource), version_id))

    def delete(self, row):
        row.versions.append(Version(None, "DELETE", row.now.level, None))

    def visible(self, caller, kind):
        return [r for r in self.rows.values() if r.kind == kind and not r.deleted and caller.sees(r)]

    # ---- search ----

    def matches(self, caller, row, clause):
        """A clause: (parameter, modifier, alternatives).  Chains and _has are parameters with dots and colons."""
        name, modifier, alternatives = clause
        if name.startswith("_has:"):
            return self.has(caller, row, name, modifier, alternatives)
        if "." in name:
            return self.chain(caller, row, name, modifier, alternatives)
        if name == "_id":
            return row.id in alternatives
        kind, values = PARAMETERS[row.kind][name]
        found = values(row.now.resource)
        if modifier == "missing":
            return (len(found) == 0) == (alternatives == ["true"])
        if modifier in ("below", "above"):
            return any(self.in_hierarchy(caller, found, modifier, a) for a in alternatives)
        hit = any(self.value_matches(kind, v, modifier, a) for v in found for a in alternatives)
        return not hit if modifier == "not" else hit

    def parents(self, caller, refs):
        rows = [self.row(ref) for ref in refs]
        return {p for o in rows if o is not None and not o.deleted and caller.sees(o) for p in PARAMETERS["Organization"]["partof"][1](o.now.resource)}

    def in_hierarchy(self, caller, refs, modifier, wanted):
        """organization:below and :above, by links that are seen, eight at most."""
        climbing, goal = (set(refs), {wanted}) if modifier == "below" else ({wanted}, set(refs))
        for step in range(9):
            there = climbing & goal
            if modifier == "above" and step > 0:        # the top is a link, too
                there = {ref for ref in there if not self.row(ref).deleted and caller.sees(self.row(ref))}
            if there:
                return True
            climbing = self.parents(caller, climbing)
        return False

    def targets(self, caller, row, name, kind):
        for ref in PARAMETERS[row.kind][name][1](row.now.resource):
            target = self.row(ref)
            if target is not None and not target.deleted and caller.sees(target) and target.kind == kind:
                yield target

    def chain(self, caller, row, name, modifier, alternatives):
        """subject:Patient.name, general-practitioner:Practitioner.family ..."""
        first, rest = name.split(".", 1)
        first, kind = first.split(":")
        return any(self.matches(caller, t, (rest, modifier, alternatives))
                   for t in self.targets(caller, row, first, kind))

    def has(self, caller, row, name, modifier, alternatives):
        """_has:Observation:patient:code"""
        _, kind, through, rest = name.split(":", 3)
        return any(row.ref in PARAMETERS[kind][through][1](other.now.resource)
                   and self.matches(caller, other, (rest, modifier, alternatives))
                   for other in self.visible(caller, kind))

    @staticmethod
    def value_matches(kind, value, modifier, wanted):
        if kind == "string":
            if modifier == "exact":
                return value == wanted
            if modifier == "contains":
                return fold(wanted) in fold(value)
            return any(fold(x).startswith(fold(wanted)) for x in (value.beginnings() if isinstance(value, Family) else [value]))
        if kind == "token":
            system, bar, text = wanted.rpartition("|")
            return (not bar or value[0] == system) and (text == "" or value[1] == text)
        if kind == "reference":
            return value == wanted or ("/" not in wanted and value.split("/")[1] == wanted)
        prefix, text = split_prefix(wanted)
        if kind == "date":
            return compare(prefix, value, interval(text))
        number, system, unit = (text.split("|") + ["", ""])[:3]
        if (system and value[1] != system) or (unit and value[2] != unit):
            return False
        return compare_number(prefix, value[0], number)

    def search(self, caller, kind, clauses):
        return [r for r in self.visible(caller, kind) if all(self.matches(caller, r, c) for c in clauses)]

    def includes(self, caller, rows, kind, name, target):
        """_include=kind:name[:target]"""
        found = {}
        for row in rows:
            if row.kind != kind:
                continue
            for ref in PARAMETERS[kind][name][1](row.now.resource):
                other = self.row(ref)
                if other is not None and not other.deleted and caller.sees(other) and target in (None, other.kind):
                    found[ref] = other
        return found

    def reverse_includes(self, caller, rows, kind, name):
        """_revinclude=kind:name"""
        refs = {r.ref for r in rows}
        return {o.ref: o for o in self.visible(caller, kind)
                if refs.intersection(PARAMETERS[kind][name][1](o.now.resource))}

    @staticmethod
    def sort_key(row, name):
        """(missing, key): missing ones are last, whichever the direction."""
        descending, name = name.startswith("-"), name.lstrip("-")
        kind, values = PARAMETERS[row.kind][name]
        found = values(row.now.resource)
        if not found:
            return None
        if kind == "string":
            keys = [fold(v).encode() for v in found]
        elif kind == "date":
            keys = [v[1] if descending else v[0] for v in found]
        elif kind == "quantity":
            keys = [v[0] for v in found]
        else:
            raise ValueError(kind)
        return max(keys) if descending else min(keys)

    def in_order(self, rows, names):
        """Is this list of rows in the order of these sort keys?"""
        return all(self.not_behind(a, b, names) for a, b in zip(rows, rows[1:]))

    def not_behind(self, a, b, names):
        for name in names:
            x, y = self.sort_key(a, name), self.sort_key(b, name)
            if x == y:
                continue
            if x is None or y is None:
                return y is None
            return x > y if name.startswith("-") else x < y
        return True


PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


def split_prefix(text):
    return (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)


def compare(prefix, value, wanted):
    """search.html#prefix, for intervals."""
    (low, high), (first, last) = value, wanted
    inside = first <= low and high <= last
    return {"eq": inside, "ne": not inside, "gt": high > last, "lt": low < first,
            "ge": high > last or inside, "le": low < first or inside, "sa": low > last, "eb": high < first}[prefix]


def compare_number(prefix, value, text):
    """search.html#number: eq and ne by the digits that were given, the others exactly."""
    number = float(text)
    digits = len(text.split(".")[1]) if "." in text else 0
    half = 0.5 * 10 ** -digits
    inside = number - half <= value < number + half
    return {"eq": inside, "ne": not inside, "gt": value > number, "lt": value < number, "ge": value >= number,
            "le": value <= number, "sa": value > number, "eb": value < number}[prefix]
