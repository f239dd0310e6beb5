/* SPDX-License-Identifier: BSD-2-Clause */
/* The milter: its name and callbacks, for libmilter. */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include <stdbool.h> /* before mfapi.h, which defines a bool of its own */
#include <libmilter/mfapi.h>

extern const struct smfiDesc callbacks;

#endif
