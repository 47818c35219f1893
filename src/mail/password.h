/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The password, from where only its owner can read it: never from a command line or a variable. */
#pragma once

/*
 * From the credential smtp-password of the service manager, else from the file. Returns 0, or a code of sysexits.h after
 * it said on stderr what is wrong. password_free() wipes it.
 */
int password_read(const char *file, char **ret);

void password_free(char *password);
