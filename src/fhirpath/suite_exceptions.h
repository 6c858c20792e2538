/* suite_exceptions.h -- tests of the official suite that do not pass, and why. */
#ifndef FHIRPATH_SUITE_EXCEPTIONS_H
#define FHIRPATH_SUITE_EXCEPTIONS_H

static const struct {
	const char *name, *reason;
} suite_exceptions[] = {
	{ "testDollarOrderNotAllowed", "the order of children() is that of the definition here, so skip() has a meaning" },
	{ "testQuantity4",  "equivalence of quantities in different units does not round to the coarser one" },
	{ "testQuantity9",  "units are not multiplied: no UCUM algebra" },
	{ "testQuantity10", "units are not divided: no UCUM algebra" },
	{ "testRepeat1",    "repeat() drops equal items; the suite counts two equal nodes twice" },
	{ "testIif6",       "a string as criterion counts as true (singleton evaluation)" },
	{ "testSort10",     "items without a key come first in both directions" },
	{ "testConformsTo1", "conformsTo() needs the profile validator" },
	{ "testConformsTo2", "conformsTo() needs the profile validator" },
	{ "LowBoundaryDecimal15", "the suite truncates where its other rows round outward" },
	{ "HighBoundaryDecimal15", "the suite truncates where its other rows round outward" },
	{ "HighBoundaryDecimal16", "the suite truncates where its other rows round outward" },
	{ "HighBoundaryDecimal14", "a literal's sign binds looser than the function (FHIRPath grammar)" },
	{ "LowBoundaryTimeMillisecond",  "the suite's expected text has the prefix of a literal" },
	{ "HighBoundaryTimeMillisecond", "the suite's expected text has the prefix of a literal" },
	{ "testFHIRPathAsFunction11", "as(string) takes the types derived from string too" },
	{ "testFHIRPathAsFunction16", "ofType(string) takes the types derived from string too" },
	{ "testFHIRPathAsFunction23", "a type that is not known is empty, not an error" },
	{ "testFHIRPathAsFunction24", "a type that is not known is empty, not an error" },
};

#endif
