"""Hostile narratives: from public corpora (npm packages, pinned) and made here; and a judgement of
what is harmless that shares nothing with the server's."""
import hashlib
import html.parser
import itertools
import json
import os
import re
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree as ET

from firebreak import ROOT

XHTML = "http://www.w3.org/1999/xhtml"
PACKAGES = {
    # Big List of Naughty Strings
    "blns@2.0.4": "6446590fc0ef189853c3da04dee2e3c938450cc4506dc1f4d756324942be90072e787bda50345f58aa7b409ad06e56adf16cdc7a05b0545b8d77e5d9e3d2d139",
    # the last release of DOMPurify that ships its test vectors
    "dompurify@0.8.0": "3b122ec7eb24363f94a014c49aaf19c9a888a78b0da655e4d12b2ab9954a2eb32663139ff2170d32414a72f52720746670996454ee6e4facab34a07bd66113db",
    # tests after the OWASP filter evasion sheet
    "xss@0.2.10": "da91eed735d6ac2115a56996311b603eebe93bdc3a1a78d26d759a73471da5870fe9e213f5f0684774aeee130742511f8a65a089bc5e8a882af2e2ec8bb10fd0",
    # the second opinion
    "dompurify@3.4.18": "a1f7b7c08fee366ebc1c89c005814962a431470d4468a02335dac554aaa3518f9466eaef35dd8bfc7b907b4f7bb3fe118af5a26723fab53edaa13f1ab637e1c2",
}


def package_file(package, path):
    """One file of a pinned npm package, fetched once."""
    kept = os.path.join(ROOT, "build/test-packages", package.replace("@", "-") + ".tgz")
    if not os.path.exists(kept):
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            name = subprocess.run(["npm", "pack", "--silent", package], cwd=work, check=True,
                                  capture_output=True, text=True).stdout.strip().splitlines()[-1]
            os.replace(os.path.join(work, name), kept)
    with open(kept, "rb") as f:
        if hashlib.sha512(f.read()).hexdigest() != PACKAGES[package]:
            raise RuntimeError(package + " has another checksum than the pinned one")
    with tarfile.open(kept) as tar:
        return tar.extractfile("package/" + path).read().decode("utf-8")


def literal(text):
    """What a JavaScript string literal says; None when it is none that is simple."""
    try:
        text = re.sub(r"\\x([0-9a-fA-F]{2})", r"\\u00\1", text.replace("\\0", "\\u0000"))
        text = re.sub(r'(?<!\\)"', '\\"', text.replace("\\'", "'"))
        return json.loads('"' + text + '"')
    except ValueError:
        return None


def public():
    """Vectors as published, by where they come from."""
    naughty = json.loads(package_file("blns@2.0.4", "resources/blns.json"))
    yield from (("blns", v) for v in naughty if re.search(r"[<>]|javascript|on\w+=", v))
    purify = package_file("dompurify@0.8.0", "test/fixtures/expect.js")
    yield from (("dompurify", row["payload"]) for row in json.loads(purify[purify.index("["):purify.rindex("]") + 1]))
    for quoted in re.findall(r"xss\('((?:[^'\\\n]|\\.)*)'", package_file("xss@0.2.10", "test/test_xss.js")):
        vector = literal(quoted)
        if vector and re.search(r"[<>]", vector):
            yield "owasp", vector


VOID = {"br", "hr", "img", "col", "area", "input", "link", "meta", "base", "embed", "param", "source", "track", "wbr"}


class Tidy(html.parser.HTMLParser):
    """HTML as it comes to well-formed XML with the same names and values."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.out, self.open = [], []

    @staticmethod
    def escape(text):
        text = re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")

    def handle_starttag(self, tag, attributes):
        tag = re.sub(r"[^A-Za-z0-9._-]", "", tag)
        if not re.match(r"[A-Za-z]", tag):
            return
        names = {}
        for name, value in attributes:
            name = re.sub(r"[^A-Za-z0-9._-]", "", name)
            if re.match(r"[A-Za-z_]", name):
                names.setdefault(name, self.escape(value or ""))
        names.pop("xmlns", None)
        self.out.append("<" + tag + "".join(f' {n}="{v}"' for n, v in names.items()) + ("/>" if tag in VOID else ">"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while (last := self.open.pop()) != tag:
                self.out.append(f"</{last}>")
            self.out.append(f"</{tag}>")

    def handle_data(self, data):
        self.out.append(self.escape(data))

    def done(self):
        self.close()
        return "".join(self.out) + "".join(f"</{tag}>" for tag in reversed(self.open))


def tidied(vector):
    tidy = Tidy()
    try:
        tidy.feed(vector)
        return tidy.done()
    except (AssertionError, ValueError):
        return None


CANARY = "new Image().src='http://canary.test/own'"
SCHEMES = ["javascript:", "JaVaScRiPt:", " javascript:", "java\tscript:", "java\nscript:", "javascript\t:",
           "vbscript:", "data:text/html,", "data:text/html;base64,", "file:///", "blob:", "filesystem:", "view-source:",
           "//canary.test/", "/\\canary.test/", "\\\\canary.test\\", "http:canary.test", "https:/canary.test",
           "jar:", "feed:javascript:", "intent:", "about:", "ws://canary.test/", "ftp://canary.test/", "http://a@canary.test/",
           "javascript%3A", "java%0ascript:", "x:javascript:", "\u00a0javascript:", "\u2028javascript:", "JAVASCRIPT&colon;"]
STYLES = ["background:url(http://canary.test/s)", "background-image:url('//canary.test/s')", "list-style:url(http://canary.test/s)",
          "width:expression(alert(1))", "behavior:url(http://canary.test/s)", "-moz-binding:url(http://canary.test/s)",
          "position:fixed;top:0;left:0;width:9999px;height:9999px", "position:absolute;top:-100px", "margin:-1000px",
          "transform:scale(100)", "content:url(http://canary.test/s)", "cursor:url(http://canary.test/s),auto",
          "display:none", "visibility:hidden", "opacity:0", "font-size:0", "color:transparent", "text-indent:-9999px",
          "color:#fff;background-color:#fff", "clip:rect(0,0,0,0)", "overflow:hidden;height:0", "line-height:0",
          "@import url(http://canary.test/s);", "color:red}*{background:url(http://canary.test/s)", "c\\6flor:red",
          "background:\\75rl(http://canary.test/s)", "back/**/ground:url(http://canary.test/s)", "--x:url(http://canary.test/s)",
          "background:var(--x)", "background:image-set('http://canary.test/s' 1x)", "mask:url(http://canary.test/s)",
          "border-image:url(http://canary.test/s)", "filter:url(http://canary.test/s)", "src:url(http://canary.test/s)",
          "z-index:9999;position:relative", "float:left;margin-left:-500px", "color:red !important", "animation:x 1s",
          "background:url(data:text/html,x)", "background-image:url(data:image/svg+xml;base64,PHN2Zz4=)"]
ELEMENTS = ["script", "style", "iframe", "object", "embed", "applet", "form", "input", "button", "select", "textarea", "svg",
            "math", "template", "noscript", "base", "link", "meta", "video", "audio", "source", "frame", "frameset", "marquee",
            "isindex", "xmp", "plaintext", "listing", "title", "body", "html", "head", "canvas", "dialog", "details", "portal",
            "slot", "keygen", "menuitem", "font", "center", "ins", "del", "x-custom"]
HANDLERS = ["onclick", "onerror", "onload", "onmouseover", "onfocus", "onbegin", "ontoggle", "onanimationstart", "onpointerenter",
            "onbeforetoggle", "onscroll", "onwheel", "ONCLICK"]


def attribute(value):
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")


def own():
    """Well-formed ones, so that the reader has to judge and not the grammar."""
    for scheme in SCHEMES:
        yield f'<a href="{attribute(scheme + CANARY)}">a</a>'
        yield f'<p>a</p><img src="{attribute(scheme + CANARY)}" alt="a"/>'
        yield f'<blockquote cite="{attribute(scheme + CANARY)}">a</blockquote>'
    for style in STYLES:
        yield f'<p style="{attribute(style)}">a</p>'
        yield f'<table style="{attribute(style)}"><tr><td style="{attribute(style)}">a</td></tr></table>'
    for element in ELEMENTS:
        yield f'<p>a</p><{element} src="http://canary.test/e" href="http://canary.test/e" data="http://canary.test/e">{CANARY}</{element}>'
        yield f'<p>a</p><{element}><img src="x" onerror="{CANARY}"/></{element}>'
    for handler in HANDLERS:
        yield f'<p {handler}="{CANARY}" tabindex="1">a</p>'
        yield f'<img src="x" {handler}="{CANARY}" alt="a"/>b'
    # what HTML parsers read in another way than XML parsers
    inner = f'&lt;/title&gt;&lt;img src=x onerror={CANARY}&gt;'
    for tag in ("p", "a", "td", "noscript", "svg", "math", "style", "title", "textarea", "xmp"):
        yield f'<div>a<{tag} title="{inner}">b</{tag}></div>'
    for outer, middle in itertools.product(("table", "tr", "p", "a", "h1", "ul", "pre", "caption", "colgroup", "dl"), repeat=2):
        yield f'<{outer}><{middle}><div>a</div><table><tr><td>b</td></tr></table></{middle}></{outer}>'
    yield f'<svg xmlns="http://www.w3.org/2000/svg"><script>{CANARY}</script></svg>a'
    yield f'<math xmlns="http://www.w3.org/1998/Math/MathML"><mtext><img src="x" onerror="{CANARY}"/></mtext></math>a'
    yield f'<div>a</div><!-- --><![CDATA[<img src=x onerror={CANARY}>]]>'
    yield f'<p>&lt;script&gt;{CANARY}&lt;/script&gt;</p>'
    yield f'<p>&amp;lt;img src=x onerror={CANARY}&amp;gt;</p>'
    yield '<p id="body" class="json">a</p><a name="documentElement" id="location">b</a>'
    yield '<p id="x">a</p><p id="x">b</p>'
    yield '</div></section><script>' + CANARY + '</script><section><div>'
    yield '<b>' * 60 + 'a' + '</b>' * 60
    yield '<h:p xmlns:h="http://www.w3.org/1999/xhtml" onclick="' + CANARY + '">a</h:p>'


def in_div(inside):
    return f'<div xmlns="{XHTML}">{inside}</div>'


def corpus():
    """All of them once: (where from, div)."""
    seen = set()
    vectors = list(public())
    rows = [(source, vector) for source, vector in vectors]
    rows += [(source + " as XML", tidy) for source, vector in vectors if (tidy := tidied(vector)) is not None]
    rows += [("own", vector) for vector in own()]
    for source, vector in rows:
        if vector not in seen:
            seen.add(vector)
            yield source, in_div(vector)


# A judgement of its own

ELEMENTS_GOOD = set("""p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address
bdo kbd sub sup ul ol li dl dt dd pre table caption colgroup col thead tr tfoot tbody th td code samp img map area""".split())
ATTRIBUTES_GOOD = set("""title style class id lang dir accesskey tabindex span width align valign char charoff abbr axis headers scope
rowspan colspan href name charset type hreflang rel rev shape coords src alt longdesc height usemap ismap border nohref summary frame
rules cellspacing cellpadding cite nowrap bgcolor hspace vspace start value compact""".split())
LINK_GOOD = re.compile(r"(?:(?:https?://[^/?#\\@\s]+)|mailto:|tel:|(?![a-z0-9+.-]*(?::|%3a))(?!//))[^\s\\<>\x00-\x1f]*\Z", re.I)
IMAGE_GOOD = re.compile(r"#\S+\Z|data:\s?image/(png|gif|jpe?g);base64,[A-Za-z0-9+/=\s]+\Z|[A-Za-z0-9][A-Za-z0-9./_-]*\Z")
STYLE_BAD = re.compile(r"expression|position\s*:|@|\\|javascript|behavior|binding|/\*|display\s*:\s*none|visibility|opacity|"
                       r"url\((?!\s*['\"]?\s*data:\s?image/(png|gif|jpe?g);base64,)|-\d|transform|content\s*:|z-index|[{}]|!|var\(", re.I)


def harm(div):
    """Why a div is not harmless, or None."""
    try:
        root = ET.fromstring(div)
    except ET.ParseError as e:
        return f"not XML: {e}"
    if root.tag != f"{{{XHTML}}}div":
        return "root " + root.tag
    for e in root.iter():
        if not isinstance(e.tag, str) or e.tag[len(XHTML) + 2:] not in ELEMENTS_GOOD or not e.tag.startswith("{" + XHTML):
            return f"element {e.tag}"
        for name, value in e.attrib.items():
            if name.startswith("{http://www.w3.org/XML/1998/namespace}"):
                continue
            if name not in ATTRIBUTES_GOOD:
                return f"attribute {name}"
            if name in ("href", "cite", "longdesc") and not LINK_GOOD.match(value):
                return f"link {value}"
            if name == "src" and not IMAGE_GOOD.match(value):
                return f"image {value[:60]}"
            if name == "style" and STYLE_BAD.search(value):
                return f"style {value[:60]}"
    return None
