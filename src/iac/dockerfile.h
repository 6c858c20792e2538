/* dockerfile.h -- Dockerfiles, as BuildKit reads them.
 *
 * Every stage is a resource of type "stage", address "stage.NAME", or "stage.0" by its
 * number when it has no name.  Its attributes:
 *
 *   from          { image, name, platform }: image after ARG expansion; name and platform may
 *                 be absent
 *   final         whether it is the last stage
 *   instructions  a list of maps
 *       instruction  "RUN", in capitals
 *       text         what stands behind it, continuations joined, comments gone
 *       form         "exec" or "shell" (RUN, CMD, ENTRYPOINT, SHELL)
 *       flags        map of name to text (true when it has no value); "mount" is a list of maps
 *                    by the fields of the mount: type, id, target, ...
 *       arguments    list of words; of the shell form one text; of ENV, LABEL and ARG "K=V"
 *       heredocs     list of { name, content }, when there are any
 *       commands     RUN: list of commands, each a list of words without quotes.  Pipes, &&, ||,
 *                    ;, &, newlines, parentheses and braces separate; assignments ahead of a
 *                    command and words like "if" and "then" are not part of it; `$(...)` stays
 *                    inside its word
 *   env, labels   maps of the values at the end of the stage
 *   user, workdir, stopsignal   text of the last one
 *   exposed       list of texts ("8080/tcp"), volumes not included
 *   healthcheck, entrypoint, cmd   the map of the last such instruction
 *
 * A stage built FROM another stage begins with all its derived members.  What is not written
 * is absent.  An unset build argument, or a variable that the base image may set, gives
 * VALUE_UNKNOWN.  ONBUILD is an instruction whose text is the trigger; it changes nothing here.
 * FROM and COPY --from of a stage are references to it.
 *
 * Source: docs.docker.com/reference/dockerfile. */
#ifndef IAC_DOCKERFILE_H
#define IAC_DOCKERFILE_H

#include "iac/project.h"

#define DOCKERFILE_STAGES 1000u

void dockerfile_read(struct project *, uint32_t source);

#endif
