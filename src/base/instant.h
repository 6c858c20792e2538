/* instant.h -- points in time as milliseconds since 1970, and their texts. */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stdint.h>

#include "base/slice.h"

/* Days since 1970-01-01 of a proleptic Gregorian date; month 1-12, day 1-31. */
int64_t instant_days(int year, int month, int day);

/* Days of a month, 28 to 31. */
int instant_month_days(int year, int month);

/* The date of a number of days since 1970-01-01. */
void instant_date(int64_t days, int *year, int *month, int *day);

/* "2026-11-24T07:08:49.123Z", FHIR instant (24 characters, years 0-9999). */
#define INSTANT_TEXT 24
void instant_format(int64_t ms, char out[INSTANT_TEXT]);

/* "Tue, 24 Nov 2026 07:08:49 GMT", RFC 9110 5.6.7 IMF-fixdate (29 characters). */
#define HTTP_DATE_TEXT 29
void instant_http_date(int64_t ms, char out[HTTP_DATE_TEXT]);

/* The inverse of instant_http_date(), IMF-fixdate only. */
bool instant_parse_http_date(struct slice, int64_t *ms);

#endif
