/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is not for everybody's eyes: the property CLASS (RFC 5545 3.8.1.3). */
#pragma once

#include "calendar/line.h"

bool class_is_confidential(struct slice value);
