/* pack_format.h -- the file behind pack.h; builder and reader agree on it here.
 *
 *   header    struct pack_header
 *   strings   string_count x { offset, length } into the text
 *   codes     code_count x { system, code } string numbers, sorted within
 *             each value set by (code, system) text
 *   words     the tables, as a sequence of 32-bit words (below)
 *   terminology  the section of terminology_format.h, whole words
 *   text      the bytes of all strings
 *
 * words = type_count param_count set_count { type } { param } { value set }
 *         compartment_count { compartment } profile_count { profile }
 *         unit_count { unit } prefix_count { code factor }; units in the pack only
 *         definition_count { text }; SearchParameters as JSON, in packages only
 * unit  = code flags magnitude 7 x exponent moles; a factor or magnitude is a double in two words
 * type  = name kind flags base pattern constraints element_count { element }
 * element = name path min max flags strength binding constraints
 *         type_count { element type }
 * constraints = constraint_count { key expression human error }
 * element type = type json_name target_count { target }
 * param = on code url expression kind target_count { target }
 *         component_count { expression kind target_count { target } }
 * value set = url version flags open_count { system } first_code code_count
 * compartment = name type param_count { code }
 * profile = url version base type flags context_count { kind expression }
 *         rule_count { rule }, the rules in the order of the snapshot
 * rule  = depth name slice min max flags discriminator_count { kind path }
 *         fixed pattern value_type min_value max_value min_length max_length
 *         alternative_count { url } strength binding
 *         more_count { strength binding } constraints type_count { type flags
 *         profile_count { url } target_count { url } }; a value is its JSON text, or empty
 *
 * A word that names a string, type or value set is its number; NONE is none.
 * In a compiled package the numbers of types are those of the pack that it was
 * made for (`base`), and a value set of another file is BY_URL with the number
 * of its url's string. */
#ifndef FHIR_PACK_FORMAT_H
#define FHIR_PACK_FORMAT_H

#include <stdint.h>

#define PACK_MAGIC  "FBPACK\r\n"
#define PACK_FORMAT 11u
#define PACK_NONE   UINT32_MAX
#define PACK_BY_URL 0x80000000u

enum { PACK_COMPLETE = 1, PACK_UNKNOWN = 2 };                   /* value set flags */
enum { PACK_ABSTRACT = 1 };                                     /* type flags */
enum { PACK_CHOICE = 1, PACK_MODIFIER = 2, PACK_SUMMARY = 4 };  /* element flags */
enum { PACK_MODIFIER_EXTENSION = 1, PACK_GLOBAL = 2 };          /* profile flags */
enum { PACK_SLICED = 8, PACK_ORDERED = 16, PACK_CLOSED = 32, PACK_AT_END = 64,   /* rule flags */
	PACK_HAS_VALUE = 128 };

struct pack_header {
	char     magic[8];
	uint8_t  hash[32];              /* SHA-256 of all behind the header */
	uint8_t  base[32];              /* of a compiled package: the pack's hash; else 0 */
	uint32_t format, string_count, code_count, word_count, text_bytes, version;
	uint32_t terminology_bytes, unused[3];
};

#endif
