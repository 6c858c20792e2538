/* xhtml_names.c -- what a narrative may have: HTML 4.0 chapters 7 to 11 (but 9.4) and
 * 15, a, images and style attributes (R4 narrative.html, txt-1), as the reference
 * implementation lists them.  And what it must not have, by name, so that a report
 * can name it without repeating what was sent. */
#include "text/xhtml_names.h"

#define B ELEMENT_BLOCK
#define V ELEMENT_VOID
#define H (ELEMENT_BLOCK | ELEMENT_HEADING)
#define C ELEMENT_CELL
#define ROWS "tr"

static const struct xhtml_element elements[] = {
	{ "a", 0, NULL, NULL },          { "abbr", 0, NULL, NULL },    { "acronym", 0, NULL, NULL },
	{ "address", B, NULL, NULL },    { "area", V, "map", NULL },   { "b", 0, NULL, NULL },
	{ "bdo", 0, NULL, NULL },        { "big", 0, NULL, NULL },     { "blockquote", B, NULL, NULL },
	{ "br", V, NULL, NULL },         { "caption", C, "table", NULL }, { "cite", 0, NULL, NULL },
	{ "code", 0, NULL, NULL },       { "col", V, "colgroup table", NULL },
	{ "colgroup", 0, "table", "col" },
	{ "dd", B, "dl", NULL },         { "dfn", 0, NULL, NULL },     { "div", B, NULL, NULL },
	{ "dl", B, NULL, NULL },         { "dt", B, "dl", NULL },      { "em", 0, NULL, NULL },
	{ "h1", H, NULL, NULL },         { "h2", H, NULL, NULL },      { "h3", H, NULL, NULL },
	{ "h4", H, NULL, NULL },         { "h5", H, NULL, NULL },      { "h6", H, NULL, NULL },
	{ "hr", B | V, NULL, NULL },     { "i", 0, NULL, NULL },       { "img", V, NULL, NULL },
	{ "kbd", 0, NULL, NULL },        { "li", B, "ul ol", NULL },   { "map", 0, NULL, NULL },
	{ "ol", B, NULL, NULL },         { "p", B, NULL, NULL },       { "pre", B, NULL, NULL },
	{ "q", 0, NULL, NULL },          { "samp", 0, NULL, NULL },    { "small", 0, NULL, NULL },
	{ "span", 0, NULL, NULL },       { "strong", 0, NULL, NULL },  { "sub", 0, NULL, NULL },
	{ "sup", 0, NULL, NULL },
	{ "table", B, NULL, "caption colgroup col thead tbody tfoot tr" },
	{ "tbody", 0, "table", ROWS },   { "td", C, "tr", NULL },      { "tfoot", 0, "table", ROWS },
	{ "th", C, "tr", NULL },         { "thead", 0, "table", ROWS },
	{ "tr", 0, "table thead tbody tfoot", "td th" },
	{ "tt", 0, NULL, NULL },         { "ul", B, NULL, NULL },      { "var", 0, NULL, NULL },
};

/* The first lot takes its content with it; of the second the content is kept. */
static const char *const unwanted[] = { "applet", "audio", "base", "button", "canvas", "colspan",
	"datalist", "dialog", "embed", "frame", "frameset", "head", "iframe", "iframes", "input", "link",
	"listing", "math", "menuitem", "meta", "noembed", "noframes", "noscript", "object", "optgroup",
	"option", "param", "picture", "plaintext", "portal", "script", "select", "source", "style", "svg",
	"template", "textarea", "title", "track", "video", "xml", "xmp", "xss" };
static const char *const unwrapped[] = { "article", "aside", "basefont", "bdi", "body", "center",
	"data", "del", "details", "dir", "fieldset", "figcaption", "figure", "font", "footer", "form",
	"header", "hgroup", "html", "ins", "isindex", "label", "legend", "main", "mark", "marquee", "menu",
	"meter", "nav", "nobr", "output", "progress", "rp", "rt", "ruby", "s", "search", "section", "slot",
	"strike", "summary", "time", "u", "wbr" };

static const char *const unwanted_attributes[] = { "action", "autofocus", "autoplay", "background",
	"contenteditable", "data", "datasrc", "dynsrc", "fetchpriority", "form", "formaction", "hidden",
	"http-equiv", "is", "loading", "lowsrc", "onabort", "onafterprint", "onanimationend",
	"onanimationstart", "onauxclick", "onbeforecopy", "onbeforeinput", "onbeforetoggle", "onbeforeunload",
	"onblur", "oncanplay", "onchange", "onclick", "onclose", "oncontextmenu", "oncopy", "oncut",
	"ondblclick", "ondrag", "ondrop", "onend", "onerror", "onfinish", "onfocus", "onfocusin",
	"onhashchange", "oninput", "oninvalid", "onkeydown", "onkeypress", "onkeyup", "onload", "onloadend",
	"onloadstart", "onmessage", "onmousedown", "onmouseenter", "onmouseleave", "onmousemove",
	"onmouseout", "onmouseover", "onmouseup", "onmousewheel", "onpageshow", "onpaste", "onplay",
	"onpointerdown", "onpointerenter", "onpointerover", "onpointerrawupdate", "onpopstate",
	"onpropertychange", "onreadystatechange", "onreset", "onresize", "onscroll", "onscrollend",
	"onsearch", "onselect", "onstart", "onstorage", "onsubmit", "ontoggle", "ontouchstart",
	"ontransitionend", "onunload", "onwheel", "part", "ping", "popover", "poster", "slot", "srcdoc",
	"srcset", "target", "xlink:href", "xml:base" };

static const struct xhtml_attribute attributes[] = {
	{ "title", NULL, VALUE_TEXT, 0 },        { "style", NULL, VALUE_STYLE, 0 },
	{ "class", NULL, VALUE_TEXT, 0 },        { "id", NULL, VALUE_ID, 0 },
	{ "lang", NULL, VALUE_WORD, 0 },         { "xml:lang", NULL, VALUE_WORD, ATTRIBUTE_NOT_SHOWN },
	{ "dir", NULL, VALUE_WORD, 0 },          { "accesskey", NULL, VALUE_TEXT, ATTRIBUTE_NOT_SHOWN },
	{ "tabindex", NULL, VALUE_NUMBER, ATTRIBUTE_NOT_SHOWN },
	{ "xmlns", NULL, VALUE_NAMESPACE, ATTRIBUTE_NOT_SHOWN },
	/* tables */
	{ "span", NULL, VALUE_NUMBER, 0 },       { "width", NULL, VALUE_LENGTH, 0 },
	{ "align", NULL, VALUE_WORD, 0 },        { "valign", NULL, VALUE_WORD, 0 },
	{ "char", NULL, VALUE_TEXT, 0 },         { "charoff", NULL, VALUE_LENGTH, 0 },
	{ "abbr", NULL, VALUE_TEXT, 0 },         { "axis", NULL, VALUE_TEXT, 0 },
	{ "headers", NULL, VALUE_TEXT, ATTRIBUTE_NOT_SHOWN },
	{ "scope", NULL, VALUE_WORD, 0 },        { "rowspan", NULL, VALUE_NUMBER, 0 },
	{ "colspan", NULL, VALUE_NUMBER, 0 },    { "summary", "table", VALUE_TEXT, 0 },
	{ "border", "table img", VALUE_LENGTH, 0 }, { "frame", "table", VALUE_WORD, 0 },
	{ "rules", "table", VALUE_WORD, 0 },     { "cellspacing", "table", VALUE_LENGTH, 0 },
	{ "cellpadding", "table", VALUE_LENGTH, 0 }, { "nowrap", "td th", VALUE_WORD, 0 },
	{ "bgcolor", "table tr td th", VALUE_COLOR, 0 }, { "height", "td th img table", VALUE_LENGTH, 0 },
	/* links and images */
	{ "href", "a area", VALUE_LINK, 0 },     { "name", "a", VALUE_ANCHOR, 0 },
	{ "charset", "a", VALUE_WORD, ATTRIBUTE_NOT_SHOWN }, { "type", "a", VALUE_TEXT, ATTRIBUTE_NOT_SHOWN },
	{ "hreflang", "a", VALUE_WORD, 0 },      { "rel", "a", VALUE_TEXT, ATTRIBUTE_NOT_SHOWN },
	{ "rev", "a", VALUE_TEXT, ATTRIBUTE_NOT_SHOWN }, { "shape", "a area", VALUE_WORD, 0 },
	{ "coords", "a area", VALUE_TEXT, 0 },   { "nohref", "area", VALUE_WORD, 0 },
	{ "alt", "img area", VALUE_TEXT, 0 },    { "src", "img", VALUE_IMAGE, 0 },
	{ "longdesc", "img", VALUE_LINK, ATTRIBUTE_NOT_SHOWN },
	{ "usemap", "img", VALUE_FRAGMENT, ATTRIBUTE_NOT_SHOWN },
	{ "ismap", "img", VALUE_WORD, ATTRIBUTE_NOT_SHOWN }, { "hspace", "img", VALUE_LENGTH, 0 },
	{ "vspace", "img", VALUE_LENGTH, 0 },    { "name", "map", VALUE_ANCHOR, 0 },
	{ "cite", "blockquote q", VALUE_LINK, ATTRIBUTE_NOT_SHOWN },
	/* text and lists */
	{ "xml:space", "pre", VALUE_WORD, ATTRIBUTE_NOT_SHOWN }, { "start", "ol", VALUE_NUMBER, 0 },
	{ "value", "li", VALUE_NUMBER, 0 },      { "compact", "ul ol dl", VALUE_WORD, 0 },
	{ "type", "ul ol li", VALUE_WORD, 0 },
};

/* No position, transform, opacity, clip, overflow, content, cursor, z-index, filter,
 * animation: nothing that leaves its box, moves, fetches or hides. */
static const struct xhtml_property properties[] = {
	{ "background", STYLE_COLOR | STYLE_WORD },
	{ "background-color", STYLE_COLOR | STYLE_WORD },
	{ "background-image", STYLE_IMAGE | STYLE_WORD },
	{ "background-repeat", STYLE_WORD },
	{ "border", STYLE_LENGTH | STYLE_COLOR | STYLE_WORD },
	{ "border-bottom", STYLE_LENGTH | STYLE_COLOR | STYLE_WORD },
	{ "border-bottom-color", STYLE_COLOR | STYLE_WORD },
	{ "border-bottom-style", STYLE_WORD },
	{ "border-bottom-width", STYLE_LENGTH | STYLE_WORD },
	{ "border-collapse", STYLE_WORD },
	{ "border-color", STYLE_COLOR | STYLE_WORD },
	{ "border-left", STYLE_LENGTH | STYLE_COLOR | STYLE_WORD },
	{ "border-left-color", STYLE_COLOR | STYLE_WORD },
	{ "border-left-style", STYLE_WORD },
	{ "border-left-width", STYLE_LENGTH | STYLE_WORD },
	{ "border-right", STYLE_LENGTH | STYLE_COLOR | STYLE_WORD },
	{ "border-right-color", STYLE_COLOR | STYLE_WORD },
	{ "border-right-style", STYLE_WORD },
	{ "border-right-width", STYLE_LENGTH | STYLE_WORD },
	{ "border-spacing", STYLE_LENGTH },
	{ "border-style", STYLE_WORD },
	{ "border-top", STYLE_LENGTH | STYLE_COLOR | STYLE_WORD },
	{ "border-top-color", STYLE_COLOR | STYLE_WORD },
	{ "border-top-style", STYLE_WORD },
	{ "border-top-width", STYLE_LENGTH | STYLE_WORD },
	{ "border-width", STYLE_LENGTH | STYLE_WORD },
	{ "clear", STYLE_WORD },
	{ "color", STYLE_COLOR | STYLE_WORD },
	{ "direction", STYLE_WORD },
	{ "display", STYLE_SHOWS },
	{ "empty-cells", STYLE_SHOWS },
	{ "float", STYLE_WORD },
	{ "font-family", STYLE_WORD | STYLE_STRING },
	{ "font-size", STYLE_SIZE | STYLE_WORD },
	{ "font-style", STYLE_WORD },
	{ "font-variant", STYLE_WORD },
	{ "font-weight", STYLE_WORD | STYLE_LENGTH },
	{ "height", STYLE_LENGTH | STYLE_WORD },
	{ "line-height", STYLE_SIZE | STYLE_WORD },
	{ "list-style-type", STYLE_WORD },
	{ "margin", STYLE_LENGTH | STYLE_WORD },
	{ "margin-bottom", STYLE_LENGTH | STYLE_WORD },
	{ "margin-left", STYLE_LENGTH | STYLE_WORD },
	{ "margin-right", STYLE_LENGTH | STYLE_WORD },
	{ "margin-top", STYLE_LENGTH | STYLE_WORD },
	{ "max-width", STYLE_LENGTH | STYLE_WORD },
	{ "min-height", STYLE_LENGTH | STYLE_WORD },
	{ "min-width", STYLE_LENGTH | STYLE_WORD },
	{ "padding", STYLE_LENGTH },
	{ "padding-bottom", STYLE_LENGTH },
	{ "padding-left", STYLE_LENGTH },
	{ "padding-right", STYLE_LENGTH },
	{ "padding-top", STYLE_LENGTH },
	{ "page-break-after", STYLE_WORD },
	{ "page-break-before", STYLE_WORD },
	{ "page-break-inside", STYLE_WORD },
	{ "table-layout", STYLE_WORD },
	{ "text-align", STYLE_WORD },
	{ "text-decoration", STYLE_WORD },
	{ "text-transform", STYLE_WORD },
	{ "vertical-align", STYLE_WORD },
	{ "white-space", STYLE_WORD },
	{ "width", STYLE_LENGTH | STYLE_WORD },
	{ "word-break", STYLE_WORD },
	{ "word-wrap", STYLE_WORD },
};

bool
xhtml_listed(const char *list, struct slice word)
{
	struct slice rest = slice_of(list);

	while (rest.len > 0)
		if (slice_eq(slice_cut(&rest, ' '), word))
			return true;
	return false;
}

const struct xhtml_element *
xhtml_element(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(elements); i++)
		if (slice_is(name, elements[i].name))
			return &elements[i];
	return NULL;
}

static const char *
named(const char *const *list, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++)
		if (slice_eq_nocase(name, slice_of(list[i])))
			return list[i];
	return NULL;
}

const char *
xhtml_unwanted(struct slice name, bool *drops)
{
	const char *bad = named(unwanted, COUNT_OF(unwanted), name);

	*drops = bad != NULL;
	return bad != NULL ? bad : named(unwrapped, COUNT_OF(unwrapped), name);
}

const struct xhtml_attribute *
xhtml_attribute(const struct xhtml_element *e, struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(attributes); i++)
		if (slice_is(name, attributes[i].name) && (attributes[i].elements == NULL
		    || xhtml_listed(attributes[i].elements, slice_of(e->name))))
			return &attributes[i];
	return NULL;
}

const char *
xhtml_unwanted_attribute(struct slice name)
{
	return named(unwanted_attributes, COUNT_OF(unwanted_attributes), name);
}

const struct xhtml_property *
xhtml_property(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(properties); i++)
		if (slice_eq_nocase(name, slice_of(properties[i].name)))
			return &properties[i];
	return NULL;
}
