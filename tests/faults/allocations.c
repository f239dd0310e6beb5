/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allocations [STEP [POLICY...]] - every STEPth (13) allocation of loading own.yaml and each policy, and
 * every one of converting names and of judging mail by own.yaml, fails in turn: once, and with all that
 * follow. Nothing may crash or, in a build with AddressSanitizer, leak; a load gives a policy or tells why
 * not; a name is what it is or cannot be read; mail that is refused otherwise is never accepted. Prints
 * TAP. $srcdir is the top of the sources. Takes 2 s (with AddressSanitizer 3 s), with STEP 31 and the
 * golden policies 40 s, with STEP 1 some 20 minutes.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "policy/facts/macros.h"
#include "policy/facts/mta.h"
#include "policy/names/domain.h"
#include "policy/policy.h"
#include "tests/faults/failing_malloc.h"

enum { ALWAYS = 1 << 30 };

static unsigned reports;

static void arm(uint64_t first, uint64_t times)
{
    failing_malloc->first = first;
    failing_malloc->times = times;
    atomic_store(&failing_malloc->counted, 0);
    atomic_store(&failing_malloc->failed, 0);
    atomic_store(&failing_malloc->armed, 1);
}

/* Answers whether any allocation failed. */
static bool disarm(void)
{
    atomic_store(&failing_malloc->armed, 0);
    return atomic_load(&failing_malloc->failed) != 0;
}

static bool report(bool good, const char *what, const char *of, uint64_t count)
{
    reports++;
    printf("%s - %s %s: %llu allocations\n", good ? "ok" : "not ok", what, of, (unsigned long long)count);
    return good;
}

/* ---- loading ---- */

static void count_error(void *errors, const struct diag *diag)
{
    *(unsigned *)errors += diag->severity == SEVERITY_ERROR;
}

/* A policy with every partner, or errors. */
static bool load_once(const char *path, size_t partners, uint64_t first, uint64_t times, bool *failed)
{
    unsigned errors = 0;
    arm(first, times);
    struct policy *policy = policy_load(path, count_error, &errors);
    if (policy != NULL)
        policy_warn(policy, 1780000000, count_error, &errors);
    *failed = disarm();
    bool good = policy != NULL ? policy_partner_count(policy) == partners && errors == 0 : errors != 0;
    if (!good)
        printf("# %s: allocation %llu: %s, %u errors\n", path, (unsigned long long)first,
               policy != NULL ? "loaded" : "not loaded", errors);
    policy_unref(policy);
    return good;
}

static bool load_each(const char *path, uint64_t step, uint64_t times)
{
    unsigned errors = 0;
    struct policy *whole = policy_load(path, count_error, &errors);
    bool good = whole != NULL, failed = good;
    size_t partners = good ? policy_partner_count(whole) : 0;
    uint64_t first = 1;
    policy_unref(whole);
    for (; failed; first += step)
        good &= load_once(path, partners, first, times, &failed);
    return report(good && first > 1 + step, times == 1 ? "load" : "load, from then on", path,
                  first - step - 1);
}

/* ---- domain names ---- */

/* Of labels that ICU keeps on the stack, and of longer ones. */
static const char *const names[] = {
    "m\u00fcnchen.test",
    "i\u2764.x.\u00f6.example",
    "\uff50artner.te\u00adst.\u200b",
    "\u00fcaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
    "\uff41aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
    "xn--\u00ad" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
    "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301"
    "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301.test",
    "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u5343\u842c\u5104.\ue000.\u00fc",
};

/* The name as it is with memory, or word that it could not be read. */
static bool convert_each(const char *name, uint64_t times)
{
    struct domain whole, domain;
    enum domain_form form = domain_normalise(&whole, name, strlen(name));
    bool good = form != DOMAIN_UNREAD, failed = true;
    uint64_t first = 0;
    while (failed) {
        arm(++first, times);
        enum domain_form found = domain_normalise(&domain, name, strlen(name));
        failed = disarm();
        bool kept = found == DOMAIN_UNREAD || (found == form && strcmp(domain.text, whole.text) == 0);
        if (!kept)
            printf("# allocation %llu: %s, form %d\n", (unsigned long long)first, domain.text, found);
        good &= kept;
    }
    return report(good && first > 1, times == 1 ? "convert" : "convert, from then on", whole.text, first - 1);
}

/* ---- judging ---- */

/* One mail; `strong`: over TLS 1.3. What is NULL is not there. */
struct mail {
    const char *name, *sender, *helo, *recipient, *from, *client_name;
    bool sendmail, strong;
};

static const struct mail mails[] = {
    {"a partner", .sender = "a@partner.test", .helo = "x"},
    {"a partner that passes", .sender = "a@partner.test", .strong = true},
    {"a U-label", .sender = "a@M\xc3\x9cNCHEN.test"},
    {"below a U-label", .sender = "a@x.y.b\xc3\xbc"
                                  "cher.test."},
    {"two U-labels", .sender = "a@\xce\xb1\xce\xb2.\xc3\xb6.test"},
    {"the null sender with a U-label", "", .helo = "M\xc3\x9cNCHEN.test"},
    {"a header From", "a@stranger.test", .from = "Somebody <a@HEADER.test>, b@\xc3\xb6rtlich.test"},
    {"a header From that does not parse", "a@stranger.test", .from = "\xc3\x96RTLICH.test (a@ b@ <c"},
    {"a header From in an encoded word", "a@stranger.test", .from = "a@=?utf-7?q?header+AC4-test?="},
    {"a header From in encoded words", "a@stranger.test", .from = "a@=?shift_jis?q?hea?= =?shift_jis?b?ZGVyLnRlc3Q=?="},
    {"a header From with characters that show nothing", "a@stranger.test",
     .from = "a\xef\xbc\xa0" "he\xe2\x80\x8b" "ader.test"},
    {"a header From that Sendmail rewrites", "a@stranger.test", .from = "a@header test, <", .sendmail = true,
     .strong = true},
    {"a recipient", "a@rcpt.test",
     .recipient = "<judged@\xc3\xbc"
                  "ber.test>"},
    {"a client", "a@stranger.test", .client_name = "mail.kunde.test"},
    {"a client's U-label", "a@stranger.test",
     .client_name = "mail.\xc3\x9c"
                    "berall.test"},
    {"names behind Sendmail", "a@named.test", .sendmail = true, .strong = true},
    {"a stranger", .sender = "a@stranger.test"},
};

static const char *macro_of(void *arg, const char *name)
{
    const struct mail *mail = arg;
    const struct {
        const char *name, *value;
    } macros[] = {
        {"{mail_addr}", mail->sender},
        {"{client_addr}", "192.0.2.1"},
        {"{client_port}", "40000"},
        {"{client_name}", mail->client_name},
        {"{client_resolve}", mail->client_name != NULL ? "OK" : NULL},
        {"v", mail->sendmail ? "8.17.1" : "Postfix 3.7"},
        {"{tls_version}", mail->strong ? "TLSv1.3" : NULL},
        {"{cipher}", mail->strong ? "TLS_AES_256_GCM_SHA384" : NULL},
        {"{cipher_bits}", mail->strong ? "256" : NULL},
        {"{verify}", mail->sendmail ? "OK" : NULL},
        {"{cn_subject}", mail->sendmail ? "mail.other.test" : NULL},
        {"{cn_issuer}", mail->sendmail ? "Some CA" : NULL},
        {"{cert_subject}", mail->sendmail ? "/CN=mail.other.test" : NULL},
        {"{cert_issuer}", mail->sendmail ? "/CN=Some+20CA" : NULL},
    };
    for (size_t i = 0; i < sizeof macros / sizeof *macros; i++)
        if (strcmp(name, macros[i].name) == 0)
            return macros[i].value;
    return NULL;
}

/* What becomes of a mail at its end; TEMPFAIL where memory ran out, as the milter has it. */
static enum action judge(const struct policy *policy, const struct mail *mail)
{
    struct envelope envelope = {.argument = mail->sender, .helo = mail->helo, .shown = ~0u};
    struct header_from from = {0};
    struct recipient recipient;
    struct recipient_store recipients = {0};
    struct verdict verdict = {.action = ACTION_TEMPFAIL};
    struct facts facts;
    bool read = facts_read(&facts, &envelope, macro_of, (void *)mail)
                && recipient_read(&recipient, policy, mta_completes_recipients(facts.mta),
                                  mail->recipient != NULL ? mail->recipient : "b@here.test", NULL)
                && recipients_add(&recipients, &recipient)
                && facts_copy(&facts);
    if (read) {
        header_from_add(&from, mail->from != NULL ? mail->from : "x@stranger.test", facts_header_reader(&facts));
        facts.recipients = &recipients.all;
        facts.header_from = &from;
        policy_evaluate(policy, &facts, 1780000000, &verdict);
    }
    header_from_clear(&from);
    recipients_free(&recipients);
    facts_clear(&facts);
    return verdict.action;
}

static bool refuses(enum action action)
{
    return action == ACTION_REJECT || action == ACTION_TEMPFAIL;
}

static bool judge_each(const struct policy *policy, const struct mail *mail, uint64_t times)
{
    enum action whole = judge(policy, mail);
    bool good = refuses(whole) == (!mail->strong || mail->sendmail) || strcmp(mail->name, "a stranger") == 0;
    bool failed = true;
    uint64_t first = 0;
    while (failed) {
        arm(++first, times);
        enum action action = judge(policy, mail);
        failed = disarm();
        bool kept = action == whole || action == ACTION_TEMPFAIL;
        if (!kept)
            printf("# allocation %llu: action %d, else %d\n", (unsigned long long)first, action, whole);
        good &= kept;
    }
    return report(good, times == 1 ? "judge" : "judge, from then on", mail->name, first - 1);
}

/* own.yaml in a file of our own: whoever made the sources may have let his group write them. */
static bool copy_own(char path[])
{
    char from[4096], text[8192];
    const char *top = getenv("srcdir");
    snprintf(from, sizeof from, "%s/tests/faults/own.yaml", top != NULL ? top : ".");
    FILE *file = fopen(from, "r");
    int copy = mkstemp(path);
    size_t size = file != NULL ? fread(text, 1, sizeof text, file) : 0;
    bool good = size > 0 && copy >= 0 && write(copy, text, size) == (ssize_t)size;
    if (file != NULL)
        fclose(file);
    if (copy >= 0)
        close(copy);
    return good;
}

int main(int argc, char **argv)
{
    char own[] = "/tmp/ft-own-XXXXXX";
    uint64_t step = argc > 1 ? strtoul(argv[1], NULL, 10) : 13;
    bool good = step > 0 && copy_own(own);
    struct policy *policy = good ? policy_load(own, NULL, NULL) : NULL;
    good &= policy != NULL;
    for (uint64_t times = 1; good && times <= ALWAYS; times *= ALWAYS) {
        good &= load_each(own, step, times);
        for (int i = 2; i < argc; i++)
            good &= load_each(argv[i], step, times);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            good &= convert_each(names[i], times);
        for (size_t i = 0; i < sizeof mails / sizeof *mails; i++)
            good &= judge_each(policy, &mails[i], times);
    }
    policy_unref(policy);
    unlink(own);
    printf("%s - every allocation in turn\n1..%u\n", good ? "ok" : "not ok", reports + 1);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
