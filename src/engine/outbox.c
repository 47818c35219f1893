/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outbox: whom to tell, what waits to be told, and the messages under way. */
#include "dosed/outbox.h"
