/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one line on stderr that says why: cleaned for a terminal, and never longer than a person reads. */
#pragma once

/* The text goes out as it is: whoever runs this shows it to people, and knows who said it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For what failed in the machine itself; returns EX_TEMPFAIL for what passes, else EX_OSERR; never EX_IOERR, which has a meaning of its own here. */
int complain_system(const char *what, int error);
