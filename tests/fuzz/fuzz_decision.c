/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From macros to reply and log line. Lines of the input are the macros in their order, then the argument
 * of MAIL, the HELO name, a recipient and a From field. Whatever they say: partner mail that did not show
 * what it must is not accepted; a decision is one log line, its keys in their order, its values well
 * formed and the ones that were sent; and libmilter gets one reply of the right class that it can send.
 * What enforcing would do is at least what happens, and the same without testing mode.
 * A suite that is in no table refuses nobody for good, unless its name shows that it is weak. Where DATA
 * comes without a queue id and not from Sendmail, nothing is left open there: what needs more is refused,
 * the rest is logged.
 */
#include "tests/fuzz/fuzz.h"

#include <ctype.h>

#include "milter/decision.h"
#include "policy/facts/macros.h"
#include "policy/facts/mta.h"
#include "tests/fuzz/load.h"
#include "tests/fuzz/logfmt.h"

enum { LINES = MACRO_COUNT + 4, REPLY_MOST = 980 /* libmilter's */ };

/* What the milter wrote and told libmilter. */
static struct {
    unsigned lines, replies, holds;
    struct logfmt line; /* the last decision */
    char reply[REPLY_MOST + 16];
} told;
static char *macros[LINES];

void __wrap_log_write(int priority, const struct log_line *line);
char *__wrap_smfi_getsymval(SMFICTX *mta, char *name);
int __wrap_smfi_quarantine(SMFICTX *mta, char *reason);
int __wrap_smfi_setreply(SMFICTX *mta, char *code, char *status, char *text);

void __wrap_log_write(int priority, const struct log_line *line)
{
    static struct logfmt read;

    (void)priority;
    CHECK(strlen(line->text) == line->length && line->length < LOG_LINE_SIZE - 1000);
    CHECK(logfmt_read(&read, line->text));
    CHECK(strcmp(read.pair[0].key, "event") == 0);
    if (strcmp(read.pair[0].value, "decision") != 0)
        return;
    told.lines++;
    told.line = read;
}

char *__wrap_smfi_getsymval(SMFICTX *mta, char *name)
{
    (void)mta;
    return strcmp(name, "i") == 0 && macros[MACRO_I][0] != '\0' ? macros[MACRO_I] : NULL;
}

int __wrap_smfi_quarantine(SMFICTX *mta, char *reason)
{
    (void)mta;
    for (const char *c = reason; *c != '\0'; c++)
        CHECK(*c >= 0x20 && *c <= 0x7E);
    told.holds++;
    return MI_SUCCESS;
}

/* The reply as the MTA would send it: "%%" is a "%", and there is no other. */
int __wrap_smfi_setreply(SMFICTX *mta, char *code, char *status, char *text)
{
    char *to = told.reply;

    (void)mta;
    CHECK(strlen(code) == 3 && (code[0] == '4' || code[0] == '5') && status[0] == code[0]
          && status[1] == '.');
    CHECK(strlen(text) <= REPLY_MOST);
    to += sprintf(to, "%s %s ", code, status);
    for (; *text != '\0'; text++) {
        CHECK(*text >= 0x20 && *text <= 0x7E);
        if (*text == '%')
            CHECK(*++text == '%');
        *to++ = *text;
    }
    *to = '\0';
    told.replies++;
    return MI_SUCCESS;
}

static const char policy_text[] =
    "version: 1\n"
    "defaults: {action: reject, message: \"100% TLS: https://example.com/?why=%s%20%n%\"}\n"
    "exempt: {clients: [], authenticated: false}\n"
    "partners:\n"
    "  - {name: contoso, domains: [contoso.com, .contoso.com], require: {min_cipher_bits: 128, "
    "forward_secrecy: true,\n"
    "     certificates: [{subject: mail.contoso.com}, {subject: {O: Contoso}}], clients: [192.0.2.0/24, "
    ".contoso.com]}}\n"
    "  - {name: header, domains: [header.test], identities: [header_from], action: tempfail}\n"
    "  - {name: client, clients: [198.51.100.0/24], recipients: [a@example.com]}\n"
    "  - {name: hold, domains: [hold.test], action: quarantine, require: {ciphers: [ECDHE+AESGCM]}}\n"
    "  - {name: trial, domains: [trial.test], mode: testing, require: {profile: bsi-tr-02102-2, "
    "certificates: trusted}, exceptions: [{senders: [news@trial.test, '<>'], until: 2999-12-31, reason: "
    "r}]}\n"
    "  - {name: pinned, domains: [pinned.test], action: {no_tls: reject, default: tempfail}, require: "
    "{certificates:\n"
    "     [{fingerprint: 'sha256:ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB'}]}}\n";

/* Nobody's mail by header: so at DATA some mail is left to be accepted. */
static const char no_header_text[] =
    "version: 1\n"
    "exempt: {clients: [127.0.0.0/8]}\n"
    "partners:\n"
    "  - {name: hold, domains: [hold.test, contoso.com], action: quarantine, require: {min_tls_version: "
    "TLSv1}}\n"
    "  - {name: trial, domains: [trial.test, '*'], mode: testing}\n"
    "  - {name: scoped, domains: [pinned.test], recipients: [example.com], action: reject}\n";

static struct policy *policy(void)
{
    static struct policy *loaded;

    if (loaded == NULL)
        loaded = load_octets(policy_text, sizeof policy_text - 1, NULL, NULL);
    CHECK(loaded != NULL);
    return loaded;
}

static struct policy *policy_without_header(void)
{
    static struct policy *loaded;

    if (loaded == NULL)
        loaded = load_octets(no_header_text, sizeof no_header_text - 1, NULL, NULL);
    CHECK(loaded != NULL);
    return loaded;
}

static const char *macro(void *arg, const char *name)
{
    (void)arg;
    for (size_t i = 0; i < MACRO_COUNT; i++)
        if (strcmp(macro_names[i], name) == 0)
            return macros[i];
    return NULL;
}

/* ---- what must be so ---- */

/* The pair of a key that every decision has. */
static const struct logfmt_pair *pair_of(const char *key)
{
    for (size_t i = 0; i < told.line.count; i++)
        if (strcmp(told.line.pair[i].key, key) == 0)
            return &told.line.pair[i];
    CHECK(false);
    return NULL;
}

/* Whether the word stands in a list with commas. */
static bool lists(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (; *list != '\0'; list += strcspn(list, ",") + (list[strcspn(list, ",")] != '\0'))
        if (strcspn(list, ",") == length && strncmp(list, word, length) == 0)
            return true;
    return false;
}

/* An outside value: all of it, or as much of its beginning as the line has room for; then cut= says so. */
static void check_value(const struct logfmt_pair *pair, const char *sent)
{
    bool cut = sent != NULL && strcmp(pair->value, sent) != 0;

    CHECK(pair->quoted == (sent != NULL));
    if (sent == NULL)
        CHECK(pair->printed == 0);
    else if (cut)
        CHECK(pair->printed > LOG_VALUE_MAX - 4 && pair->printed <= LOG_VALUE_MAX
              && strncmp(pair->value, sent, strlen(pair->value)) == 0);
    CHECK(lists(pair_of("cut")->value, pair->key) == cut);
}

static void check_word(const char *key, const char *word)
{
    const struct logfmt_pair *pair = pair_of(key);

    CHECK(!pair->quoted && strcmp(pair->value, word) == 0);
}

/* The fingerprint reads back as the one that was seen; else a word says why none was. */
static void check_pin(const char *key, const struct facts *facts, const struct pin *pin)
{
    const struct logfmt_pair *pair = pair_of(key);
    unsigned char read[FINGERPRINT_SIZE];

    if (facts->tls != TLS_OFF && pin->state == PIN_KNOWN)
        CHECK(pair->quoted && fingerprint_parse(read, pair->value) == NULL
              && memcmp(read, pin->fingerprint, sizeof read) == 0);
    else if (facts->tls == TLS_OFF || pin->state == PIN_ABSENT)
        check_word(key, "none");
    else
        check_word(key, pin->state == PIN_UNSHOWN ? "unshown" : pin->state == PIN_PENDING ? "" : "missing");
}

static void check_selected(const struct judged *judged)
{
    const char *list = pair_of("selected")->value;
    size_t length = strlen(list), commas = 0, flags = 0;

    for (size_t i = 0; i < length; i++)
        commas += list[i] == ',';
    for (unsigned flag = SELECTED_ENVELOPE_FROM; flag <= SELECTED_CLIENT; flag <<= 1) {
        bool selected = judged != NULL && (judged->selected_by & flag) != 0;

        flags += selected;
        CHECK(lists(list, selected_by_name(flag)) == selected);
    }
    CHECK(flags == (length == 0 ? 0 : commas + 1));
}

/* Each domain of the From fields is in the list, as long as it is whole. */
static bool is_listed(void *list, const char *name, size_t length)
{
    (void)length;
    CHECK(lists(list, name));
    return true;
}

static void check_header(const struct facts *facts)
{
    const struct logfmt_pair *pair = pair_of("header_from");
    const struct header_from *from = facts->header_from;
    char list[LOGFMT_VALUE];

    CHECK(pair->quoted == (from != NULL) && (from != NULL || pair->printed == 0));
    strcpy(list, pair->value);
    if (from != NULL && !lists(pair_of("cut")->value, "header_from"))
        header_from_each_domain(from, is_listed, list);
}

/* What decided, beside the values that were sent. */
static void check_circumstances(const struct session *session, const struct facts *facts,
                                const struct verdict *verdict)
{
    static const char *const exempt[] = {"", "auth", "daemon", "client"};
    const struct judged *judged = verdict->partner_count != 0 ? &verdict->partner[0] : NULL;
    bool excepted = judged != NULL && judged->outcome == OUTCOME_EXCEPTED;

    check_pin("fingerprint", facts, &facts->certificate_pin);
    check_pin("key_fingerprint", facts, &facts->key_pin);
    check_word("policy", policy_digest(session->policy));
    check_word("mta", facts->mta == MTA_POSTFIX ? "postfix" : facts->mta == MTA_SENDMAIL ? "sendmail" : "");
    check_header(facts);
    check_word("at", "2026-11-28T14:36:07.768Z");
    CHECK(strtoull(pair_of("msg")->value, NULL, 10) == session->message && session->message != 0);
    if (verdict->pending != 0)
        return;
    check_word("would", action_name(verdict->would));
    check_word("exception", excepted ? "2999-12-31" : "");
    check_word("exempt", exempt[verdict->exempt]);
    check_selected(judged);
}

/* What would be is at least what is, and the same where everybody is enforced. */
static void check_would(const struct verdict *verdict)
{
    bool testing = false;

    for (size_t i = 0; i < verdict->partner_count; i++) {
        const struct judged *judged = &verdict->partner[i];

        testing |= judged->mode == MODE_TESTING;
        CHECK(judged->mode == MODE_TESTING ? judged->action == ACTION_ACCEPT
                                           : judged->would == judged->action);
        CHECK(judged->would <= verdict->would);
        CHECK((judged->outcome == OUTCOME_FAIL || judged->outcome == OUTCOME_UNDECIDABLE)
                  == (judged->would != ACTION_ACCEPT)
              || verdict->exempt != EXEMPT_NOT);
        CHECK((judged->exception != NULL) == (judged->outcome == OUTCOME_EXCEPTED));
    }
    CHECK(verdict->would >= verdict->action);
    CHECK(testing || verdict->would == verdict->action || verdict->partner_count == JUDGED_MAX);
    CHECK(verdict->exempt == EXEMPT_NOT || verdict->would == ACTION_ACCEPT);
}

static void check_line(const struct session *session, const struct facts *facts,
                       const struct verdict *verdict)
{
    enum {
        PARTNER = 1,
        MODE,
        VERDICT,
        ACTION,
        REASONS,
        REPLY,
        QID,
        CLIENT,
        PORT,
        NAME,
        HELO,
        FROM,
        TLS,
        CIPHER,
        BITS,
        SUBJECT,
        ISSUER,
        VERIFY,
        RESOLVE = 28,
        DAEMON = 30,
        COUNT = 36
    };
    static const char *const keys[COUNT] = {
        "event",  "partner",  "mode",        "verdict",     "action",      "reasons",
        "reply",  "qid",      "client",      "client_port", "client_name", "helo",
        "from",   "tls",      "cipher",      "bits",        "subject",     "issuer",
        "verify", "also",     "argument",    "identity",    "fingerprint", "key_fingerprint",
        "would",  "policy",   "exception",   "mta",         "resolve",     "exempt",
        "daemon", "selected", "header_from", "cut",         "at",          "msg"};
    static const struct {
        unsigned place;
        enum macro macro;
    } values[] = {{PORT, MACRO_CLIENT_PORT},
                  {NAME, MACRO_CLIENT_NAME},
                  {FROM, MACRO_MAIL_ADDR},
                  {RESOLVE, MACRO_CLIENT_RESOLVE},
                  {CIPHER, MACRO_CIPHER},
                  {BITS, MACRO_CIPHER_BITS},
                  {DAEMON, MACRO_DAEMON_NAME},
                  {SUBJECT, MACRO_CERT_SUBJECT},
                  {ISSUER, MACRO_CERT_ISSUER},
                  {VERIFY, MACRO_VERIFY},
                  {QID, MACRO_I}};
    const struct logfmt_pair *pair = told.line.pair;

    CHECK(told.line.count == COUNT);
    for (size_t i = 0; i < COUNT; i++)
        CHECK(strcmp(pair[i].key, keys[i]) == 0 && (i > REASONS || !pair[i].quoted));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        check_value(&pair[values[i].place], facts->macro[values[i].macro]);
    check_value(&pair[HELO], facts->helo);
    if (facts->tls == TLS_OFF)
        check_word("tls", "none");
    else
        check_value(&pair[TLS], facts->macro[MACRO_TLS_VERSION]);
    check_circumstances(session, facts, verdict);
    CHECK((pair[REPLY].printed == 0) == (told.replies == 0));
    CHECK(told.replies == 0 || strcmp(pair[REPLY].value, told.reply) == 0);
    if (verdict->pending == 0)
        CHECK(strcmp(pair[ACTION].value, action_name(verdict->action)) == 0);
    CHECK(verdict->partner_count == 0 || verdict->pending != 0
          || strcmp(pair[PARTNER].value, partner_name(verdict->partner[0].partner)) == 0);
}

/* Logs and answers; where the same is decided again, only the answer is. */
static void conclude(struct session *session, const struct verdict *verdict)
{
    const struct facts *facts = &session->transaction->facts;

    for (unsigned again = 0; again < 2; again++) {
        bool refuses = decision_refuses(verdict) || verdict->pending != 0;
        bool rejects = verdict->action == ACTION_REJECT;
        sfsistat status;

        memset(&told, 0, offsetof(__typeof__(told), line));
        status = decision_conclude(NULL, session, verdict);
        CHECK(status == (!refuses ? SMFIS_CONTINUE : rejects ? SMFIS_REJECT : SMFIS_TEMPFAIL));
        CHECK(told.replies == refuses && (!refuses || told.reply[0] == (rejects ? '5' : '4')));
        CHECK(told.holds == (!refuses && verdict->action == ACTION_QUARANTINE));
        CHECK(told.lines == (again == 0 && (refuses || decision_is_logged(verdict))));
        if (told.lines == 1)
            check_line(session, facts, verdict);
    }
}

static bool begins(const char *text, const char *const *beginnings)
{
    while (*beginnings != NULL && strncmp(text, *beginnings, strlen(*beginnings)) != 0)
        beginnings++;
    return *beginnings != NULL;
}

/* What contoso's mail must show, looked up in the macros themselves. */
static bool shows_everything(void)
{
    static const char *const versions[] = {"TLSv1.2", "TLSv1.3", NULL};
    static const char *const ephemeral[] = {"TLS_AES_", "TLS_CHACHA20_", "ECDHE-",   "DHE-",
                                            "EDH-",     "TLS_ECDHE_",    "TLS_DHE_", NULL};
    static const unsigned char block[] = {192, 0, 2};
    const char *name = macros[MACRO_CLIENT_NAME];
    struct network client;

    if (!(network_read_address(&client, macros[MACRO_CLIENT_ADDR]) && !client.v6
          && memcmp(client.octets, block, 3) == 0)
        && strcasestr(name, ".contoso.com") == NULL && strcasestr(name, "contoso") == NULL)
        return false;
    return begins(macros[MACRO_TLS_VERSION], versions) && strlen(macros[MACRO_TLS_VERSION]) == 7
           && begins(macros[MACRO_CIPHER], ephemeral) && atoi(macros[MACRO_CIPHER_BITS]) >= 128
           && macros[MACRO_CLIENT_PORT][0] != '\0' && macros[MACRO_CERT_ISSUER][0] != '\0'
           && (macros[MACRO_VERIFY][0] == '\0' || strcmp(macros[MACRO_VERIFY], "OK") == 0);
}

/* Generously: some word of a weak suite stands somewhere in the name. */
static bool may_be_weak(const char *name)
{
    static const char *const words[] = {"NULL", "anon", "ADH", "AECDH",   "EXP",
                                        "RC",   "DES",  "MD",  "ARCFOUR", "TLS_SHA"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(name, words[i]) != NULL)
            return true;
    return false;
}

/* Nobody is refused for good because of a suite that nobody knows. */
static void check_suite(const struct verdict *verdict)
{
    static struct suites *suites;

    if (suites == NULL)
        suites = suites_new();
    CHECK(suites != NULL);
    if (suites_find(suites, macros[MACRO_CIPHER]) >= 0 || may_be_weak(macros[MACRO_CIPHER]))
        return;
    CHECK(verdict->action == ACTION_ACCEPT
          || (verdict->reason != REASON_CIPHER && verdict->reason != REASON_FORWARD_SECRECY));
    for (size_t i = 0; i < verdict->partner_count; i++)
        for (size_t k = 0; k < verdict->partner[i].finding_count; k++)
            CHECK(verdict->partner[i].finding[k].reason != REASON_CIPHER
                  && verdict->partner[i].finding[k].reason != REASON_FORWARD_SECRECY);
}

static bool is_sendmail(void)
{
    return macros[MACRO_VERIFY][0] != '\0' || isdigit((unsigned char)macros[MACRO_V][0]);
}

/* DATA, in which the recipients are known and the header is not. */
static void judge_data(struct session *session, bool needs_headers)
{
    struct facts *facts = &session->transaction->facts;
    bool hidden = macros[MACRO_I][0] == '\0' && !is_sendmail();
    enum content_state before = facts->content;
    struct recipient recipient;
    struct verdict verdict;

    CHECK(recipient_read(&recipient, session->policy, mta_completes_recipients(facts->mta),
                         macros[MACRO_COUNT + 2], NULL));
    const struct recipients alone = recipients_of_one(&recipient);
    facts->recipients = &alone;
    facts_read_data(facts, macros[MACRO_I]);
    CHECK(facts->content == CONTENT_WITHHELD || !hidden);
    policy_evaluate(session->policy, facts, 1800000000, &verdict);
    check_suite(&verdict);
    check_would(&verdict);
    if (hidden) {
        CHECK(verdict.pending == 0 && verdict.action != ACTION_QUARANTINE);
        CHECK(!needs_headers || decision_refuses(&verdict));
        session->transaction->logged_count = 0;
        memset(&told, 0, offsetof(__typeof__(told), line));
        if (!decision_refuses(&verdict))
            decision_log_accepted(NULL, session, facts, &verdict);
        CHECK(decision_refuses(&verdict) || told.lines == (unsigned)decision_is_logged(&verdict));
    }
    facts->content = before;
    facts->recipients = NULL;
}

static void judge(struct session *session)
{
    const struct facts *facts = &session->transaction->facts;
    struct verdict verdict;

    policy_evaluate(session->policy, facts, 1800000000, &verdict);
    check_suite(&verdict);
    check_would(&verdict);
    for (unsigned i = 0; i < facts->senders; i++) {
        const char *domain = facts->sender[i].domain.text;

        if (facts->sender[i].kind == ADDRESS_DOMAIN
            && (strcmp(domain, "contoso.com") == 0 || domain_below(domain, "contoso.com")))
            CHECK(decision_refuses(&verdict) || shows_everything());
    }
    conclude(session, &verdict);
}

/* The end of the message, in which everything is known. */
static void judge_end(struct session *session)
{
    struct transaction *transaction = session->transaction;
    struct facts *facts = &transaction->facts;
    struct recipient recipient;

    CHECK(recipient_read(&recipient, session->policy, mta_completes_recipients(facts->mta),
                         macros[MACRO_COUNT + 2], NULL));
    const struct recipients alone = recipients_of_one(&recipient);
    header_from_add(&transaction->header_from, macros[MACRO_COUNT + 3], facts_header_reader(facts));
    facts->recipients = &alone;
    facts->header_from = &transaction->header_from;
    CHECK(facts_copy(facts));
    judge(session);
    header_from_clear(&transaction->header_from);
}

/* One stage of the message a run: all of them would be slow. The size of the input chooses it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *rest = text;
    struct transaction transaction;
    struct session session;

    memset(&transaction, 0, sizeof transaction);
    memset(&session, 0, sizeof session);
    session.mail_at = (struct timespec){1795876567, 768000000};
    session.policy = policy();
    session.transaction = &transaction;
    for (size_t i = 0; i < LINES; i++)
        macros[i] = rest == NULL ? (char *)"" : strsep(&rest, "\n");
    struct envelope envelope = {
        .argument = macros[MACRO_COUNT], .helo = macros[MACRO_COUNT + 1], .shown = ~0u};
    CHECK(facts_read(&transaction.facts, &envelope, macro, NULL));
    switch (size % 4) {
    case 0:
        judge(&session);
        break;
    case 1:
        judge_data(&session, true);
        break;
    case 2:
        session.policy = policy_without_header();
        judge_data(&session, false);
        break;
    default:
        judge_end(&session);
        break;
    }
    facts_clear(&transaction.facts);
    free(text);
    return 0;
}
