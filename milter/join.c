/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The join of two accounts of one session: the macros that Postfix gives a milter
 * and the report that it made before DATA, which alone has fingerprints. They
 * belong together if they name the same queue id, the same client and the same server, and
 * if the report came behind this message's MAIL. Where there is any doubt
 * nothing is joined. Judges nothing.
 */
#include "milter/join.h"

#include <stdatomic.h>
#include <syslog.h>
#include "milter/listener.h"
#include "milter/log.h"

/* Bit per enum join: the log has it already. */
static atomic_uint told;

enum join join_report(struct facts *facts, const char *queue_id, uint64_t moment)
{
    const struct delegation_names names = {
        queue_id,
        facts->macro[MACRO_CLIENT_ADDR],
        facts->macro[MACRO_CLIENT_PORT],
        facts->macro[MACRO_DAEMON_ADDR],
        facts->macro[MACRO_DAEMON_PORT],
    };
    struct delegation_key key;
    struct delegation report;
    if (facts->certificate_pin.state != PIN_PENDING)
        return JOIN_NOT_TRIED;
    facts->certificate_pin.state = facts->key_pin.state = PIN_MISSING;
    if (!listener_runs())
        return JOIN_NO_LISTENER;
    if (!delegation_key_make(&key, &names) || !listener_find(&key, moment, &report))
        return JOIN_NO_REPORT;
    switch (delegation_apply(&report, facts)) {
    case DELEGATION_AGREES:
        return JOIN_DONE;
    case DELEGATION_OTHER_DIGEST:
        return JOIN_OTHER_DIGEST;
    default:
        return JOIN_CONTRADICTION;
    }
}

void join_tell(enum join join, const struct facts *facts, const char *queue_id)
{
    static const char *const texts[JOIN_COUNT] = {
        [JOIN_NO_LISTENER] = "pins need milter.postfix_facts, which takes effect with a restart only",
        [JOIN_NO_REPORT] = "Postfix reported nothing of this message: see smtpd_data_restrictions in "
                           "forcetls-postfix(7)",
        [JOIN_CONTRADICTION] = "what Postfix reported of this message contradicts its macros",
        [JOIN_OTHER_DIGEST] = "the MTA reports fingerprints that are no SHA-256: set "
                              "smtpd_tls_fingerprint_digest = sha256 (Postfix) or "
                              "CertFingerprintAlgorithm=sha256 (Sendmail)",
    };
    if (texts[join] == NULL || (atomic_fetch_or(&told, 1u << join) >> join & 1) != 0)
        return;
    struct log_line line;
    log_begin(&line, "facts");
    log_quoted(&line, "qid", queue_id);
    log_quoted(&line, "client", facts->macro[MACRO_CLIENT_ADDR]);
    log_text(&line, "text", texts[join]);
    log_write(LOG_ERR, &line);
}

void join_tell_again(void)
{
    atomic_store(&told, 0);
}
