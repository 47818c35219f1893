/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Object paths: an id, encoded behind its prefix. */
#include <string.h>

#include "bus/private.h"
#include "dosed/text.h"

int path_of_dose(const struct dose *dose, char **ret) {
        _cleanup_(free_p) char *id = NULL;
        int r;

        r = dose_id(dose, &id);
        if (r < 0)
                return r;
        r = sd_bus_path_encode(DOSE_PREFIX, id, ret);
        return r < 0 ? r : 0;
}

int path_of_medication(const char *person, const char *key, char **ret) {
        _cleanup_(free_p) char *id = NULL;
        int r;

        r = text_format(&id, "%s/%s", person, key);
        if (r < 0)
                return r;
        r = sd_bus_path_encode(MEDICATION_PREFIX, id, ret);
        return r < 0 ? r : 0;
}

int path_decode(const char *path, const char *prefix, char **ret) {
        _cleanup_(free_p) char *text = NULL;
        int r;

        r = sd_bus_path_decode(path, prefix, &text);
        if (r <= 0)
                return r;
        /* An encoded path can hold any byte: what is not text names nothing. */
        if (!text_is_valid(text, strlen(text)))
                return 0;
        *ret = TAKE(text);
        return 1;
}
