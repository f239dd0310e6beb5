/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Matches Postfix's report with the message that it is about. The milter's macros
 * have no fingerprints; the report that Postfix sends before DATA has them. Both
 * are about one message if they name the same queue id, client and server, and if
 * the report came after this message's MAIL. In any doubt the pins stay unknown.
 * Does not judge the message.
 */
#include "milter/report/match.h"

#include <stdatomic.h>
#include <syslog.h>
#include "milter/log.h"
#include "milter/report/listener.h"

/* Bit per enum report_match: logged since the last reload. */
static atomic_uint logged;

enum report_match report_match_message(struct facts *facts, const char *queue_id, uint64_t serial)
{
    const struct report_names names = {
        queue_id,
        facts->macro[MACRO_CLIENT_ADDR],
        facts->macro[MACRO_CLIENT_PORT],
        facts->macro[MACRO_DAEMON_ADDR],
        facts->macro[MACRO_DAEMON_PORT],
    };
    struct report_key key;
    struct postfix_report report;

    if (facts->certificate_pin.state != PIN_PENDING)
        return REPORT_MATCH_NOT_TRIED;
    facts->certificate_pin.state = facts->key_pin.state = PIN_MISSING;
    if (!report_listener_runs())
        return REPORT_MATCH_NO_LISTENER;
    if (!report_key_make(&key, &names) || !report_find(&key, serial, &report))
        return REPORT_MATCH_NO_REPORT;
    switch (report_apply(&report, facts)) {
    case REPORT_AGREES:
        return REPORT_MATCH_FOUND;
    case REPORT_OTHER_DIGEST:
        return REPORT_MATCH_OTHER_DIGEST;
    default:
        return REPORT_MATCH_CONTRADICTION;
    }
}

void report_match_log(enum report_match match, const struct facts *facts, const char *queue_id)
{
    static const char *const texts[REPORT_MATCH_COUNT] = {
        [REPORT_MATCH_NO_LISTENER] =
            "a pin needs milter.postfix_facts, which takes effect only after a restart",
        [REPORT_MATCH_NO_REPORT] = "Postfix reported nothing of this message: see smtpd_data_restrictions in "
                                   "forcetls-postfix(7)",
        [REPORT_MATCH_CONTRADICTION] = "what Postfix reported of this message contradicts its macros",
        [REPORT_MATCH_OTHER_DIGEST] = "the MTA reports fingerprints that are not SHA-256: set "
                                      "smtpd_tls_fingerprint_digest = sha256 (Postfix) or "
                                      "CertFingerprintAlgorithm=sha256 (Sendmail)",
    };
    struct log_line line;

    if (texts[match] == NULL || (atomic_fetch_or(&logged, 1u << match) >> match & 1) != 0)
        return;
    log_begin(&line, "facts");
    log_quoted(&line, "qid", queue_id);
    log_quoted(&line, "client", facts->macro[MACRO_CLIENT_ADDR]);
    log_text(&line, "text", texts[match]);
    log_write(LOG_ERR, &line);
}

void report_match_log_again(void)
{
    atomic_store(&logged, 0);
}
