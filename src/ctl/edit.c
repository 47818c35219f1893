/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb edit: a plan file in an editor. What could not be used is not stored, and nobody else's change is lost. */
#include <string.h>

#include "ctl/calendars.h"
#include "ctl/client.h"
#include "ctl/editing.h"
#include "ctl/listing.h"
#include "ctl/person.h"
#include "ctl/plan-file.h"
#include "ctl/verb.h"
#include "ctl/verdict.h"
#include "dosed/text.h"

struct edit {
        const struct request *request;
        sd_bus *bus;
        char *person, *file;
        char *medication; /* that it has to hold; NULL: the file itself was named */
        char *former; /* the file as it was when the edit began */
        size_t former_size;
        char *shown; /* the same as the editor has it */
        size_t shown_size;
        char *bytes; /* as it is to be stored */
        size_t size;
        bool has_crlf; /* else its lines end with line feeds only, and go on doing so */
        struct calendar *calendar;
        struct problems problems;
        bool is_stored;
};

static void edit_done(struct edit *edit) {
        sd_bus_flush_close_unref(edit->bus);
        free(edit->person);
        free(edit->file);
        free(edit->medication);
        free(edit->former);
        free(edit->shown);
        free(edit->bytes);
        calendar_free(edit->calendar);
        problems_done(&edit->problems);
}

/* A medication that is meant, and one of the files that it is in. */
struct place {
        const struct listed_medication *medication;
        const char *file;
};

static bool is_same_place(const struct place *a, const struct place *b) {
        return text_equal(a->medication->person, b->medication->person) && text_equal(a->file, b->file);
}

static bool is_meant(const struct listed_medication *medication, const char *what, bool has_whole_name) {
        return medication->name && (has_whole_name ? text_equal_caseless(medication->name, what)
                                                   : text_starts_caseless(medication->name, what));
}

static void say_several(const char *what, const struct place *places, size_t n_places) {
        complain("'%s' is in several plan files: name one of these, with --person where there are several people", what);
        for (size_t i = 0; i < n_places; i++)
                fprintf(stderr, "  %s  (%s, %s)\n", places[i].file, places[i].medication->name, places[i].medication->person);
}

/* Each file once. */
static int find_places(const struct listed_medications *medications, const char *what, struct place **ret, size_t *ret_n) {
        _cleanup_(free_p) struct place *places = NULL;
        bool has_whole_name = false;
        size_t n = 0;

        for (size_t i = 0; i < medications->n_items; i++)
                has_whole_name = has_whole_name || is_meant(&medications->items[i], what, true);
        for (size_t i = 0; i < medications->n_items; i++) {
                const struct listed_medication *medication = &medications->items[i];

                if (!is_meant(medication, what, has_whole_name))
                        continue;
                for (char **file = medication->files; file && *file; file++) {
                        struct place place = { medication, *file }, *more;
                        bool is_known = false;

                        for (size_t j = 0; j < n; j++)
                                is_known = is_known || is_same_place(&places[j], &place);
                        if (is_known)
                                continue;
                        more = reallocarray(places, n + 1, sizeof(*places));
                        if (!more)
                                return -ENOMEM;
                        places = more;
                        places[n++] = place;
                }
        }
        *ret = TAKE(places);
        *ret_n = n;
        return 0;
}

static int find_medication(struct edit *edit, const char *what) {
        _cleanup_(listed_medications_done) struct listed_medications medications = {};
        _cleanup_(free_p) struct place *places = NULL;
        size_t n_places = 0;
        int r;

        r = listed_medications_get(edit->bus, edit->request, &medications);
        if (r == 0)
                r = find_places(&medications, what, &places, &n_places);
        if (r != 0)
                return r;
        if (n_places == 0 || !*what) {
                complain("no medication is called '%s'; dosectl meds lists them, and a plan file is named as NAME.ics", what);
                return REQUEST_REFUSED;
        }
        if (n_places > 1) {
                say_several(what, places, n_places);
                return REQUEST_REFUSED;
        }
        r = text_copy(places[0].medication->person, &edit->person);
        if (r >= 0)
                r = text_copy(places[0].medication->name, &edit->medication);
        return r < 0 ? r : text_copy(places[0].file, &edit->file);
}

static int find_file(struct edit *edit, const char *what) {
        int r;

        if (!plan_file_is_name(what))
                return find_medication(edit, what);
        r = person_choose(edit->bus, edit->request, NULL, &edit->person);
        return r != 0 ? r : text_copy(what, &edit->file);
}

/* Takes what the editor left. Returns 0, CALENDAR_UNUSABLE or a negative errno. */
static int take_text(struct edit *edit, const char *text, size_t size) {
        int r;

        free(TAKE(edit->bytes));
        edit->calendar = calendar_free(edit->calendar);
        problems_done(&edit->problems);
        edit->problems = (struct problems){};
        r = edit->has_crlf ? text_to_crlf(text, size, &edit->bytes, &edit->size)
                           : text_from_crlf(text, size, &edit->bytes, &edit->size);
        if (r < 0)
                return r;
        return calendar_read(edit->file, edit->bytes, edit->size, edit->request->zones, &edit->calendar, &edit->problems);
}

static bool wants_to_go_on(const struct editing *editing) {
        char answer[16];

        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
                return false;
        fprintf(stderr, "%s: edit it again? [Y/n] ", editing->path);
        return fgets(answer, sizeof(answer), stdin) && answer[0] != 'n' && answer[0] != 'N';
}

/* Until it can be used. `ret_changed` is false where nothing was changed. */
static int edit_until_usable(struct edit *edit, struct editing *editing, bool *ret_changed) {
        for (;;) {
                _cleanup_(free_p) char *text = NULL;
                size_t size = 0;
                int r;

                r = editing_run(editing, &text, &size);
                if (r != 0)
                        return r;
                *ret_changed = size != edit->shown_size || memcmp(text, edit->shown, size) != 0;
                r = take_text(edit, text, size);
                if (r <= 0 || !*ret_changed)
                        return r < 0 ? r : 0;
                verdict_complain(&edit->problems);
                if (!wants_to_go_on(editing))
                        return CALENDAR_UNUSABLE;
        }
}

/* It may be stored and not be in force, which was said. */
static bool is_there_now(const struct edit *edit) {
        _cleanup_(free_p) char *now = NULL;
        size_t size = 0;

        return calendars_get(edit->bus, edit->request, edit->person, edit->file, &now, &size) == 0 &&
               size == edit->size && memcmp(now, edit->bytes, size) == 0;
}

/* Whoever else changed it meanwhile, such as a program that syncs, must not lose that. */
static int store(struct edit *edit) {
        _cleanup_(free_p) char *now = NULL;
        size_t size = 0;
        int r;

        r = calendars_get(edit->bus, edit->request, edit->person, edit->file, &now, &size);
        if (r != 0)
                return r;
        if (size != edit->former_size || memcmp(now, edit->former, size) != 0) {
                complain("%s was changed by somebody else meanwhile: nothing is stored. Edit it again, and take over "
                         "what you wrote",
                         edit->file);
                return REQUEST_REFUSED;
        }
        r = calendars_put(edit->bus, edit->request, edit->person, edit->file, edit->bytes, edit->size);
        edit->is_stored = r == 0 || (r == REQUEST_REFUSED && is_there_now(edit));
        return r;
}

static int print_outcome(const struct edit *edit, bool is_changed) {
        if (request_has(edit->request, OPTION_JSON))
                return verdict_print_json(edit->request, edit->person, edit->file, is_changed, edit->calendar,
                                          &edit->problems);
        if (!is_changed) {
                printf("Nothing is changed.\n");
                return 0;
        }
        printf("Stored: %s of %s. It means:\n", edit->file, edit->person);
        verdict_print_problems(&edit->problems);
        return verdict_print_meaning(edit->request, edit->calendar);
}

static int edit_in_editor(struct edit *edit) {
        _cleanup_(editing_done) struct editing editing = {};
        bool is_changed = false;
        int r;

        r = editing_begin(&editing, edit->file, edit->shown, edit->shown_size);
        if (r < 0) {
                complain("there is no room for a file to edit: %s", strerror(-r));
                return REQUEST_REFUSED;
        }
        r = edit_until_usable(edit, &editing, &is_changed);
        if (r == 0 && is_changed)
                r = store(edit);
        if (r != 0 && is_changed && !edit->is_stored && !editing.is_kept)
                editing_keep(&editing);
        if (r != 0)
                return r < 0 ? r : REQUEST_REFUSED;
        return print_outcome(edit, is_changed);
}

/* Two folders may have a file of one name, and the first of them was given. */
static int check_medication(struct edit *edit) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        int r;

        if (!edit->medication)
                return 0;
        r = calendar_read(edit->file, edit->former, edit->former_size, edit->request->zones, &calendar, &problems);
        if (r < 0)
                return r;
        /* One that is broken by now is to be mended. */
        for (size_t i = 0; calendar && i < calendar->n_schedules; i++) {
                _cleanup_(free_p) char *name = NULL;

                r = text_clean(calendar->schedules[i]->details.summary ?: "", &name);
                if (r < 0 || text_equal(name, edit->medication))
                        return r < 0 ? r : 0;
        }
        if (!calendar)
                return 0;
        complain(
                "the %s that %s is in lies in another folder than the one of this name that %s has first: open it there",
                edit->file, edit->medication, edit->person);
        return REQUEST_REFUSED;
}

int edit_run(struct request *request) {
        _cleanup_(edit_done) struct edit edit = { .request = request };
        int r;

        r = client_open(request, &edit.bus);
        if (r == 0)
                r = find_file(&edit, request->arguments[0]);
        if (r == 0)
                r = calendars_get(edit.bus, request, edit.person, edit.file, &edit.former, &edit.former_size);
        if (r == 0)
                r = check_medication(&edit);
        edit.has_crlf = r == 0 && memmem(edit.former, edit.former_size, "\r\n", 2);
        if (r == 0)
                r = text_from_crlf(edit.former, edit.former_size, &edit.shown, &edit.shown_size);
        return r != 0 ? r : edit_in_editor(&edit);
}
