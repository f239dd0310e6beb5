/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request of Sendmail, whatever it says. It is judged or it is none; nothing goes to a partner in
 * plaintext, over an old version, or to a server whose certificate did not verify; and the words for a
 * deferral are our own.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/outbound/server_session.h"
#include "tests/fuzz/load.h"

static const char policy_text[] =
    "version: 1\n"
    "partners:\n"
    "  - {name: contoso, domains: [contoso.com, .contoso.com], outbound: {}}\n"
    "  - name: listed\n"
    "    domains: [listed.example]\n"
    "    outbound: {require: {ciphers: [ECDHE+AESGCM], certificates: [{name: .cloud.example}]}}\n"
    "  - name: pinned\n"
    "    domains: [pinned.example]\n"
    "    outbound:\n"
    "      require:\n"
    "        certificates:\n"
    "          - fingerprint: "
    "\"sha256:ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB\"\n"
    "  - {name: testing, domains: [testing.example], outbound: {mode: testing}}\n";

enum { NOW = 1796000000 };

static bool is_field(const struct server_session *session, enum session_field field, const char *value)
{
    return session->field[field] != NULL && strcmp(session->field[field], value) == 0;
}

static bool is_partner(const struct server_judgement *judgement, const char *name)
{
    return judgement->choice.partner != NULL && strcmp(partner_name(judgement->choice.partner), name) == 0;
}

static bool is_verified(const struct server_session *session)
{
    return is_field(session, SESSION_VERIFY, "OK") || is_field(session, SESSION_VERIFY, "TRUSTED");
}

static void check_sent(const struct server_session *session, const struct server_judgement *judgement)
{
    if (judgement->choice.partner == NULL || is_partner(judgement, "testing"))
        return;
    CHECK(is_field(session, SESSION_TLS_VERSION, "TLSv1.2")
          || is_field(session, SESSION_TLS_VERSION, "TLSv1.3"));
    CHECK(session->field[SESSION_CIPHER] != NULL);
    CHECK(is_partner(judgement, "pinned") || is_verified(session));
    CHECK(!is_partner(judgement, "pinned") || session->field[SESSION_CERT_FP] != NULL);
}

static void check_deferred(const struct server_judgement *judgement)
{
    const struct reply *reply = &judgement->reply;

    CHECK(strcmp(reply->code, "451") == 0 && reply->status[0] == '4'
          && strlen(reply->text) < sizeof reply->text - 1);
    CHECK(!is_partner(judgement, "testing"));
    for (const char *at = reply->text; *at != '\0'; at++)
        CHECK(*at >= ' ' && *at <= '~' && strchr("()[]<>\"$`'", *at) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy *policy;
    static struct server_judgement judgement;
    struct server_session session;
    char *text = fuzz_text(data, size);

    if (policy == NULL)
        policy = load_octets(policy_text, strlen(policy_text), NULL, NULL);
    CHECK(policy != NULL);
    if (server_session_read(&session, text)) {
        server_session_judge(&judgement, policy, &session, NOW);
        if (judgement.deferred)
            check_deferred(&judgement);
        else
            check_sent(&session, &judgement);
        server_judgement_clear(&judgement);
    }
    free(text);
    return 0;
}
