/* messages.h -- everything the validator can say: a stable name, the fault that
 * gives severity and issue code, and a sentence.  "%" stands for a name out of a
 * definition; a value of the resource is never in it. */
#ifndef VALIDATE_MESSAGES_H
#define VALIDATE_MESSAGES_H

#define MESSAGES(X)                                                                              \
	X(not_a_resource,      STRUCTURE, "resourceType is not the name of a resource")          \
	X(contained_nested,    INVARIANT, "a contained resource contains none")                  \
	X(primitive_expected,  STRUCTURE, "a primitive value of type % is expected")             \
	X(primitive_base64,    BAD_VALUE, "this is not base64")                                  \
	X(primitive_value,     VALUE,     "the value is not a %")                                \
	X(must_understand,     EXTENSION, "% is not understood here")                            \
	X(no_type,             STRUCTURE, "the type of the element is not known")                \
	X(companion_object,    STRUCTURE, "id and extensions are expected")                      \
	X(list_empty,          STRUCTURE, "a list is never empty")                               \
	X(null_alone,          STRUCTURE, "null without a companion")                            \
	X(list_too_long,       STRUCTURE, "the list is too long")                                \
	X(list_expected,       STRUCTURE, "a list is expected here")                             \
	X(single_expected,     STRUCTURE, "a single value is expected here")                     \
	X(element_unknown,     STRUCTURE, "an element that is not defined")                      \
	X(choice_twice,        STRUCTURE, "only one of a choice is possible")                    \
	X(required,            REQUIRED,  "% is required")                                       \
	X(too_many,            STRUCTURE, "there are too many of %")                             \
	X(object_expected,     STRUCTURE, "an object is expected here")                          \
	X(object_empty,        STRUCTURE, "an object is never empty")                            \
	X(only_id,             INVARIANT, "ele-1: an element has a value or children")           \
	X(extension_both,      INVARIANT, "ext-1: an extension has extensions or a value, and one of them") \
	X(extension_url,       EXTENSION, "an extension needs a url that is absolute")           \
	X(extension_context,   EXTENSION, "the extension is not allowed at this place")          \
	X(extension_kind,      EXTENSION, "the extension is defined as the other kind, modifier or not") \
	X(extensions_deep,     STRUCTURE, "there are too many extensions within one another")    \
	X(extension_core,      EXTENSION, "the specification defines no such extension")         \
	X(extension_unknown,   WARN_EXTENSION, "the definition of the extension is not here")    \
	X(extension_undefined, EXTENSION, "the definition of the extension is not here")         \
	X(invariant,           INVARIANT, "%")                                                   \
	X(invariant_warning,   WARN_INVARIANT, "%")                                              \
	X(invariant_undecided, WARN_INVARIANT, "% cannot be decided for this content")           \
	X(invariant_costly,    BUDGET,    "% takes too much work")                               \
	X(binding_required,    CODE,      "the code must be from %")                             \
	X(binding_extensible,  WARN_CODE, "the code should be from %")                           \
	X(binding_preferred,   NOTE_CODE, "a code from % is preferred")                          \
	X(code_unknown,        CODE,      "the code system % has no such code")                  \
	X(code_unlisted,       WARN_CODE, "the code system % has no such code")                  \
	X(display,             WARN_CODE, "the code system % has another display for the code")  \
	X(code_form,           CODE,      "the code is none of its code system")                 \
	X(reference_target,    STRUCTURE, "a reference to this type is not allowed here")        \
	X(reference_form,      VALUE,     "a reference is a URI: there is no space in it")       \
	X(canonical_kind,      VALUE,     "what has this canonical url is no Questionnaire")     \
	X(type_unknown,        VALUE,     "there is no such type, and one of others is named by an absolute URI") \
	X(references_many,     BUDGET,    "there are too many references")                       \
	X(reference_missing,   BUSINESS_RULE, "the resource that is referred to is not available") \
	X(reference_contained, INVARIANT, "ref-1: no contained resource has this id")            \
	X(contained_orphan,    INVARIANT, "dom-3: a contained resource is referred to")          \
	X(contained_id,        STRUCTURE, "a contained resource needs an id")                    \
	X(full_url,            STRUCTURE, "fullUrl and the id of the resource do not agree")     \
	X(full_url_absolute,   STRUCTURE, "fullUrl is absolute")                                 \
	X(full_url_missing,    REQUIRED,  "each entry has a fullUrl")                            \
	X(full_url_no_id,      STRUCTURE, "fullUrl is that of a server, so the resource has an id") \
	X(document_reference,  REQUIRED,  "what the Composition refers to is in the document")   \
	X(document_orphan,     STRUCTURE, "the entry is not connected with the Composition")     \
	X(identifier_text,     VALUE,     "an identifier has no invisible characters and letters of one script only") \
	X(identifier_uri,      VALUE,     "an identifier of urn:ietf:rfc:3986 is an absolute URI, of its scheme's form") \
	X(expression_syntax,   VALUE,     "the FHIRPath expression cannot be read")              \
	X(code_absent,         CODE,      "a code from % is required, and there is none")        \
	X(questionnaire_unknown, WARN_PROFILE, "the Questionnaire is not here, so the answers were not checked") \
	X(response_no_such,    STRUCTURE, "the Questionnaire has no item of this linkId")        \
	X(response_misplaced,  STRUCTURE, "the Questionnaire has the item of this linkId elsewhere") \
	X(response_order,      STRUCTURE, "the items are not in the order of the Questionnaire") \
	X(response_repeats,    STRUCTURE, "the Questionnaire lets the item have one answer")     \
	X(response_required,   REQUIRED,  "the Questionnaire requires an answer that is not there") \
	X(response_no_answer,  STRUCTURE, "a group or a display has no answer")                  \
	X(response_disabled,   VALUE,     "the item is not enabled by the answers that are given") \
	X(response_type,       VALUE,     "the answer is not of the type of its question")       \
	X(response_option,     CODE,      "the answer is none of the options of its question")   \
	X(response_option_open, WARN_CODE, "the answer is none of the options of its question")  \
	X(response_limit,      VALUE,     "the answer is not within the limits of its question") \
	X(response_count,      STRUCTURE, "there are too few or too many answers to the question") \
	X(response_exclusive,  VALUE,     "the option that was chosen excludes the others")      \
	X(response_length,     VALUE,     "the answer is longer than its question allows")       \
	X(enable_inside,       VALUE,     "enableWhen asks a question that is inside the item")  \
	X(concept_content,     VALUE,     "a code system whose content is not present lists no concepts") \
	X(param_components,    REQUIRED,  "a composite search parameter has components")         \
	X(differential_path,   VALUE,     "the path is none of the type that is constrained")    \
	X(extension_part,      EXTENSION, "the extension's definition has no such part")         \
	X(profile_unknown,     WARN_PROFILE, "the profile is not here, so it was not checked")   \
	X(profile_asked,       NO_SUCH,   "the profile that was asked for is not here")          \
	X(profile_type,        STRUCTURE, "the profile is for another type")                     \
	X(profile_fixed,       VALUE,     "the value is fixed by the profile")                   \
	X(profile_pattern,     VALUE,     "the value does not have the pattern of the profile")  \
	X(profile_length,      VALUE,     "the value is longer or shorter than the profile allows") \
	X(profile_value,       REQUIRED,  "the profile requires a value, or a certain extension instead") \
	X(profile_range,       VALUE,     "the value is outside the profile's range")            \
	X(profiles_many,       BUDGET,    "the resource claims too many profiles")               \
	X(profile_costly,      BUDGET,    "the profiles take too much work")                     \
	X(reference_profile,   STRUCTURE, "the resource that is referred to has none of the profiles that are allowed") \
	X(reference_way,       STRUCTURE, "a reference of this kind (contained, in the Bundle, elsewhere) is not allowed here") \
	X(reference_versioned, STRUCTURE, "the reference must name a version, or must not")      \
	X(profile_element_type, STRUCTURE, "the profile does not allow this type")               \
	X(slice_closed,        STRUCTURE, "the item belongs to no slice, and the slicing is closed") \
	X(slice_order,         STRUCTURE, "slice % is out of order")                             \
	X(slice_min,           REQUIRED,  "slice % is required")                                 \
	X(slice_max,           STRUCTURE, "there are too many of slice %")                       \
	X(narrative_xhtml,     INVARIANT, "%")                                                   \
	X(narrative_empty,     INVARIANT, "txt-2: the narrative says nothing")                   \
	X(narrative_policy,    WARN_INVARIANT, "%; the server refuses it")                       \
	X(coding_supplement,   VALUE,     "a supplement of a code system has no codes of its own") \
	X(coding_system,       VALUE,     "a code system is named by an absolute URI")           \
	X(canonical_url,       VALUE,     "a canonical url is absolute")                         \
	X(supplement,          VALUE,     "what supplements another code system has the content 'supplement'") \
	X(property_twice,      VALUE,     "another property has the same code")                  \
	X(property_type,       VALUE,     "the value does not have the type of its property")    \
	X(enable_question,     VALUE,     "enableWhen asks a question of another item of the questionnaire") \
	X(resource_id,         REQUIRED,  "a resource that was found has an id")                 \
	X(link_twice,          STRUCTURE, "another link has the same relation")                  \
	X(param_type,          VALUE,     "the search parameter has another type where it is defined") \
	X(param_base,          VALUE,     "the search parameter it is derived from has no such base") \
	X(filter_value,        VALUE,     "the value of the filter is none that its property has") \
	X(map_code,            WARN_CODE, "the code is none of the code system, or of the value set, that is mapped") \
	X(reference_version,   STRUCTURE, "the document holds no one resource of this version")  \
	X(attachment_size,     INVARIANT, "the size is not that of the data")                    \
	X(too_many_issues,     STRUCTURE, "there are more issues than are listed")

enum message {
#define X(id, ...) MESSAGE_##id,
	MESSAGES(X)
#undef X
	MESSAGE_COUNT
};

#endif
