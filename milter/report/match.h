/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds Postfix's report of a message at DATA, and completes the message's facts with it. */
#ifndef MILTER_REPORT_MATCH_H
#define MILTER_REPORT_MATCH_H

#include <stdint.h>
#include "policy/facts/facts.h"

/* What was found, or why no pin is known. */
enum report_match {
    REPORT_MATCH_NOT_TRIED,     /* no pin was waiting for a report */
    REPORT_MATCH_FOUND,         /* the pins are complete */
    REPORT_MATCH_NO_LISTENER,   /* postfix_facts is not configured, or not since the start */
    REPORT_MATCH_NO_REPORT,     /* Postfix sent none after this message's MAIL */
    REPORT_MATCH_CONTRADICTION, /* the report and the macros cannot be about one TLS session */
    REPORT_MATCH_OTHER_DIGEST,  /* its fingerprints are not SHA-256 */
    REPORT_MATCH_COUNT
};

/*
 * Completes pins that are PIN_PENDING with the report of this message. Only a report with a serial above
 * `serial` (report_serial() at MAIL) counts; without one the pins become PIN_MISSING. Never waits.
 * `queue_id` may be NULL: then there is no report.
 */
enum report_match report_match_message(struct facts *facts, const char *queue_id, uint64_t serial);

/*
 * Logs why pins are missing: each reason once until report_match_log_again(). Logs nothing if none is
 * missing.
 */
void report_match_log(enum report_match match, const struct facts *facts, const char *queue_id);
void report_match_log_again(void);

#endif
