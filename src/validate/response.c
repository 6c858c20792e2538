/* response.c -- a QuestionnaireResponse against its Questionnaire
 * (questionnaireresponse.html#notes).
 *
 * The Questionnaire is contained, in the Bundle around it, or what the caller
 * finds by its canonical url; it may be of another text, so a question is a
 * node of that.  Without it the answers are not checked. */
#include "validate/answer.h"

#include "fhir/names.h"

struct asking {
	const struct json *q;
	struct names      all;          /* linkId -> item of the Questionnaire */
	struct names      answered;     /* linkId -> first item of the response */
	bool              complete;     /* the status says so: what is required is there */
};

static bool
is_object(const struct json *j, uint32_t node)
{
	return node != 0 && json_type(j, node) == JSON_OBJECT;
}

/* Of a resource, which may be the root: node 0. */
static uint32_t
list_in(const struct json *j, uint32_t resource, struct slice name)
{
	uint32_t list = json_get(j, resource, name);

	return list != 0 && json_type(j, list) == JSON_ARRAY ? list : 0;
}

static uint32_t
list_of(const struct json *j, uint32_t object, struct slice name)
{
	return is_object(j, object) ? list_in(j, object, name) : 0;
}

static uint32_t
first_of(const struct json *j, uint32_t list)
{
	return list == 0 ? 0 : json_first(j, list);
}

static struct slice
text_of(struct walk *w, const struct json *j, uint32_t object, const char *name)
{
	return json_string(j, is_object(j, object) ? json_get(j, object, slice_of(name)) : 0, w->arena);
}

static bool
says(const struct json *j, uint32_t object, const char *name)
{
	uint32_t node = json_get(j, object, slice_of(name));

	return node != 0 && json_type(j, node) == JSON_TRUE;
}

/* "valueCoding" of an answer: its value, and the name behind "value". */
static uint32_t
choice_of(const struct json *j, uint32_t object, const char *prefix, struct slice *type)
{
	for (uint32_t n = is_object(j, object) ? json_first(j, object) : 0; n != 0;
	    n = json_next(j, object, n)) {
		struct slice name = json_raw(j, n);

		if (slice_starts(name, slice_of(prefix)) && name.len > strlen(prefix)) {
			*type = slice_sub(name, strlen(prefix), name.len);
			return n + 1;
		}
	}
	*type = SLICE_NONE;
	return 0;
}

/* Types of items and the types of their answers. */
static const struct {
	const char *item, *answer, *other;
} kinds[] = {
	{ "boolean", "Boolean", "" }, { "decimal", "Decimal", "" }, { "integer", "Integer", "" },
	{ "date", "Date", "" }, { "dateTime", "DateTime", "" }, { "time", "Time", "" },
	{ "string", "String", "" }, { "text", "String", "" }, { "url", "Uri", "" },
	{ "open-choice", "Coding", "String" }, { "attachment", "Attachment", "" },
	{ "reference", "Reference", "" }, { "quantity", "Quantity", "" },
};

/* A choice may be among values of any type that its options have. */
static bool
type_fits(struct slice item, struct slice answer, bool has_options)
{
	if (slice_is(item, "choice") || slice_is(item, "open-choice"))
		if (has_options || slice_is(answer, "Coding"))
			return true;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_is(item, kinds[i].item))
			return slice_is(answer, kinds[i].answer)
			    || (kinds[i].other[0] != '\0' && slice_is(answer, kinds[i].other));
	return false;
}

/* Values */

static bool
texts_equal(struct walk *w, const struct json *a, uint32_t x, const struct json *b, uint32_t y)
{
	if (json_type(a, x) == JSON_STRING && json_type(b, y) == JSON_STRING)
		return slice_eq(json_string(a, x, w->arena), json_string(b, y, w->arena));
	return json_type(a, x) == json_type(b, y) && slice_eq(json_raw(a, x), json_raw(b, y));
}

/* Of a Coding system and code, of a Reference what it refers to, of a Quantity value and code. */
static bool
values_equal(struct walk *w, const struct json *a, uint32_t x, const struct json *b, uint32_t y)
{
	static const struct slice members[] = { SLICE_INIT("system"), SLICE_INIT("code"),
		SLICE_INIT("reference"), SLICE_INIT("value") };

	if (!is_object(a, x) || !is_object(b, y))
		return texts_equal(w, a, x, b, y);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		uint32_t m = json_get(a, x, members[i]), n = json_get(b, y, members[i]);

		if ((m != 0) != (n != 0) && !(i == 0 && n == 0))
			return false;
		if (m != 0 && n != 0 && !texts_equal(w, a, m, b, n))
			return false;
	}
	return true;
}

/* enableWhen */

static bool
answer_meets(struct walk *w, struct asking *a, struct slice operator, uint32_t answer, uint32_t wanted)
{
	struct slice type;
	uint32_t value = choice_of(w->json, answer, "value", &type);
	bool known;
	int order;

	if (value == 0)
		return false;
	if (slice_is(operator, "="))
		return values_equal(w, w->json, value, a->q, wanted);
	if (slice_is(operator, "!="))
		return !values_equal(w, w->json, value, a->q, wanted);
	order = value_order(w, w->json, value, a->q, wanted, &known);
	if (!known)
		return true;                    /* not decided here */
	if (slice_is(operator, ">"))
		return order > 0;
	if (slice_is(operator, "<"))
		return order < 0;
	return slice_is(operator, ">=") ? order >= 0 : order <= 0;
}

static bool
condition_holds(struct walk *w, struct asking *a, uint32_t when)
{
	struct slice operator = text_of(w, a->q, when, "operator"), type;
	uint32_t item = names_find(&a->answered, text_of(w, a->q, when, "question"));
	uint32_t wanted = choice_of(a->q, when, "answer", &type);
	uint32_t list = item == NAME_UNKNOWN ? 0 : list_of(w->json, item, SLICE("answer"));

	if (slice_is(operator, "exists"))
		return wanted != 0 && (list != 0) == (json_type(a->q, wanted) == JSON_TRUE);
	for (uint32_t n = first_of(w->json, list); n != 0; n = json_next(w->json, list, n))
		if (wanted != 0 && answer_meets(w, a, operator, n, wanted))
			return true;
	return false;
}

/* SDC's enableWhenExpression, about the response; what it cannot decide is not decided. */
static enum known
is_enabled_by(struct walk *w, struct slice expression)
{
	struct items found = { 0 };

	if (!evaluate_expression(w, expression, w->resource, &found))
		return UNKNOWN;
	return items_are_true(w, &found) ? KNOWN_YES : KNOWN_NO;
}

static enum known
is_enabled(struct walk *w, struct asking *a, uint32_t question)
{
	uint32_t list = list_of(a->q, question, SLICE("enableWhen"));
	bool any = !slice_is(text_of(w, a->q, question, "enableBehavior"), "all");
	struct slice expression = question_enabled_by(w, a->q, question);

	if (expression.len > 0)
		return is_enabled_by(w, expression);
	if (list == 0)
		return KNOWN_YES;
	for (uint32_t n = json_first(a->q, list); n != 0; n = json_next(a->q, list, n))
		if (condition_holds(w, a, n) == any)
			return any ? KNOWN_YES : KNOWN_NO;
	return any ? KNOWN_NO : KNOWN_YES;
}

/* Answers */

static bool
is_among_options(struct walk *w, struct asking *a, uint32_t options, uint32_t value, bool open)
{
	struct slice type;

	if (open && json_type(w->json, value) == JSON_STRING)
		return true;
	for (uint32_t n = json_first(a->q, options); n != 0; n = json_next(a->q, options, n)) {
		uint32_t option = choice_of(a->q, n, "value", &type);

		w->profile_steps++;
		if (option != 0 && values_equal(w, w->json, value, a->q, option))
			return true;
	}
	return w->profile_steps > w->limits->of[LIMIT_PROFILE_STEPS];
}

/* A string stands for a code of whatever system; beside the choices of an open one it may be anything. */
static bool
is_in_set(struct walk *w, struct asking *a, uint32_t question, uint32_t value, bool open)
{
	struct slice url = text_of(w, a->q, question, "answerValueSet");

	if (url.len == 0 || (open && !is_object(w->json, value)))
		return true;
	if (is_object(w->json, value))
		return set_may_have(w, url, walk_text(w, value, SLICE("system")), walk_text(w, value, SLICE("code")));
	return json_type(w->json, value) != JSON_STRING
	    || set_may_have(w, url, SLICE_NONE, json_string(w->json, value, w->arena));
}

static void
check_items(struct walk *, const struct step *, struct asking *, uint32_t answers, uint32_t questions);

static struct step
step_to_value(struct walk *w, const struct step *answer, uint32_t value)
{
	const struct type *type = pack_type(w->pack, SLICE("QuestionnaireResponse.item.answer"));
	const struct element_type *which = NULL;
	const struct element *e = type == NULL ? NULL
	    : pack_member(w->pack, type, json_raw(w->json, value - 1), &which);

	return (struct step){ answer, SLICE("value"), -1, e == NULL ? NULL : which->type,
		e == NULL ? NULL : which->type, e, value };
}

/* A Coding and an Attachment are looked at as the answer that they are; of others the value is meant. */
static void
check_value(struct walk *w, const struct step *at, struct asking *a, uint32_t value, uint32_t question,
    struct slice type)
{
	struct slice kind = text_of(w, a->q, question, "type");
	uint32_t options = list_of(a->q, question, SLICE("answerOption"));
	bool open = slice_is(kind, "open-choice");
	struct step here = step_to_value(w, at, value);
	const struct step *whole = slice_is(type, "Coding") || slice_is(type, "Attachment") ? at : &here;

	if (!type_fits(kind, type, options != 0))
		complain(w, &here, value, MESSAGE_response_type, SLICE_NONE);
	else if (options != 0 && !is_among_options(w, a, options, value, open))
		complain(w, whole, value, MESSAGE_response_option, SLICE_NONE);
	else if (!is_in_set(w, a, question, value, open))
		complain(w, whole, value, open ? MESSAGE_response_option_open : MESSAGE_response_option, SLICE_NONE);
	check_answer_limits(w, whole, a->q, question, value);
}

static void
check_answer(struct walk *w, const struct step *at, struct asking *a, uint32_t answer, uint32_t question)
{
	struct slice type;
	uint32_t value = choice_of(w->json, answer, "value", &type);

	if (value != 0)
		check_value(w, at, a, value, question, type);
	check_items(w, at, a, list_of(w->json, answer, SLICE("item")), list_of(a->q, question, SLICE("item")));
}

static bool
is_exclusive(struct walk *w, struct asking *a, uint32_t question, uint32_t answer)
{
	uint32_t options = list_of(a->q, question, SLICE("answerOption"));
	struct slice type;
	uint32_t value = choice_of(w->json, answer, "value", &type);

	for (uint32_t n = value == 0 ? 0 : first_of(a->q, options); n != 0; n = json_next(a->q, options, n)) {
		uint32_t option = choice_of(a->q, n, "value", &type);

		if (option != 0 && answer_option_is_exclusive(a->q, n)
		    && values_equal(w, w->json, value, a->q, option))
			return true;
	}
	return false;
}

static void
check_answers(struct walk *w, const struct step *item, struct asking *a, uint32_t list, uint32_t question)
{
	struct step at = { item, SLICE("answer"), 0, NULL, NULL, NULL, 0 };

	if (json_size(w->json, list) > 1 && !says(a->q, question, "repeats"))
		complain(w, item, list, MESSAGE_response_repeats, SLICE_NONE);
	for (uint32_t n = json_first(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		check_answer(w, &at, a, n, question);
		if (json_size(w->json, list) > 1 && is_exclusive(w, a, question, n))
			complain(w, &at, n, MESSAGE_response_exclusive, SLICE_NONE);
		at.index++;
	}
}

static void
check_item(struct walk *w, const struct step *at, struct asking *a, uint32_t item, uint32_t question)
{
	struct slice kind = text_of(w, a->q, question, "type");
	uint32_t answers = list_of(w->json, item, SLICE("answer"));
	bool plain = slice_is(kind, "group") || slice_is(kind, "display");

	if (answers != 0 && plain)
		complain(w, at, answers, MESSAGE_response_no_answer, SLICE_NONE);
	if (answers != 0 && is_enabled(w, a, question) == KNOWN_NO)
		complain(w, at, answers, MESSAGE_response_disabled, SLICE_NONE);
	if (!plain && (a->complete || answers != 0))
		check_answer_count(w, at, a->q, question, answers == 0 ? 0 : json_size(w->json, answers), item);
	if (answers != 0 && !plain)
		check_answers(w, at, a, answers, question);
	if (slice_is(kind, "group") && a->complete && says(a->q, question, "required")
	    && list_of(w->json, item, SLICE("item")) == 0)
		complain(w, at, item, MESSAGE_response_required, SLICE_NONE);
	if (slice_is(kind, "group"))
		check_items(w, at, a, list_of(w->json, item, SLICE("item")), list_of(a->q, question, SLICE("item")));
}

/* What is there of a question of this level. */
struct seen {
	uint32_t question, count, place;
	int64_t  index;                 /* of the last */
	bool     answered;
};

static void
check_required(struct walk *w, const struct step *up, struct asking *a, const struct seen *seen, uint32_t count,
    uint32_t place)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct seen *s = &seen[i];
		bool group = slice_is(text_of(w, a->q, s->question, "type"), "group"), there = s->count > 0;
		struct step item = { up, SLICE("item"), s->index, NULL, NULL, NULL, s->place };

		if (a->complete && says(a->q, s->question, "required") && !(group ? there : s->answered)
		    && is_enabled(w, a, s->question) == KNOWN_YES)
			complain(w, there ? &item : up, there ? s->place : place, MESSAGE_response_required, SLICE_NONE);
		if (s->count > 1 && !(group && says(a->q, s->question, "repeats")))
			complain(w, up, s->place, MESSAGE_response_repeats, SLICE_NONE);
	}
}

static uint32_t
number_questions(struct walk *w, struct asking *a, uint32_t questions, struct names *level, struct seen *seen)
{
	uint32_t count = 0;

	for (uint32_t n = first_of(a->q, questions); n != 0; n = json_next(a->q, questions, n)) {
		seen[count] = (struct seen){ .question = n };
		names_add(level, text_of(w, a->q, n, "linkId"), count++);
	}
	return count;
}

static void
check_items(struct walk *w, const struct step *up, struct asking *a, uint32_t answers, uint32_t questions)
{
	struct step at = { up, SLICE("item"), 0, NULL, NULL, NULL, 0 };
	uint32_t size = questions == 0 ? 0 : json_size(a->q, questions), last = 0, count;
	struct seen *seen = arena_array(w->arena, size + 1, sizeof *seen);
	struct names level;

	names_init_keyed(&level, w->arena, size);
	count = number_questions(w, a, questions, &level, seen);
	for (uint32_t n = first_of(w->json, answers); n != 0; n = json_next(w->json, answers, n), at.index++) {
		struct slice link = text_of(w, w->json, n, "linkId");
		uint32_t number = names_find(&level, link);

		if (!is_object(w->json, n) || link.len == 0)
			continue;
		if (number == NAME_UNKNOWN) {
			complain(w, &at, n, names_find(&a->all, link) == NAME_UNKNOWN ? MESSAGE_response_no_such
			    : MESSAGE_response_misplaced, SLICE_NONE);
			continue;
		}
		if (number < last)
			complain(w, &at, n, MESSAGE_response_order, SLICE_NONE);
		last = number;
		seen[number].count++;
		seen[number].place = n;
		seen[number].index = at.index;
		seen[number].answered |= list_of(w->json, n, SLICE("answer")) != 0;
		check_item(w, &at, a, n, seen[number].question);
	}
	check_required(w, up, a, seen, count, answers != 0 ? answers : 0);
}

/* The Questionnaire */

static void
name_items(struct walk *w, const struct json *j, uint32_t list, struct names *names)
{
	for (uint32_t n = first_of(j, list); n != 0; n = json_next(j, list, n)) {
		uint32_t answers = list_of(j, n, SLICE("answer"));

		if (!is_object(j, n))
			continue;
		names_add(names, text_of(w, j, n, "linkId"), n);
		name_items(w, j, list_of(j, n, SLICE("item")), names);
		for (uint32_t k = first_of(j, answers); k != 0; k = json_next(j, answers, k))
			name_items(w, j, list_of(j, k, SLICE("item")), names);
	}
}

static bool
is_it(struct walk *w, uint32_t resource, struct slice url)
{
	return is_object(w->json, resource)
	    && slice_is(walk_text(w, resource, SLICE("resourceType")), "Questionnaire")
	    && slice_eq(walk_text(w, resource, SLICE("url")), url);
}

static uint32_t
in_list(struct walk *w, uint32_t list, struct slice url)
{
	for (uint32_t n = first_of(w->json, list); n != 0; n = json_next(w->json, list, n)) {
		uint32_t entry = is_object(w->json, n) ? json_get(w->json, n, SLICE("resource")) : 0;

		if (is_it(w, n, url))
			return n;
		if (entry != 0 && is_it(w, entry, url))
			return entry;
	}
	return 0;
}

static bool
find_questionnaire(struct walk *w, uint32_t response, struct slice canonical, struct json *out, uint32_t *node)
{
	struct slice rest = canonical, url = slice_cut(&rest, '|');
	struct item item;

	*out = *w->json;
	if (url.len > 0 && url.ptr[0] == '#') {
		if (!resolve_reference(w, url, &item) || !slice_is(item.type->name, "Questionnaire"))
			return false;
		*node = item.node;
		return true;
	}
	if ((*node = in_list(w, list_in(w->json, response, SLICE("contained")), url)) != 0)
		return true;
	if (w->bundle != ITEM_ABSENT
	    && (*node = in_list(w, list_in(w->json, w->bundle, SLICE("entry")), url)) != 0)
		return true;
	*node = 0;
	return w->how->find_questionnaire != NULL && w->how->find_questionnaire(w->how->find_ctx, url, out);
}

static void
complain_of_canonical(struct walk *w, const struct step *at, uint32_t node, struct slice canonical)
{
	struct step here = { at, SLICE("questionnaire"), -1, NULL, NULL, NULL, node };

	if (pack_value_set(w->pack, canonical) != NULL || pack_profile(w->pack, canonical) != NULL)
		complain(w, &here, node, MESSAGE_canonical_kind, SLICE_NONE);
	else
		complain(w, at, node, MESSAGE_questionnaire_unknown, SLICE_NONE);
}

void
check_questionnaire_response(struct walk *w, const struct step *at, uint32_t node)
{
	struct slice canonical = walk_text(w, node, SLICE("questionnaire"));
	struct slice status = walk_text(w, node, SLICE("status"));
	struct asking a = { .complete = slice_is(status, "completed") || slice_is(status, "amended") };
	struct json *q = arena_alloc(w->arena, sizeof *q);
	uint32_t root, items;

	if (canonical.len == 0)
		return;
	if (!find_questionnaire(w, node, canonical, q, &root)) {
		complain_of_canonical(w, at, json_get(w->json, node, SLICE("questionnaire")), canonical);
		return;
	}
	a.q = q;
	items = list_in(q, root, SLICE("item"));
	names_init_keyed(&a.all, w->arena, 64);
	names_init_keyed(&a.answered, w->arena, 64);
	name_items(w, q, items, &a.all);
	name_items(w, w->json, list_in(w->json, node, SLICE("item")), &a.answered);
	check_items(w, at, &a, list_in(w->json, node, SLICE("item")), items);
}
