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

/* An identity being read; its names lie in the scratch memory. */
struct reading {
    enum identity_kind kind;
    struct name_rule subject, issuer;
    struct particulars particulars;
};

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
    struct name_attribute *attributes = loading_scratch(loading, node->count * sizeof *attributes);

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
        attributes[pattern->count++].value = text;
    }
    pattern->attributes = attributes;
    return true;
}

static bool read_name(struct loading *loading, const struct node *node, struct name_pattern *pattern)
{
    struct name_attribute *attribute;
    const char *text;

    if (node->kind == NODE_MAPPING)
        return read_attributes(loading, node, pattern);
    if (!compile_text(loading, node, &text) || !check_name(loading, node, text))
        return false;
    attribute = loading_scratch(loading, sizeof *attribute);
    if (attribute == NULL)
        return false;
    attribute->value = text;
    pattern->count = 1;
    pattern->attributes = attribute;
    return true;
}

static void read_names(struct loading *loading, const struct node *node, struct name_rule *rule)
{
    const struct node *item = node;
    size_t count = 1;
    struct name_pattern *patterns;

    if (node->kind == NODE_SEQUENCE)
        count = compile_list(loading, node, false, &item);
    patterns = loading_scratch(loading, count * sizeof *patterns);
    if (count == 0 || patterns == NULL)
        return;
    for (size_t i = 0; i < count; i++, item = item->next)
        rule->count += read_name(loading, item, &patterns[rule->count]);
    rule->patterns = patterns;
}

static void read_subject(struct loading *loading, const struct node *node, void *into)
{
    read_names(loading, node, &((struct reading *)into)->subject);
}

static void read_issuer(struct loading *loading, const struct node *node, void *into)
{
    read_names(loading, node, &((struct reading *)into)->issuer);
}

/* ---- pins ---- */

static void read_pin(struct loading *loading, const struct node *node, struct reading *reading,
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
    reading->kind = kind;
    reading->particulars.fingerprint = arena_copy(&loading->policy->arena, fingerprint, sizeof fingerprint);
    if (reading->particulars.fingerprint == NULL)
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
    struct reading *reading = into;
    struct particulars *particulars = &reading->particulars;
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
    particulars->file = loading_text(loading, text);
    if (kept == NULL || particulars->file == NULL) {
        loading_exhausted(loading);
        return;
    }
    reading->kind = IDENTITY_FINGERPRINT;
    particulars->certificate = kept;
    particulars->fingerprint = kept->fingerprint;
}

/* ---- identities ---- */

static void read_from(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct reading *)into)->particulars.from);
}

static void read_until(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct reading *)into)->particulars.until);
}

static void check_identity(struct loading *loading, const struct node *node, const struct reading *reading)
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
    if (reading->particulars.from >= reading->particulars.until)
        loading_error(loading, node, "from must be before until");
}

/* What names are worth that many certificates bear. */
static void warn_identity(struct loading *loading, const struct node *node, const struct reading *reading)
{
    if (reading->kind == IDENTITY_NAMES && reading->subject.count == 0 && reading->issuer.count > 0)
        loading_warning(
            loading, node,
            "an issuer without a subject: every certificate of that issuer will do, and of any other that "
            "bears its name in the CA file of the MTA");
    for (size_t i = 0; i < reading->subject.count; i++)
        for (size_t k = 0; k < reading->subject.patterns[i].count; k++) {
            const struct name_attribute *attribute = &reading->subject.patterns[i].attributes[k];
            const struct provider *provider =
                attribute->type == NULL ? provider_of_subject(attribute->value) : NULL;

            if (provider != NULL)
                loading_warning(loading, node,
                                "all customers of %s share the certificate \"%.128s\": it proves the "
                                "platform, not the partner",
                                provider->name, attribute->value);
        }
}

/* The rule as it stays: the text of a lone common name, else a struct name_rule. */
static arena_ref keep_rule(struct loading *loading, const struct name_rule *rule, bool *is_rule)
{
    struct arena *arena = &loading->policy->arena;
    arena_ref ref = 0;
    struct name_rule *kept;
    struct name_pattern *patterns;

    if (rule->count == 0)
        return 0;
    *is_rule = rule->count > 1 || rule->patterns[0].count > 1 || rule->patterns[0].attributes[0].type != NULL;
    if (!*is_rule)
        return loading_keep(loading, rule->patterns[0].attributes[0].value);
    ref = arena_alloc_ref(arena, sizeof *kept);
    patterns = loading_alloc(loading, rule->count * sizeof *patterns);
    if (ref == 0 || patterns == NULL) {
        loading_exhausted(loading);
        return 0;
    }
    for (size_t i = 0; i < rule->count; i++) {
        const struct name_pattern *pattern = &rule->patterns[i];
        struct name_attribute *attributes = loading_alloc(loading, pattern->count * sizeof *attributes);

        for (size_t k = 0; attributes != NULL && k < pattern->count; k++)
            attributes[k] = (struct name_attribute){pattern->attributes[k].type,
                                                    loading_text(loading, pattern->attributes[k].value)};
        patterns[i] = (struct name_pattern){pattern->count, attributes};
    }
    kept = arena_at(arena, ref);
    *kept = (struct name_rule){rule->count, patterns};
    return ref;
}

static void keep_identity(struct loading *loading, const struct reading *reading, struct identity *identity)
{
    struct particulars *particulars;
    bool subject_rule = false, issuer_rule = false;

    identity->kind = (unsigned char)reading->kind;
    identity->subject = keep_rule(loading, &reading->subject, &subject_rule);
    identity->issuer = keep_rule(loading, &reading->issuer, &issuer_rule);
    identity->subject_rule = subject_rule;
    identity->issuer_rule = issuer_rule;
    if (reading->kind == IDENTITY_NAMES && reading->particulars.from == DATE_BEGIN
        && reading->particulars.until == DATE_END)
        return;
    identity->particulars = arena_alloc_ref(&loading->policy->arena, sizeof *particulars);
    particulars = arena_at(&loading->policy->arena, identity->particulars);
    if (particulars == NULL)
        loading_exhausted(loading);
    else
        *particulars = reading->particulars;
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
    struct reading reading = {.particulars = {.from = DATE_BEGIN, .until = DATE_END}};
    struct particulars *particulars = &reading.particulars;
    unsigned errors = loading->errors;

    *identity = (struct identity){.line = node->line, .column = loading_column(node)};
    if (!compile_mapping(loading, node, keys, &reading, "a certificate identity"))
        return false;
    if (particulars->certificate != NULL && particulars->certificate->not_after < particulars->until)
        particulars->until = particulars->certificate->not_after + 1; /* the first second that is not valid */
    check_identity(loading, node, &reading);
    if (loading->errors != errors)
        return false;
    warn_identity(loading, node, &reading);
    keep_identity(loading, &reading, identity);
    return true;
}

static void read_certificates(struct loading *loading, const struct node *node, void *into)
{
    static const char *const words[] = {"trusted", NULL};
    struct require *require = into;
    const struct node *item = NULL;
    size_t count = node->kind == NODE_SCALAR ? 0 : compile_list(loading, node, false, &item);
    arena_ref ref = arena_alloc_ref(&loading->policy->arena,
                                    sizeof(struct certificates) + count * sizeof(struct identity));
    struct certificates *certificates = arena_at(&loading->policy->arena, ref);

    if (certificates == NULL) {
        loading_exhausted(loading);
        return;
    }
    certificates->line = node->line;
    certificates->column = loading_column(node);
    certificates->file = loading->file_index;
    if (node->kind == NODE_SCALAR)
        certificates->trusted =
            compile_word(loading, node, words, "certificates value (or a list of identities)") == 0;
    for (; item != NULL; item = item->next)
        certificates->count += read_identity(loading, item, &certificates->identities[certificates->count]);
    require->certificates = ref;
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
