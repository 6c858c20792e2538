/* log.h -- lines for the operator, on standard error.
 *
 * One line per event: instant, level, event, key=value pairs.  Never a value
 * from a resource, a query, a token or a name: logs are read by people who may
 * not see patients.  Audit is not logging; see audit/. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

/* `event` is a fixed word ("store-open-failed"); fmt makes "key=value ..." or
 * is "".  Control characters are written as \xNN. */
void log_event(enum log_level, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
