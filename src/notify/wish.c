/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy of the doses that the caller said are open. */
#include "dosed/text.h"
#include "notify/wish.h"

static const size_t texts[] = {
        offsetof(struct notify_dose, id),        offsetof(struct notify_dose, person),
        offsetof(struct notify_dose, title),     offsetof(struct notify_dose, amount),
        offsetof(struct notify_dose, instructions), offsetof(struct notify_dose, if_missed),
        offsetof(struct notify_dose, due_text),
};

static char **dose_text(struct notify_dose *dose, size_t i) {
        return (char **) ((char *) dose + texts[i]);
}

static const char *dose_text_const(const struct notify_dose *dose, size_t i) {
        return *(const char *const *) ((const char *) dose + texts[i]);
}

void wish_done(struct wish *wish) {
        for (size_t d = 0; d < wish->n_doses; d++)
                for (size_t i = 0; i < ELEMENTS(texts); i++)
                        free(*dose_text(&wish->doses[d], i));
        free(wish->doses);
        *wish = (struct wish){};
}

static int dose_copy(const struct notify_dose *dose, struct notify_dose *copy) {
        int r;

        *copy = *dose;
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                *dose_text(copy, i) = NULL;

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                r = text_copy(dose_text_const(dose, i), dose_text(copy, i));
                if (r < 0)
                        return r;
        }
        return 0;
}

int wish_copy(const struct notify_dose *doses, size_t n_doses, struct wish *ret) {
        _cleanup_(wish_done) struct wish wish = {};
        int r;

        if (n_doses > 0) {
                wish.doses = calloc(n_doses, sizeof(*wish.doses));
                if (!wish.doses)
                        return -ENOMEM;
        }
        while (wish.n_doses < n_doses) {
                size_t d = wish.n_doses++;

                r = dose_copy(&doses[d], &wish.doses[d]);
                if (r < 0)
                        return r;
        }

        *ret = wish;
        wish = (struct wish){};
        return 0;
}

static bool dose_equal(const struct notify_dose *a, const struct notify_dose *b) {
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (!text_equal(dose_text_const(a, i), dose_text_const(b, i)))
                        return false;

        return a->group_usec == b->group_usec && a->stands_alone == b->stands_alone && a->critical == b->critical &&
               a->upcoming == b->upcoming && a->late == b->late && a->takeable == b->takeable &&
               a->asks_amount == b->asks_amount && a->check == b->check && a->taken_ago_usec == b->taken_ago_usec &&
               a->reminders == b->reminders;
}

bool wish_equal(const struct wish *wish, const struct notify_dose *doses, size_t n_doses) {
        if (wish->n_doses != n_doses)
                return false;

        for (size_t d = 0; d < n_doses; d++)
                if (!dose_equal(&wish->doses[d], &doses[d]))
                        return false;
        return true;
}
