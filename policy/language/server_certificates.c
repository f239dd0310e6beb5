/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `certificates` of outbound: what proves that a server is the partner's. Knows the keys and which of them
 * exclude each other; does not know what a server shows.
 */
#include "policy/language/compile.h"

#include <string.h>
#include "policy/names/date.h"

static void read_name(struct loading *loading, const struct node *node, void *into)
{
    struct server_identity *identity = into;
    const char *text;
    arena_ref name;

    if (!compile_text(loading, node, &text))
        return;
    if (strncmp(text, "*.", 2) == 0 && text[2] != '\0') {
        loading_error(loading, node,
                      "\"%.255s\" matches no server: write \".%.253s\" for every name below, at any depth",
                      text, text + 2);
        return;
    }
    if (!compile_pasted(loading, node, text, PASTED_HOST)
        || !compile_domain(loading, node, text + (text[0] == '.'), &name))
        return;
    identity->kind = text[0] == '.' ? SERVER_SUFFIX : SERVER_NAME;
    identity->name = arena_at(&loading->policy->arena, name);
    compile_doubt_suffix(loading, node, identity->name, text[0] == '.');
}

static void read_fingerprint(struct loading *loading, const struct node *node, void *into)
{
    struct server_identity *identity = into;

    identity->kind = SERVER_FINGERPRINT;
    compile_fingerprint(loading, node, &identity->particulars);
}

static void read_key_fingerprint(struct loading *loading, const struct node *node, void *into)
{
    struct server_identity *identity = into;

    identity->kind = SERVER_KEY_FINGERPRINT;
    compile_fingerprint(loading, node, &identity->particulars);
}

static void read_file(struct loading *loading, const struct node *node, void *into)
{
    struct server_identity *identity = into;

    identity->kind = SERVER_FINGERPRINT;
    compile_certificate_file(loading, node, &identity->particulars);
}

static void read_from(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct server_identity *)into)->particulars.from);
}

static void read_until(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct server_identity *)into)->particulars.until);
}

/* Reports an identity unless it has exactly one of name and the pins, and `from` is before `until`. */
static void check_identity(struct loading *loading, const struct node *node,
                           const struct server_identity *identity)
{
    static const char *const keys[] = {"name", "fingerprint", "key_fingerprint", "file"};
    const struct node *first = NULL;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct node *found = node_find(node, keys[i]);

        if (found != NULL && first != NULL)
            loading_error(loading, found->key, "\"%s\" beside \"%s\": write two identities", found->key->text,
                          first->key->text);
        first = found != NULL ? found : first;
    }
    if (first == NULL)
        loading_error(loading, node,
                      "an identity of a server needs a name, a fingerprint, a key_fingerprint or a file");
    if (identity->particulars.from >= identity->particulars.until)
        loading_error(loading, node, "from must be before until%s",
                      node_find(node, "until") == NULL ? ", here the end of the file's certificate" : "");
}

static bool read_identity(struct loading *loading, const struct node *node, struct server_identity *identity)
{
    static const struct key keys[] = {
        {"name", read_name},
        {"fingerprint", read_fingerprint},
        {"key_fingerprint", read_key_fingerprint},
        {"file", read_file},
        {"from", read_from},
        {"until", read_until},
        {NULL, NULL},
    };
    static const struct refused_key refused[] = {
        {"subject", "a server proves the names of its certificate; write name: mail.example.com"},
        {"issuer", "Postfix asks for no issuer of a server's certificate; write name: mail.example.com"},
        {NULL, NULL},
    };
    struct particulars *particulars = &identity->particulars;
    unsigned errors = loading->errors;

    *identity = (struct server_identity){.line = node->line,
                                         .column = loading_column(node),
                                         .particulars = {.from = DATE_BEGIN, .until = DATE_END}};
    if (!compile_mapping_refusing(loading, node, keys, refused, identity, "an identity of a server")
        || loading->errors != errors)
        return false;
    if (particulars->certificate != NULL && particulars->certificate->not_after < particulars->until)
        particulars->until = particulars->certificate->not_after + 1;
    check_identity(loading, node, identity);
    return loading->errors == errors;
}

static bool is_pin(const struct server_identity *identity)
{
    return identity->kind == SERVER_FINGERPRINT || identity->kind == SERVER_KEY_FINGERPRINT;
}

/* Postfix compares either names or fingerprints: reports both in force at one time. */
static void check_kinds(struct loading *loading, const struct node *node,
                        const struct server_identity *identities, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count && is_pin(&identities[i]); k++) {
            const struct particulars *pin = &identities[i].particulars, *name = &identities[k].particulars;

            if (is_pin(&identities[k]) || pin->from >= name->until || name->from >= pin->until)
                continue;
            loading_error(
                loading, node,
                "a name (line %u) and a pin (line %u) are in force at one time, and Postfix asks for either "
                "names or pins: give them from and until that do not overlap",
                identities[k].line, identities[i].line);
            return;
        }
}

static bool read_word(struct loading *loading, const struct node *node, enum proof *proof)
{
    static const char *const words[] = {"domain", "dane", "none", NULL};
    static const enum proof proofs[] = {PROOF_DOMAIN, PROOF_DANE, PROOF_NONE};
    int word;

    if (strcmp(node->text, "trusted") == 0) {
        loading_error(
            loading, node,
            "\"trusted\" would take any server's certificate: a server proves names; write domain, or a "
            "list such as [{name: mail.example.com}]");
        return false;
    }
    word = compile_word(loading, node, words, "value of certificates in outbound");
    if (word >= 0)
        *proof = proofs[word];
    return word >= 0;
}

const struct server_certificates *compile_server_certificates(struct loading *loading,
                                                              const struct node *node)
{
    const struct node *item = NULL;
    size_t count = node->kind == NODE_SCALAR ? 0 : compile_list(loading, node, false, &item);
    struct server_certificates *certificates = loading_alloc(loading, sizeof *certificates);
    struct server_identity *identities = loading_alloc(loading, count * sizeof *identities);

    if (certificates == NULL || identities == NULL)
        return NULL;
    certificates->place = loading_place(loading, node);
    certificates->proof = PROOF_LIST;
    certificates->identities = identities;
    if (node->kind == NODE_SCALAR && !read_word(loading, node, &certificates->proof))
        return NULL;
    for (; item != NULL; item = item->next)
        certificates->count += read_identity(loading, item, &identities[certificates->count]);
    check_kinds(loading, node, identities, certificates->count);
    return certificates;
}
