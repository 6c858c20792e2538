/* xml_expat.h -- expat by the names of its release 2.9, which counts places in 64 bits; in earlier
 * ones the same functions go by the older names that 2.9 calls deprecated. */
#ifndef XML_XML_EXPAT_H
#define XML_XML_EXPAT_H

#include <expat.h>

#if XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION < 9
#define XML_GetCurrentLineNumber64   XML_GetCurrentLineNumber
#define XML_GetCurrentColumnNumber64 XML_GetCurrentColumnNumber
#define XML_GetCurrentByteIndex64    XML_GetCurrentByteIndex
#define XML_GetCurrentByteCount64    XML_GetCurrentByteCount
#endif

#endif
