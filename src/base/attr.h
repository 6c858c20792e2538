/* attr.h -- the few compiler attributes the code uses, behind plain names. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN               __attribute__((noreturn))
#define UNUSED                 __attribute__((unused))
#define UNSET                  __attribute__((uninitialized))  /* large, and written before it is read: not zeroed */

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
