/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs. Each returns 0, a request_outcome (said by then) or a negative errno. */
#pragma once

#include "ctl/request.h"

/* The table of them, the first being the one meant where none is named. */
extern const struct verb verbs[];
extern const size_t n_verbs;

int status_run(struct request *request);
int list_run(struct request *request);
int history_run(struct request *request);
int take_run(struct request *request);
int skip_run(struct request *request);
int snooze_run(struct request *request);
int undo_run(struct request *request);
int monitor_run(struct request *request);
int meds_run(struct request *request);
int add_run(struct request *request);
int edit_run(struct request *request);
int plan_run(struct request *request);
int reload_run(struct request *request);
int outbox_run(struct request *request);
int told_run(struct request *request);
int rehearse_run(struct request *request);
int mail_run(struct request *request);
int verify_run(struct request *request);
int preview_run(struct request *request);
int complete_run(struct request *request);
