/* log.c -- see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"

#define LINE_MAX_BYTES 1024

static const char *const names[] = { "info", "warning", "error" };

static size_t
escape(const char *from, char *to, size_t room)
{
	size_t at = 0;

	for (; *from != '\0' && at + 5 < room; from++)
		if ((unsigned char)*from < 0x20 || *from == 0x7f)
			at += (size_t)snprintf(to + at, room - at, "\\x%02x", (unsigned char)*from);
		else
			to[at++] = *from;
	return at;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char detail[LINE_MAX_BYTES / 2] = "", line[LINE_MAX_BYTES], when[INSTANT_TEXT];
	struct timespec now;
	va_list args;
	size_t n;
	ssize_t put UNUSED;

	va_start(args, fmt);
	vsnprintf(detail, sizeof detail, fmt, args);
	va_end(args);
	clock_gettime(CLOCK_REALTIME, &now);
	instant_format((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, when);
	n = (size_t)snprintf(line, sizeof line, "%.*s %s %s%s", INSTANT_TEXT, when,
	    names[level], event, detail[0] == '\0' ? "" : " ");
	n += escape(detail, line + n, sizeof line - n - 1);
	line[n++] = '\n';
	put = write(STDERR_FILENO, line, n);
}
