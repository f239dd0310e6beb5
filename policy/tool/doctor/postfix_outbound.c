/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mail to partners: whether each service by which it leaves asks for the rules and can enforce them, and what
 * takes mail past a rule. Knows the parameters of smtp(8). postfix_routes.c knows where mail leaves,
 * postfix_asks.c how Postfix asks.
 */
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "policy/tool/doctor/authorities.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/outbound.h"
#include "policy/tool/text.h"

enum { VERSION_PROTOCOLS = 3006, VERSION_TLS_REQUIRED = 3010, REUSE_MAX = 300 };

/* ---- what takes mail past a rule ---- */

static void examine_fallback(const struct postfix *postfix)
{
    static const char subject[] = "smtp_fallback_relay";
    const char *relay = postfix_text(postfix, subject);

    if (*relay == '\0')
        return;
    remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
           "%s%s: where the servers of a partner fail, its mail leaves by this relay without its rule",
           postfix_where(postfix, subject), relay);
    postfix_change(postfix, subject, "");
}

static void examine_tls_required(const struct postfix *postfix)
{
    static const char subject[] = "tls_required_enable";

    if (postconf_version(postfix->postconf) < VERSION_TLS_REQUIRED || !postfix_is_yes(postfix, subject))
        return;
    remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
           "%syes: a header \"TLS-Required: no\", which every sender can write, switches all rules off",
           postfix_where(postfix, subject));
    postfix_change(postfix, subject, "no");
}

/* Postfix does not ask again for a connection that it keeps open. */
static void examine_reuse(const struct postfix *postfix)
{
    static const char subject[] = "smtp_connection_reuse_time_limit";
    const char *limit = postfix_text(postfix, subject);

    if (postconf_seconds(limit) <= REUSE_MAX)
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, subject,
           "%s%s: so long Postfix sends by an open connection without asking for a rule that became stricter",
           postfix_where(postfix, subject), limit);
    postfix_change(postfix, subject, "300s");
}

/*
 * A filter on another machine may send the mail itself. Examines main.cf, or a service with its own setting.
 */
static void examine_filter(const struct postfix *postfix)
{
    static const char subject[] = "content_filter";
    static const char *const here[] = {"[127.", "127.",      "[::1]",          "[localhost]", "localhost",
                                       "unix:", "inet:127.", "inet:localhost", "inet:[127.",  "inet:[::1]"};
    const char *filter = postconf_text(postfix->postconf, postfix->service, subject);
    const char *hop = strchr(filter, ':');

    if (hop == NULL || strchr(hop + 1, '.') == NULL)
        return; /* none, or a program of this machine */
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++)
        if (strncmp(hop + 1, here[i], strlen(here[i])) == 0)
            return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, subject,
           "%s%s: all mail leaves for this filter first, without the rules of partners",
           postfix_where(postfix, subject), filter);
    postfix_advise(
        postfix, subject,
        "name a filter on this machine, or reach it by a network that you trust, and let it hand mail "
        "back to this Postfix");
}

/* Examines main.cf, and the services that take mail in: each may have its own filter. */
static void examine_filters(const struct postfix *postfix)
{
    static const char *const takers[] = {"smtpd", "pickup", "qmqpd"};
    struct postfix one = *postfix;

    one.service = NULL;
    examine_filter(&one);
    for (size_t i = 0; i < postconf_service_count(postfix->postconf); i++) {
        one.service = postconf_service(postfix->postconf, i);
        for (size_t k = 0; k < sizeof takers / sizeof takers[0]; k++)
            if (strcmp(one.service->command, takers[k]) == 0 && postfix_is_own(&one, "content_filter"))
                examine_filter(&one);
    }
}

/* ---- whether smtp(8) can enforce a rule ---- */

static void examine_version(const struct postfix *postfix)
{
    if (postconf_version(postfix->postconf) >= VERSION_PROTOCOLS)
        return;
    remark(&postfix->examination->remarks, LEVEL_ERROR, "mail_version",
           "%s: it does not read \"protocols=>=TLSv1.2\" and defers all mail to partners",
           postfix_text(postfix, "mail_version"));
    remark_change(&postfix->examination->remarks, "Postfix 3.6 or later is needed for outbound.");
}

/* Returns the file in which the system has the public CAs. */
static const char *system_file(void)
{
    static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/cert.pem",
                                        "/etc/ssl/cert.pem"};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (access(files[i], R_OK) == 0)
            return files[i];
    return files[0];
}

/* Adds the CAs of a file, which smtp(8) reads as root before it enters its chroot. False: it is not set. */
static bool examine_file(const struct postfix *postfix, struct authorities *authorities, const char *partner)
{
    static const char subject[] = "smtp_tls_CAfile";
    const char *file = postfix_text(postfix, subject);

    if (*file == '\0')
        return false;
    if (authorities_add_file(authorities, file).count > 0)
        return true;
    if (access(file, R_OK) != 0 && geteuid() != 0) {
        doctor_run_as_root(postfix->examination, subject, file);
        return true;
    }
    remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
           "%s%s holds no certificate: no server of partner %s is trusted, and its mail is deferred",
           postfix_where(postfix, subject), file, partner);
    postfix_change(postfix, subject, system_file());
    return true;
}

/* Adds the CAs of a directory, which smtp(8) reads in its chroot. False: it is not set. */
static bool examine_directory(const struct postfix *postfix, struct authorities *authorities,
                              const char *partner)
{
    static const char subject[] = "smtp_tls_CApath";
    const char *directory = postfix_text(postfix, subject);
    bool chrooted = postfix->service->chrooted;
    char path[4096];

    if (*directory == '\0')
        return false;
    snprintf(path, sizeof path, "%s%s", chrooted ? postfix->queue_directory : "", directory);
    if (authorities_add_directory(authorities, path).count > 0 || authorities_any(authorities))
        return true;
    remark(
        &postfix->examination->remarks, LEVEL_ERROR, subject,
        "%s%s holds no certificates by hash%s: no server of partner %s is trusted, and its mail is deferred",
        postfix_where(postfix, subject), path, chrooted ? "; a chrooted smtp looks for it there" : "",
        partner);
    postfix_change(postfix, "smtp_tls_CAfile", system_file());
    return true;
}

static void examine_authorities(const struct postfix *postfix, const char *partner)
{
    static const char subject[] = "smtp_tls_CAfile";
    struct authorities *authorities = authorities_new();
    bool any;

    if (authorities == NULL) {
        postfix->examination->remarks.exhausted = true;
        return;
    }
    any = examine_file(postfix, authorities, partner);
    any |= examine_directory(postfix, authorities, partner);
    any |= postfix_is_yes(postfix, "tls_append_default_CA");
    authorities_free(authorities);
    if (any)
        return;
    remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
           "%sempty: no server of partner %s is trusted, and its mail is deferred",
           postfix_where(postfix, subject), partner);
    postfix_change(postfix, subject, system_file());
}

static void examine_pins(const struct postfix *postfix, const char *partner, bool of_certificates)
{
    static const char digest[] = "smtp_tls_fingerprint_digest", raw[] = "smtp_tls_enable_rpk";
    struct remarks *remarks = &postfix->examination->remarks;

    if (!postfix_is_sha256(postfix_text(postfix, digest))) {
        remark(remarks, LEVEL_ERROR, digest,
               "%s%s: the policy's fingerprints are SHA-256, none ever matches, and mail to partner %s is "
               "deferred",
               postfix_where(postfix, digest), postfix_text(postfix, digest), partner);
        postfix_change(postfix, digest, "sha256");
    }
    if (!of_certificates || !postfix_is_yes(postfix, raw))
        return;
    remark(remarks, LEVEL_WARNING, raw,
           "%syes: a server that sends a raw key has no certificate whose fingerprint partner %s needs",
           postfix_where(postfix, raw), partner);
    postfix_change(postfix, raw, "no");
}

/* `why`: what goes wrong without DNSSEC: "mail to partner x is deferred". */
static void examine_dnssec(const struct postfix *postfix, const char *why)
{
    static const char support[] = "smtp_dns_support_level", lookup[] = "smtp_host_lookup";
    const char *level = postfix_text(postfix, support), *hosts = postfix_text(postfix, lookup);
    struct remarks *remarks = &postfix->examination->remarks;

    if (strcasecmp(level, "dnssec") != 0) {
        remark(remarks, LEVEL_ERROR, support, "%s%s: without dnssec Postfix uses no TLSA record, and %s",
               postfix_where(postfix, support), *level ? level : "empty", why);
        postfix_change(postfix, support, "dnssec");
    }
    if (!element_in(hosts, "dns")) {
        remark(remarks, LEVEL_ERROR, lookup, "%s%s: without dns Postfix uses no TLSA record, and %s",
               postfix_where(postfix, lookup), hosts, why);
        postfix_change(postfix, lookup, "dns");
    }
}

/* ---- evidence ---- */

static void examine_evidence(const struct postfix *postfix)
{
    static const char level[] = "smtp_tls_loglevel", warning[] = "delay_warning_time";
    struct remarks *remarks = &postfix->examination->remarks;

    if (strcmp(postfix_text(postfix, level), "0") == 0) {
        remark(remarks, LEVEL_WARNING, level, "%s0: the log does not say how mail to partners left",
               postfix_where(postfix, level));
        postfix_change(postfix, level, "1");
    }
    if (postconf_seconds(postconf_text(postfix->postconf, NULL, warning)) == 0) {
        struct postfix main = *postfix;

        main.service = NULL;
        remark(remarks, LEVEL_WARNING, warning,
               "%s: senders get no warning for days while mail to a partner waits",
               postfix_text(&main, warning));
        postfix_change(&main, warning, "4h");
    }
}

/* It can turn the deferral by which a rule is enforced into a bounce. */
static void examine_filtered_status(const struct postfix *postfix)
{
    static const char subject[] = "smtp_delivery_status_filter";
    const char *filter = postfix_text(postfix, subject);

    if (*filter == '\0')
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, subject,
           "%s%s: it may bounce mail to partners at once that their rules defer",
           postfix_where(postfix, subject), filter);
    postfix_advise(postfix, subject, "leave 4.7.4 and 4.7.5 as they are");
}

static void examine_service(const struct postfix *postfix, const struct outbound_survey *survey)
{
    const char *pins = survey->pins != NULL ? survey->pins : survey->key_pins;
    char why[320];

    doctor_postfix_asks(postfix);
    examine_fallback(postfix);
    examine_tls_required(postfix);
    examine_reuse(postfix);
    examine_filtered_status(postfix);
    if (survey->names != NULL)
        examine_authorities(postfix, survey->names);
    if (pins != NULL)
        examine_pins(postfix, pins, survey->pins != NULL);
    snprintf(why, sizeof why, "mail to partner %s is deferred", survey->dane != NULL ? survey->dane : "");
    if (survey->dane != NULL)
        examine_dnssec(postfix, why);
    else if (policy_milter(postfix->examination->policy)->outbound_upstream != NULL)
        examine_dnssec(postfix, "an answer dane-only of outbound_upstream defers mail");
    examine_evidence(postfix);
}

void doctor_postfix_outbound(const struct postfix *postfix)
{
    struct examination *examination = postfix->examination;
    struct outbound_survey survey;
    struct transports transports;
    struct postfix one = *postfix;

    if (examination->policy == NULL)
        return;
    survey = policy_outbound_survey(examination->policy, examination->now);
    if (survey.partners == 0)
        return;
    examine_version(postfix);
    examine_filters(postfix);
    doctor_postfix_routes(postfix, &transports);
    for (size_t i = 0; i < postconf_service_count(postfix->postconf); i++) {
        one.service = postconf_service(postfix->postconf, i);
        if (strcmp(one.service->command, "smtp") == 0 && strcmp(one.service->type, "inet") != 0
            && transports_has(&transports, one.service->name))
            examine_service(&one, &survey);
    }
}
