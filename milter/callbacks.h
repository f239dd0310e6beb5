/* SPDX-License-Identifier: BSD-2-Clause */
/* The milter, as libmilter is told of it. */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include <libmilter/mfapi.h>

extern const struct smfiDesc callbacks;

#endif
