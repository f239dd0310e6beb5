/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drafts a rule from observed mail: the strictest rule that all mail met, except one in a hundred. It is
 * never weaker than a policy's defaults. Knows the language; seen.c observes the mail.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/domain.h"
#include "policy/names/printable.h"
#include "policy/names/scalar.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/evidence/suggest.h"

enum {
    SHARE = 99, /* percent */
    DOMAINS_MAX = 20,
    CERTIFICATES_MAX = 10,
    PINS_MAX = 3,
    NETWORKS_SHOWN = 8,
    PIN_DAYS = 30,
    NAME_MOST = 64, /* octets in the name of a partner */
    SCALAR_SIZE = 1200
};

/* ---- words ---- */

void draft_count(FILE *stream, int64_t count, const char *noun)
{
    if (count >= 1000000)
        fprintf(stream, "%" PRId64 ",%03d,%03d", count / 1000000, (int)(count / 1000 % 1000),
                (int)(count % 1000));
    else if (count >= 1000)
        fprintf(stream, "%d,%03d", (int)(count / 1000), (int)(count % 1000));
    else
        fprintf(stream, "%d", (int)count);
    if (noun != NULL)
        fprintf(stream, " %s%s", noun, count == 1 ? "" : "s");
}

static void write_day(FILE *stream, int64_t at)
{
    char text[STAMP_TEXT_SIZE];

    stamp_format(at, text);
    fprintf(stream, "%.10s", text);
}

static void write_scalar(FILE *stream, const char *text)
{
    char scalar[SCALAR_SIZE];

    scalar_write(scalar, sizeof scalar, text);
    fputs(scalar, stream);
}

/* Whether this many of all mails with TLS are enough. */
static bool is_enough(const struct seen *seen, int64_t mails)
{
    return seen->tls > 0 && mails * 100 >= seen->tls * SHARE;
}

/* ---- who ---- */

/* Whether a policy accepts the name as a domain: anybody can write anything as a sender. */
static bool is_domain(const char *name)
{
    struct domain domain;

    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(name) && strchr(name, '.') != NULL
           && domain_normalise(&domain, name, strlen(name)) == DOMAIN_VALID && strcmp(domain.text, name) == 0;
}

/* Writes "domains: [a.example, b.example]". False: there is none. */
static bool write_domains(FILE *stream, const struct seen_values *domains)
{
    size_t written = 0;

    for (size_t i = 0; i < domains->count && written < DOMAINS_MAX; i++)
        if (is_domain(domains->value[i].name))
            fprintf(stream, "%s%s", written++ > 0 ? ", " : "    domains: [", domains->value[i].name);
    if (written > 0)
        fputs("]\n", stream);
    return written > 0;
}

static void write_networks(FILE *stream, const struct network *network, size_t count, const char *key)
{
    char text[64];

    for (size_t i = 0; i < count; i++) {
        network_format(&network[i], text);
        fprintf(stream, strchr(text, ':') != NULL ? "%s\"%s\"" : "%s%s", i > 0 ? ", " : key, text);
    }
    fputs("]\n", stream);
}

/*
 * Finds the networks of the clients, or wider ones around them, if they are few. Returns their number. 0: too
 * many.
 */
static size_t few_networks(const struct seen *seen, struct network few[NETWORKS_SHOWN])
{
    size_t count = 0;
    bool all = seen->networks <= NETWORKS_SHOWN;

    if (seen->many_clients)
        return 0;
    for (size_t i = 0; i < seen->networks; i++) {
        const struct network *network = &seen->network[i];
        unsigned wide = network->v6 ? 48 : 24;
        struct network one = all || network->prefix <= wide ? *network : network_mask(network, wide);
        size_t k = 0;

        while (k < count && !network_equal(&few[k], &one))
            k++;
        if (k < count)
            continue;
        if (count == NETWORKS_SHOWN)
            return 0;
        few[count++] = one;
    }
    return count;
}

/* Writes which mail selects the partner. False: nothing can. */
static bool write_selectors(FILE *stream, const struct seen *seen)
{
    struct network few[NETWORKS_SHOWN];
    size_t count;

    if (!seen->partner) {
        if (!is_domain(seen->name))
            return false;
        fprintf(stream, seen->below ? "    domains: [%s, .%s]\n" : "    domains: [%s]\n", seen->name,
                seen->name);
        return true;
    }
    if (write_domains(stream, &seen->domains))
        return true;
    if (write_domains(stream, &seen->header_domains)) {
        fputs("    identities: [header_from]\n", stream);
        return true;
    }
    count = few_networks(seen, few);
    if (count > 0)
        write_networks(stream, few, count, "    clients: [");
    return count > 0;
}

/* ---- what is required ---- */

/* Writes "  # 2,341 of 2,345 mails with TLS". */
static void write_remark(FILE *stream, int64_t mails, int64_t all)
{
    fputs("  # ", stream);
    if (mails == all)
        fputs("all ", stream);
    draft_count(stream, mails, mails == all ? "mail" : NULL);
    if (mails != all) {
        fputs(" of ", stream);
        draft_count(stream, all, "mail");
    }
    if (all > 0)
        fputs(" with TLS", stream);
    fputc('\n', stream);
}

static void write_names(FILE *stream, const struct seen *seen)
{
    fputs("      certificates:\n", stream);
    for (size_t i = 0; i < seen->certificates.count; i++) {
        const struct seen_value *value = &seen->certificates.value[i];

        fputs("        - {subject: ", stream);
        write_scalar(stream, value->name);
        fputs(", issuer: ", stream);
        write_scalar(stream, value->more);
        fputs("}  # ", stream);
        draft_count(stream, value->mails, "mail");
        fputs(", ", stream);
        write_day(stream, value->first);
        fputs(" to ", stream);
        write_day(stream, value->last);
        fputc('\n', stream);
    }
}

/* Returns since when, and until when, a fingerprint was seen at all. */
static const struct seen_value *whole_time(const struct seen *seen, const char *fingerprint)
{
    for (size_t i = 0; i < seen->all_pins.count; i++)
        if (strcmp(seen->all_pins.value[i].name, fingerprint) == 0)
            return &seen->all_pins.value[i];
    return NULL;
}

/*
 * Whether pins are stable: a single one was seen for a month, or each was still in use when the next one
 * began.
 */
static bool do_pins_last(const struct seen *seen)
{
    const struct seen_value *before = NULL;

    for (size_t i = 0; i < seen->pins.count; i++) {
        const struct seen_value *pin = whole_time(seen, seen->pins.value[i].name);

        if (pin == NULL || (seen->pins.count == 1 && pin->last - pin->first < PIN_DAYS * (int64_t)STAMP_DAY)
            || (before != NULL && pin->first > before->last))
            return false;
        before = pin;
    }
    return seen->pins.count > 0 && seen->pins.count <= PINS_MAX;
}

static void write_pins(FILE *stream, const struct seen *seen)
{
    fputs("      certificates:\n", stream);
    for (size_t i = 0; i < seen->pins.count; i++) {
        fprintf(stream, "        - {fingerprint: \"%s\"}  # ", seen->pins.value[i].name);
        draft_count(stream, seen->pins.value[i].mails, "mail");
        fputc('\n', stream);
    }
}

static void write_certificates(FILE *stream, const struct seen *seen)
{
    if (is_enough(seen, seen->named) && seen->certificates.count <= CERTIFICATES_MAX)
        write_names(stream, seen);
    else if (is_enough(seen, seen->pinned) && do_pins_last(seen))
        write_pins(stream, seen);
    else if (is_enough(seen, seen->named)) {
        fputs("      certificates: trusted  # of ", stream);
        draft_count(stream, (int64_t)seen->certificates.count, "certificate");
        fputs(", too many to list\n", stream);
    } else {
        fputs("      # certificates: ", stream);
        draft_count(stream, seen->named, "mail");
        fputs(" showed one that the MTA verified and a policy can name", stream);
        fprintf(stream, seen->pinned > 0 ? ", and fingerprints change or are not known for a month\n" : "\n");
    }
}

static void write_clients(FILE *stream, const struct seen *seen)
{
    struct network few[NETWORKS_SHOWN];
    size_t count = few_networks(seen, few);

    if (count > 0) {
        write_networks(stream, few, count, "      clients: [");
        return;
    }
    fputs("      # clients: ", stream);
    draft_count(stream, (int64_t)seen->networks, "client");
    fputs(", too many to list\n", stream);
}

static void write_requirements(FILE *stream, const struct seen *seen)
{
    bool tls13 = is_enough(seen, seen->tls13);

    fputs("    require:\n", stream);
    fprintf(stream, "      min_tls_version: %s", tls13 ? "TLSv1.3" : "TLSv1.2");
    if (tls13)
        write_remark(stream, seen->tls13, seen->tls);
    else
        fputc('\n', stream);
    if (is_enough(seen, seen->ephemeral)) {
        fputs("      forward_secrecy: true", stream);
        write_remark(stream, seen->ephemeral, seen->tls);
    }
    if (is_enough(seen, seen->strong)) {
        fputs("      min_cipher_bits: 256", stream);
        write_remark(stream, seen->strong, seen->tls);
    }
    write_certificates(stream, seen);
    write_clients(stream, seen);
}

char *draft_policy(const struct seen *seen, bool *drafted)
{
    char *text = NULL, name[NAME_MOST + 1]; /* a domain may be longer */
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    if (stream == NULL)
        return NULL;
    fputs("version: 1\npartners:\n  - name: ", stream);
    snprintf(name, sizeof name, "%s", seen->name);
    write_scalar(stream, name);
    fputc('\n', stream);
    *drafted = write_selectors(stream, seen);
    fputs("    mode: testing\n", stream);
    write_requirements(stream, seen);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- remarks ---- */

/* Writes "# TLSv1.3: 2,338 mails; no TLS: 3 mails." */
static void write_versions(FILE *stream, const struct seen *seen)
{
    for (size_t i = 0; i < seen->versions.count; i++) {
        const struct seen_value *value = &seen->versions.value[i];

        fputs(i > 0 ? "; " : "# ", stream);
        text_show(stream, strcmp(value->name, "none") == 0 ? "no TLS" : value->name);
        fputs(": ", stream);
        draft_count(stream, value->mails, "mail");
    }
    fputs(".\n", stream);
}

static void write_last_failure(FILE *stream, const struct seen *seen)
{
    if (seen->last_fail == STAMP_NONE) {
        fputs("# No mail failed under the policy of that time.\n", stream);
        return;
    }
    fputs("# The last mail that failed under the policy of that time: ", stream);
    write_day(stream, seen->last_fail);
    fprintf(stream, " (%s).\n", seen->last_reasons != NULL ? seen->last_reasons : "");
}

char *draft_remarks(const struct seen *seen)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    if (stream == NULL)
        return NULL;
    fputs("# Drafted by forcetls suggest from ", stream);
    draft_count(stream, seen->mails, "mail");
    fputs(" on ", stream);
    draft_count(stream, (int64_t)seen->days.count, "day");
    fputs(", ", stream);
    write_day(stream, seen->first);
    fputs(" to ", stream);
    write_day(stream, seen->last);
    fputs(".\n", stream);
    write_versions(stream, seen);
    write_last_failure(stream, seen);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}
