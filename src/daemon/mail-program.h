/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where dosed-mail is. */
#pragma once

/* The path lives as long as the process. */
const char *mail_program(void);
