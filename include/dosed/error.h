/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error contract: what a return value means, and how locals are cleaned up. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A function that can fail returns int:
 *   < 0   a negative errno: fatal to the operation, handed up unchanged;
 *     0   done;
 *   > 0   an outcome that the caller is meant to handle: an enum of that module, named at the prototype.
 * Outputs are called ret_..., come last, and are untouched unless the function returned 0 or says otherwise.
 *
 * Destructors are called x_free (heap) and x_done (embedded). They take NULL and half-built objects.
 */

/* Runs `function` on the address of the local when it leaves its scope. */
#define _cleanup_(function) __attribute__((cleanup(function)))

/* Defines `function`_p, the form of a destructor that _cleanup_ takes. */
#define DEFINE_CLEANUP(type, function)               \
        static inline void function##_p(type *object) { \
                if (*object)                            \
                        function(*object);              \
        }                                            \
        struct dosed_allow_semicolon

/* Hands a pointer over to a new owner and forgets it here. */
#define TAKE(pointer)                           \
        ({                                      \
                __typeof__(pointer) *_p = &(pointer); \
                __typeof__(pointer) _v = *_p;   \
                *_p = NULL;                     \
                _v;                             \
        })

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static inline void free_p(void *pointer) {
        free(*(void **) pointer);
}

static inline void close_p(const int *fd) {
        if (*fd >= 0)
                (void) close(*fd);
}

static inline void fclose_p(FILE **file) {
        if (*file)
                (void) fclose(*file);
}
