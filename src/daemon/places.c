/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places by mode, in one table: a variable that names a folder, and where things are without it. */
#include "daemon/places.h"

#include <pwd.h>
#include <string.h>

#include "dosed/text.h"

static const struct {
        const char *variable; /* a folder, or several with colons between: the first counts */
        const char *below;    /* it, where the variable is set */
        const char *fallback; /* ~/ is the home, @ the state folder; NULL: there is none */
} usual[_MODE_MAX][_PLACE_MAX] = {
        [MODE_USER] = {
                [PLACE_CONFIG] = { "XDG_CONFIG_HOME", "/dosed/dosed.conf", "~/.config/dosed/dosed.conf" },
                [PLACE_STATE] = { "XDG_STATE_HOME", "/dosed", "~/.local/state/dosed" },
                [PLACE_CALENDARS] = { "XDG_DATA_HOME", "/dosed/calendars", "~/.local/share/dosed/calendars" },
                [PLACE_RUNTIME] = { "XDG_RUNTIME_DIR", "/dosed", NULL },
        },
        [MODE_SYSTEM] = {
                [PLACE_CONFIG] = { "CONFIGURATION_DIRECTORY", "/dosed.conf", "/etc/dosed/dosed.conf" },
                [PLACE_STATE] = { "STATE_DIRECTORY", "", "/var/lib/dosed" },
                [PLACE_CALENDARS] = { NULL, NULL, "@/calendars" },
                [PLACE_RUNTIME] = { "RUNTIME_DIRECTORY", "", "/run/dosed" },
        },
};

void places_done(struct places *places) {
        free(places->home);
        free(places->user);
        for (enum place place = 0; place < _PLACE_MAX; place++)
                free(places->paths[place]);
}

static int find_user(struct places *places) {
        const struct passwd *entry = getpwuid(getuid());
        const char *home = getenv("HOME");
        int r;

        if (!home || home[0] != '/')
                home = entry ? entry->pw_dir : "/";
        r = text_copy(home, &places->home);
        if (r < 0)
                return r;
        return entry ? text_copy(entry->pw_name, &places->user) : text_format(&places->user, "%u", (unsigned) getuid());
}

static int make_absolute(const char *path, char **ret) {
        _cleanup_(free_p) char *here = NULL;

        if (path[0] == '/')
                return text_copy(path, ret);
        here = getcwd(NULL, 0);
        return here ? text_format(ret, "%s/%s", here, path) : -errno;
}

/* A relative folder is ignored, as the XDG base directory specification (0.8) has it. */
static int find_usual(struct places *places, enum place place) {
        const char *variable = usual[places->mode][place].variable, *fallback = usual[places->mode][place].fallback;
        const char *folder = variable ? getenv(variable) : NULL;
        char **ret = &places->paths[place];

        if (folder && folder[0] == '/')
                return text_format(ret, "%.*s%s", (int) strcspn(folder, ":"), folder, usual[places->mode][place].below);
        if (!fallback)
                return 0;
        if (fallback[0] == '~')
                return text_format(ret, "%s%s", places->home, fallback + 1);
        if (fallback[0] == '@')
                return text_format(ret, "%s%s", places->paths[PLACE_STATE], fallback + 1);
        return text_copy(fallback, ret);
}

int places_find(enum mode mode, const char *const given[_PLACE_MAX], struct places *ret) {
        _cleanup_(places_done) struct places places = { .mode = mode };
        int r;

        r = find_user(&places);
        for (enum place place = 0; r >= 0 && place < _PLACE_MAX; place++)
                r = given[place] ? make_absolute(given[place], &places.paths[place]) : find_usual(&places, place);
        if (r < 0)
                return r;

        *ret = places;
        places = (struct places){};
        return 0;
}

struct daemon_places places_of_daemon(const struct places *places, bool config_was_given) {
        bool is_system = places->mode == MODE_SYSTEM;

        return (struct daemon_places){
                .config = {
                        .file = places->paths[PLACE_CONFIG],
                        .must_exist = config_was_given,
                        .calendars = places->paths[PLACE_CALENDARS],
                        .home = places->home,
                        .user = is_system ? NULL : places->user,
                        .is_system = is_system,
                },
                .state = places->paths[PLACE_STATE],
                .runtime = places->paths[PLACE_RUNTIME],
        };
}
