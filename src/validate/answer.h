/* answer.h -- limits on answers that extensions of a question set; `q` is the tree of
 * the Questionnaire, `question` its item. */
#ifndef VALIDATE_ANSWER_H
#define VALIDATE_ANSWER_H

#include "validate/walk.h"

void check_answer_limits(struct walk *, const struct step *, const struct json *q, uint32_t question,
    uint32_t value);
void check_answer_count(struct walk *, const struct step *item, const struct json *q,
    uint32_t question, uint32_t count, uint32_t place);
/* The FHIRPath that says whether the question is asked (SDC enableWhenExpression); or empty. */
struct slice question_enabled_by(struct walk *, const struct json *q, uint32_t question);
bool answer_option_is_exclusive(const struct json *q, uint32_t option);

#endif
