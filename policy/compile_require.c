/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `require`: versions, suites, certificate identities, client lists, profile
 * names. Knows the policy language's words for what a session must show, not
 * how it is weighed.
 */
#include "policy/compile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/date.h"
#include "policy/profiles.h"
#include "policy/scalar.h"

static void note_key(struct require *require, enum requirement requirement)
{
    require->keys |= 1u << requirement;
}

static void read_min_tls_version(struct loading *loading, const struct node *node, void *into)
{
    static const char *const words[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL};
    struct require *require = into;
    int word = compile_word(loading, node, words, "TLS version");

    if (word < 0)
        return;
    require->min_tls_version = (enum tls_version)(TLS_VERSION_1_0 + word);
    note_key(require, REQUIRE_MIN_TLS_VERSION);
}

static void read_min_cipher_bits(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    if (compile_number(loading, node, 65535, &require->min_cipher_bits))
        note_key(require, REQUIRE_MIN_CIPHER_BITS);
}

static void read_forward_secrecy(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    if (compile_boolean(loading, node, &require->forward_secrecy))
        note_key(require, REQUIRE_FORWARD_SECRECY);
}

/* ---- ciphers ---- */

static void append_text(char *text, size_t size, const char *item)
{
    size_t length = strlen(text);

    snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ", ", item);
}

/* Leaves in the set what satisfies: all of TLS 1.3 unless some was named, nothing weak unless named. */
static void finish_ciphers(const struct suites *suites, struct ciphers *ciphers, bool names_tls13)
{
    for (int suite = 0; suite < (int)suites_count(suites); suite++) {
        unsigned long long bit = 1ull << (suite % 64);

        if (!names_tls13 && suites_is_tls13(suites, suite))
            ciphers->set.bits[suite / 64] |= bit;
        if (suites_is_weak(suites, suite) && !suite_set_has(&ciphers->literal, suite))
            ciphers->set.bits[suite / 64] &= ~bit;
    }
}

static void read_ciphers(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;
    const struct suites *suites = loading->policy->suites;
    const struct node *item = NULL;
    struct ciphers *ciphers = loading_alloc(loading, sizeof *ciphers);
    char text[512] = "";
    bool names_tls13 = false;

    if (ciphers == NULL || compile_list(loading, node, false, &item) == 0)
        return;
    for (; item != NULL; item = item->next) {
        const char *entry, *wrong, *nearest;
        int literal = -1;

        if (!compile_text(loading, item, &entry))
            continue;
        wrong = suites_read(suites, entry, &ciphers->set, &literal);
        if (wrong != NULL) {
            nearest = suites_nearest(suites, entry);
            loading_error(loading, item, "\"%.128s\" %s%s%s%s", entry, wrong,
                          nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
                          nearest == NULL ? "" : "\"?");
            continue;
        }
        names_tls13 |= literal >= 0 && suites_is_tls13(suites, literal);
        if (literal >= 0 && suites_is_weak(suites, literal)) {
            suite_set_add(&ciphers->literal, literal);
            loading_warning(loading, item,
                            "\"%.64s\" is a weak suite and is accepted because it is named here", entry);
        }
        append_text(text, sizeof text, entry);
    }
    finish_ciphers(suites, ciphers, names_tls13);
    ciphers->text = loading_text(loading, text);
    require->ciphers = ciphers;
    note_key(require, REQUIRE_CIPHERS);
}

/* ---- names in certificates ---- */

static const char *const attribute_words[] = {"CN", "O", "OU", "C", NULL};

static bool check_name(struct loading *loading, const struct node *node, const char *text)
{
    if (*text == '\0')
        loading_error(loading, node, "an empty name would match nothing");
    else if (strchr(text + (strncmp(text, "*.", 2) == 0 ? 2 : 0), '*') != NULL)
        loading_error(loading, node,
                      "\"%.128s\": a wildcard is only allowed as \"*.\" in front, for one further label",
                      text);
    else
        return true;
    return false;
}

/* {CN:, O:, OU:, C:} */
static bool read_attributes(struct loading *loading, const struct node *node, struct name_pattern *pattern)
{
    struct name_attribute *attributes = loading_alloc(loading, node->count * sizeof *attributes);

    if (attributes == NULL)
        return false;
    if (node->count == 0) {
        loading_error(loading, node, "a name without attributes would match everything");
        return false;
    }
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        int word = compile_word(loading, value->key, attribute_words, "attribute of a name");
        const char *text;

        if (word < 0 || !compile_text(loading, value, &text) || !check_name(loading, value, text))
            return false;
        attributes[pattern->count].type = word == 0 ? NULL : attribute_words[word];
        attributes[pattern->count++].value = loading_text(loading, text);
    }
    pattern->attributes = attributes;
    return true;
}

static bool read_name(struct loading *loading, const struct node *node, struct name_pattern *pattern,
                      char *shown, size_t size)
{
    struct name_attribute *attribute;
    const char *text;

    if (node->kind == NODE_MAPPING) {
        if (!read_attributes(loading, node, pattern))
            return false;
    } else {
        if (!compile_text(loading, node, &text) || !check_name(loading, node, text))
            return false;
        attribute = loading_alloc(loading, sizeof *attribute);
        if (attribute == NULL || (attribute->value = loading_text(loading, text)) == NULL)
            return false;
        pattern->count = 1;
        pattern->attributes = attribute;
    }
    for (size_t i = 0; i < pattern->count; i++) {
        const char *type = pattern->attributes[i].type;
        size_t length = strlen(shown);

        if (length + 8 < size)
            snprintf(shown + length, size - length, "%s%s%s%s",
                     i > 0        ? " + "
                     : length > 0 ? " or "
                                  : "",
                     type == NULL ? "" : type, type == NULL ? "" : "=", pattern->attributes[i].value);
    }
    return true;
}

static void read_names(struct loading *loading, const struct node *node, struct name_rule *rule)
{
    const struct node *item = node;
    size_t count = 1;
    struct name_pattern *patterns;
    char shown[400] = "";

    if (node->kind == NODE_SEQUENCE)
        count = compile_list(loading, node, false, &item);
    patterns = loading_alloc(loading, count * sizeof *patterns);
    if (count == 0 || patterns == NULL)
        return;
    for (size_t i = 0; i < count; i++, item = item->next)
        if (read_name(loading, item, &patterns[rule->count], shown, sizeof shown))
            rule->count++;
    rule->patterns = patterns;
    rule->text = loading_text(loading, shown);
}

static void read_subject(struct loading *loading, const struct node *node, void *into)
{
    read_names(loading, node, &((struct identity *)into)->subject);
}

static void read_issuer(struct loading *loading, const struct node *node, void *into)
{
    read_names(loading, node, &((struct identity *)into)->issuer);
}

/* ---- pins ---- */

static void read_pin(struct loading *loading, const struct node *node, struct identity *identity,
                     enum identity_kind kind)
{
    unsigned char fingerprint[FINGERPRINT_SIZE];
    const char *text, *wrong;

    if (!compile_text(loading, node, &text))
        return;
    wrong = fingerprint_parse(fingerprint, text);
    if (wrong != NULL) {
        loading_error(loading, node, "%s: %s", node->key->text, wrong);
        return;
    }
    identity->kind = kind;
    identity->fingerprint = arena_copy(&loading->policy->arena, fingerprint, sizeof fingerprint);
    if (identity->fingerprint == NULL)
        loading_exhausted(loading);
}

static void read_fingerprint(struct loading *loading, const struct node *node, void *into)
{
    read_pin(loading, node, into, IDENTITY_FINGERPRINT);
}

static void read_key_fingerprint(struct loading *loading, const struct node *node, void *into)
{
    read_pin(loading, node, into, IDENTITY_KEY_FINGERPRINT);
}

/* `file` relative to the policy file that names it. */
static void read_file(struct loading *loading, const struct node *node, void *into)
{
    struct identity *identity = into;
    const char *text, *slash = strrchr(loading->file, '/'), *wrong;
    struct certfile certificate, *kept;
    char path[PATH_MAX];
    int length;

    if (!compile_text(loading, node, &text))
        return;
    length = text[0] == '/' || slash == NULL
                 ? snprintf(path, sizeof path, "%s", text)
                 : snprintf(path, sizeof path, "%.*s/%s", (int)(slash - loading->file), loading->file, text);
    wrong = length >= (int)sizeof path ? "has too long a name" : certfile_read(&certificate, path);
    if (wrong != NULL) {
        loading_error(loading, node, "certificate file \"%.255s\" %s", text, wrong);
        return;
    }
    kept = arena_copy(&loading->policy->arena, &certificate, sizeof certificate);
    identity->file = loading_text(loading, text);
    if (kept == NULL || identity->file == NULL) {
        loading_exhausted(loading);
        return;
    }
    identity->kind = IDENTITY_FINGERPRINT;
    identity->certificate = kept;
    identity->fingerprint = kept->fingerprint;
}

/* ---- identities ---- */

static void read_from(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct identity *)into)->from);
}

static void read_until(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct identity *)into)->until);
}

static void check_identity(struct loading *loading, const struct node *node, const struct identity *identity)
{
    const struct node *subject = node_find(node, "subject"), *issuer = node_find(node, "issuer");
    const char *const pins[] = {"fingerprint", "key_fingerprint", "file"};
    const struct node *pin = NULL;

    for (size_t i = 0; i < 3; i++) {
        const struct node *found = node_find(node, pins[i]);

        if (found != NULL && pin != NULL)
            loading_error(loading, found->key, "\"%s\" beside \"%s\": write two identities", found->key->text,
                          pin->key->text);
        pin = found != NULL ? found : pin;
    }
    if (pin != NULL && (subject != NULL || issuer != NULL))
        loading_error(loading, pin->key, "\"%s\" beside names: an identity is either names or a pin",
                      pin->key->text);
    if (pin == NULL && subject == NULL && issuer == NULL)
        loading_error(loading, node,
                      "an identity needs a subject, an issuer, a fingerprint, a key_fingerprint or a file");
    if (identity->from >= identity->until)
        loading_error(loading, node, "from must be before until");
}

/* What names are worth that many certificates bear. */
static void warn_identity(struct loading *loading, const struct node *node, const struct identity *identity)
{
    if (identity->kind == IDENTITY_NAMES && identity->subject.count == 0 && identity->issuer.count > 0)
        loading_warning(
            loading, node,
            "an issuer without a subject: every certificate of that issuer will do, and of any other that "
            "bears its name in the CA file of the MTA");
    for (size_t i = 0; i < identity->subject.count; i++)
        for (size_t k = 0; k < identity->subject.patterns[i].count; k++) {
            const struct name_attribute *attribute = &identity->subject.patterns[i].attributes[k];
            const struct provider *provider =
                attribute->type == NULL ? provider_of_subject(attribute->value) : NULL;

            if (provider != NULL)
                loading_warning(loading, node,
                                "all customers of %s share the certificate \"%.128s\": it proves the "
                                "platform, not the partner",
                                provider->name, attribute->value);
        }
}

static bool read_identity(struct loading *loading, const struct node *node, struct identity *identity)
{
    static const struct key keys[] = {
        {"subject", read_subject},
        {"issuer", read_issuer},
        {"fingerprint", read_fingerprint},
        {"key_fingerprint", read_key_fingerprint},
        {"file", read_file},
        {"from", read_from},
        {"until", read_until},
        {NULL, NULL},
    };
    unsigned errors = loading->errors;

    *identity =
        (struct identity){.from = DATE_BEGIN, .until = DATE_END, .place = loading_place(loading, node)};
    if (!compile_mapping(loading, node, keys, identity, "a certificate identity"))
        return false;
    if (identity->certificate != NULL && identity->certificate->not_after < identity->until)
        identity->until = identity->certificate->not_after + 1; /* the first second that is not valid */
    check_identity(loading, node, identity);
    if (loading->errors == errors)
        warn_identity(loading, node, identity);
    return loading->errors == errors;
}

static void read_certificates(struct loading *loading, const struct node *node, void *into)
{
    static const char *const words[] = {"trusted", NULL};
    struct require *require = into;
    struct certificates *certificates = loading_alloc(loading, sizeof *certificates);
    struct identity *identities;
    const struct node *item = NULL;
    size_t count;

    if (certificates == NULL)
        return;
    certificates->place = loading_place(loading, node);
    if (node->kind == NODE_SCALAR) {
        certificates->trusted =
            compile_word(loading, node, words, "certificates value (or a list of identities)") == 0;
    } else {
        count = compile_list(loading, node, false, &item);
        identities = loading_alloc(loading, count * sizeof *identities);
        if (identities == NULL)
            return;
        for (; item != NULL; item = item->next)
            certificates->count += read_identity(loading, item, &identities[certificates->count]);
        certificates->identities = identities;
    }
    require->certificates = certificates;
    note_key(require, REQUIRE_CERTIFICATES);
}

static void read_clients(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    require->clients = compile_clients(loading, node);
    note_key(require, REQUIRE_CLIENTS);
}

/* ---- profiles ---- */

/* Notes that `slot` waits for the profile of that name. */
static void use_profile(struct loading *loading, const struct node *node, const char *name,
                        const struct profile **slot)
{
    if (loading->use_count == loading->use_room) {
        size_t room = loading->use_room == 0 ? 16 : loading->use_room * 2;
        struct profile_use *uses = realloc(loading->uses, room * sizeof *uses);

        if (uses == NULL) {
            loading_exhausted(loading);
            return;
        }
        loading->uses = uses;
        loading->use_room = room;
    }
    loading->uses[loading->use_count++] =
        (struct profile_use){loading_text(loading, name), loading_place(loading, node), slot};
}

static void read_profile(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;
    const struct node *item = node;
    size_t count = 1;
    const char *name;

    require->has_profiles = true;
    if (node->kind == NODE_SEQUENCE) {
        count = node->count; /* an empty list switches the defaults' profiles off */
        item = node->first;
    }
    require->profiles = loading_alloc(loading, count * sizeof *require->profiles);
    for (; require->profiles != NULL && count-- > 0; item = item->next)
        if (compile_text(loading, item, &name))
            use_profile(loading, item, name, &require->profiles[require->profile_count++]);
}

void compile_require(struct loading *loading, const struct node *node, struct require *require)
{
    static const struct key keys[] = {
        {"min_tls_version", read_min_tls_version},
        {"ciphers", read_ciphers},
        {"min_cipher_bits", read_min_cipher_bits},
        {"forward_secrecy", read_forward_secrecy},
        {"certificates", read_certificates},
        {"clients", read_clients},
        {"profile", read_profile},
        {NULL, NULL},
    };

    compile_mapping(loading, node, keys, require, "require");
}
