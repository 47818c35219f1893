/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a configuration, and the one text that they are kept as. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/config-source.h"
#include "dosed/limits.h"
#include "dosed/text.h"

/* Before each text of the kept one: comments to the parser. */
#define FILE_MARK "# dosed.conf was there\n"
#define DROP_IN_MARK "# a drop-in was there\n"

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* Notepad writes one */

void config_sources_done(struct config_sources *sources) {
        for (size_t i = 0; i < sources->n_items; i++) {
                free(sources->items[i].name);
                free(sources->items[i].text);
        }
        free(sources->items);
        *sources = (struct config_sources){};
}

static int add_source(struct config_sources *sources, const char *name, const char *bytes, size_t size) {
        struct config_source *items, *source;
        int r;

        items = reallocarray(sources->items, sources->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        sources->items = items;
        source = &items[sources->n_items];
        *source = (struct config_source){};
        sources->n_bytes += size;

        if (size >= strlen(BYTE_ORDER_MARK) && memcmp(bytes, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
                bytes += strlen(BYTE_ORDER_MARK);
                size -= strlen(BYTE_ORDER_MARK);
        }
        r = text_copy(name, &source->name);
        if (r < 0)
                return r;
        sources->n_items++; /* from here on it is freed with the others */
        if (size == 0)
                sources->empty = source->name;
        source->text = malloc(size + 1);
        if (!source->text)
                return -ENOMEM;
        if (size > 0)
                memcpy(source->text, bytes, size);
        source->text[size] = '\0';
        source->size = size;
        return 0;
}

static int complain_unreadable(struct problems *problems, const char *path, const char *what, int error) {
        return problems_add(problems, path, 0, SEVERITY_ERROR, "the %s cannot be read: %s; mend that and reload dosed",
                            what, strerror(error));
}

/* Nothing that could wait for somebody who writes. Returns 0 or a positive errno. */
static int open_regular(const char *path, int *ret) {
        struct stat st;
        int fd, error = 0;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno;
        if (fstat(fd, &st) < 0)
                error = errno;
        else if (S_ISDIR(st.st_mode))
                error = EISDIR;
        else if (!S_ISREG(st.st_mode))
                error = EINVAL;
        if (error != 0) {
                (void) close(fd);
                return error;
        }
        *ret = fd;
        return 0;
}

/* A disk can fail half-way, and a file can grow: neither is a short file. */
static int read_source(struct config_sources *sources, const char *path, struct problems *problems) {
        _cleanup_(free_p) char *bytes = NULL;
        _cleanup_(close_p) int fd = -1;
        size_t room = LIMIT_CONFIG_BYTES - sources->n_bytes + 1, size = 0;
        int error;

        error = open_regular(path, &fd);
        if (error == EINVAL)
                return problems_add(problems, path, 0, SEVERITY_ERROR,
                                    "this is not a regular file: put one in its place and reload dosed");
        if (error != 0)
                return complain_unreadable(problems, path, "file", error);
        bytes = malloc(room);
        if (!bytes)
                return -ENOMEM;
        while (size < room) {
                ssize_t n = read(fd, bytes + size, room - size);

                if (n < 0 && errno != EINTR)
                        return complain_unreadable(problems, path, "file", errno);
                if (n == 0)
                        return add_source(sources, path, bytes, size);
                if (n > 0)
                        size += (size_t) n;
        }
        return problems_add(
                problems, path, 0, SEVERITY_ERROR,
                "dosed.conf and its drop-ins together are larger than %u KiB: shorten them, and reload dosed",
                LIMIT_CONFIG_BYTES / 1024);
}

static int is_drop_in(const struct dirent *entry) {
        size_t length = strlen(entry->d_name);

        return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int read_drop_ins(struct config_sources *sources, const char *file, struct problems *problems) {
        _cleanup_(free_p) char *folder = NULL;
        struct dirent **entries = NULL;
        int n, r;

        r = text_format(&folder, "%s.d", file);
        if (r < 0)
                return r;
        n = scandir(folder, &entries, is_drop_in, alphasort);
        if (n < 0 && errno == ENOMEM)
                return -ENOMEM;
        if (n < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : complain_unreadable(problems, folder, "folder", errno);
        for (int i = 0; i < n; i++) {
                _cleanup_(free_p) char *path = NULL;

                sources->has_drop_ins = true;
                if (r >= 0)
                        r = text_format(&path, "%s/%s", folder, entries[i]->d_name);
                if (r >= 0)
                        r = read_source(sources, path, problems);
                free(entries[i]);
        }
        free(entries);
        return r;
}

int config_sources_read(const struct config_places *places, struct config_sources *ret, struct problems *problems) {
        _cleanup_(config_sources_done) struct config_sources sources = {};
        struct stat st;
        int r = 0;

        sources.has_file = places->must_exist || lstat(places->file, &st) >= 0 || errno != ENOENT;
        if (sources.has_file)
                r = read_source(&sources, places->file, problems);
        if (r >= 0)
                r = read_drop_ins(&sources, places->file, problems);
        if (r < 0)
                return r;
        *ret = sources;
        sources = (struct config_sources){};
        return 0;
}

static bool is_mark(const char *line, const char *mark) {
        return strncmp(line, mark, strlen(mark)) == 0;
}

static bool is_any_mark(const char *line) {
        return is_mark(line, FILE_MARK) || is_mark(line, DROP_IN_MARK);
}

/* A line that looks like a mark is a comment that somebody copied: it is left blank. */
int config_sources_join(const struct config_sources *sources, char **ret) {
        _cleanup_(free_p) char *text = NULL;
        size_t size;
        FILE *stream;

        stream = open_memstream(&text, &size);
        if (!stream)
                return -ENOMEM;
        for (size_t i = 0; i < sources->n_items; i++) {
                (void) fputs(i == 0 && sources->has_file ? FILE_MARK : DROP_IN_MARK, stream);
                for (const char *line = sources->items[i].text; *line;) {
                        int length = (int) strcspn(line, "\n");
                        _cleanup_(free_p) char *whole = NULL;

                        if (text_format(&whole, "%.*s\n", length, line) < 0) {
                                (void) fclose(stream);
                                return -ENOMEM;
                        }
                        (void) fputs(is_any_mark(whole) ? "\n" : whole, stream);
                        line += length + (line[length] == '\n');
                }
        }
        if (fclose(stream) != 0)
                return -ENOMEM;
        *ret = TAKE(text);
        return 0;
}

int config_sources_split(const struct config_places *places, const char *text, struct config_sources *ret) {
        _cleanup_(config_sources_done) struct config_sources sources = {};
        int r;

        while (*text) {
                const char *end;

                if (is_mark(text, FILE_MARK)) {
                        sources.has_file = true;
                        text += strlen(FILE_MARK);
                } else if (is_mark(text, DROP_IN_MARK)) {
                        sources.has_drop_ins = true;
                        text += strlen(DROP_IN_MARK);
                }
                for (end = text; *end && !is_any_mark(end);) {
                        end += strcspn(end, "\n");
                        end += *end == '\n';
                }
                r = add_source(&sources, places->file, text, (size_t) (end - text));
                if (r < 0)
                        return r;
                text = end;
        }
        *ret = sources;
        sources = (struct config_sources){};
        return 0;
}
