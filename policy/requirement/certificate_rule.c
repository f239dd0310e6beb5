/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `certificates`: which certificates are accepted, by names, by pins or by files, and from when until when.
 */
#include "policy/requirement/certificate.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/certname.h"
#include "policy/names/date.h"

/* ---- names in certificates ---- */

/* An identity being read. Its names are in scratch memory. */
struct reading {
    enum identity_kind kind;
    struct name_rule subject, issuer;
    struct particulars particulars;
};

static const char *const attribute_words[] = {"CN", "O", "OU", "C", NULL};

static bool check_name(struct loading *loading, const struct node *node, const char *text, enum pasted_as as)
{
    bool good = certname_is_pattern(text);

    if (*text == '\0')
        loading_error(loading, node, "an empty name would match nothing");
    else if (strcmp(text, "*.") == 0)
        loading_error(loading, node, "\"*.\" would match nothing; write \"*.example.com\"");
    else if (!compile_doubt_name(loading, node, as, good) && !good)
        loading_error(loading, node,
                      "\"%.128s\": a wildcard is only allowed as \"*.\" in front, for one further label",
                      text);
    else
        return good;
    return false;
}

/* Reads {CN:, O:, OU:, C:}. `as` is the kind of name that CN is. */
static bool read_attributes(struct loading *loading, const struct node *node, enum pasted_as as,
                            struct name_pattern *pattern)
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

        if (word < 0 || !compile_free_text(loading, value, &text)
            || !check_name(loading, value, text, word == 0 ? as : PASTED_ATTRIBUTE))
            return false;
        attributes[pattern->count].type = word == 0 ? NULL : attribute_words[word];
        attributes[pattern->count++].value = text;
    }
    pattern->attributes = attributes;
    return true;
}

static bool read_name(struct loading *loading, const struct node *node, enum pasted_as as,
                      struct name_pattern *pattern)
{
    struct name_attribute *attribute;
    const char *text;

    if (node->kind == NODE_MAPPING)
        return read_attributes(loading, node, as, pattern);
    if (!compile_free_text(loading, node, &text) || !check_name(loading, node, text, as))
        return false;
    attribute = loading_scratch(loading, sizeof *attribute);
    if (attribute == NULL)
        return false;
    attribute->value = text;
    pattern->count = 1;
    pattern->attributes = attribute;
    return true;
}

static void read_names(struct loading *loading, const struct node *node, enum pasted_as as,
                       struct name_rule *rule)
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
        rule->count += read_name(loading, item, as, &patterns[rule->count]);
    rule->patterns = patterns;
}

static void read_subject(struct loading *loading, const struct node *node, void *into)
{
    read_names(loading, node, PASTED_COMMON_NAME, &((struct reading *)into)->subject);
}

static void read_issuer(struct loading *loading, const struct node *node, void *into)
{
    read_names(loading, node, PASTED_ISSUER, &((struct reading *)into)->issuer);
}

/* ---- pins ---- */

/* Reports what is wrong with a fingerprint, and the line to write if that is known. */
static void refuse_fingerprint(struct loading *loading, const struct node *node, const char *wrong)
{
    const char *key = fingerprint_is_of_key(node->text) ? "key_fingerprint" : node->key->text;
    unsigned char fingerprint[FINGERPRINT_SIZE];
    char text[FINGERPRINT_TEXT], flaw[FINGERPRINT_FLAW];

    if (!fingerprint_guess(fingerprint, node->text)) {
        fingerprint_flaw(node->text, flaw);
        loading_error(loading, node, "%s: %s%s", node->key->text, wrong, flaw);
        return;
    }
    fingerprint_format(fingerprint, text);
    if (strncmp(wrong, "is not a fingerprint", 20) == 0)
        wrong = "is in another form";
    loading_error(loading, node, "%s: %s; write %s: %s", node->key->text, wrong, key, text);
}

void compile_fingerprint(struct loading *loading, const struct node *node, struct particulars *particulars)
{
    unsigned char fingerprint[FINGERPRINT_SIZE];
    const char *text, *wrong;

    if (!compile_text(loading, node, &text))
        return;
    wrong = fingerprint_parse(fingerprint, text);
    if (wrong != NULL) {
        refuse_fingerprint(loading, node, wrong);
        return;
    }
    particulars->fingerprint = arena_copy(&loading->policy->arena, fingerprint, sizeof fingerprint);
    if (particulars->fingerprint == NULL)
        loading_exhausted(loading);
}

static void read_pin(struct loading *loading, const struct node *node, struct reading *reading,
                     enum identity_kind kind)
{
    compile_fingerprint(loading, node, &reading->particulars);
    if (reading->particulars.fingerprint != NULL)
        reading->kind = kind;
}

static void read_fingerprint(struct loading *loading, const struct node *node, void *into)
{
    read_pin(loading, node, into, IDENTITY_FINGERPRINT);
}

static void read_key_fingerprint(struct loading *loading, const struct node *node, void *into)
{
    read_pin(loading, node, into, IDENTITY_KEY_FINGERPRINT);
}

/* Returns "third", or "12th", which it writes into `text`. */
static const char *ordinal(unsigned number, char text[16])
{
    static const char *const words[] = {"first", "second",  "third",  "fourth", "fifth",
                                        "sixth", "seventh", "eighth", "ninth",  "tenth"};

    if (number <= sizeof words / sizeof *words)
        return words[number - 1];
    snprintf(text, 16, "%uth", number); /* a file holds at most 64: "21th" is too rare to matter */
    return text;
}

/* Reports a certificate that no partner's server shows. False: an error was reported. */
static bool check_meant(struct loading *loading, const struct node *node, const struct certfile *certificate)
{
    char number[16];

    if (certificate->meant > 1) {
        loading_error(
            loading, node,
            "certificate file \"%.255s\" begins with the certificate of a CA, \"%.128s\": did you mean "
            "\"%.128s\", the %s in it? Put that one first",
            node->text, certificate->subject, certificate->meant_subject,
            ordinal(certificate->meant, number));
        return false;
    }
    if (certificate->authority)
        loading_warning(
            loading, node, WARNING_CERTIFICATE_OF_AUTHORITY,
            "certificate file \"%.255s\" holds the certificate of a CA, \"%.128s\", which no mail server "
            "shows as its own: name the file with the server's certificate",
            node->text, certificate->subject);
    if (certificate->several)
        loading_warning(loading, node, WARNING_SEVERAL_CERTIFICATES,
                        "certificate file \"%.255s\" holds the certificates of several servers, and only the "
                        "first counts, \"%.128s\": put \"%.128s\" into a file of its own",
                        node->text, certificate->subject, certificate->other_subject);
    if (certificate->private_key)
        loading_warning(
            loading, node, WARNING_PRIVATE_KEY,
            "certificate file \"%.255s\" holds a private key beside the certificate: nobody but its owner "
            "may have it, and a policy needs the certificate alone",
            node->text);
    return true;
}

/* The path is relative to the policy file that names it. */
bool compile_certificate_file(struct loading *loading, const struct node *node,
                              struct particulars *particulars)
{
    const char *text, *slash = strrchr(loading->file, '/'), *wrong;
    struct certfile certificate, *kept;
    char path[PATH_MAX];
    int length;

    if (!compile_text(loading, node, &text))
        return false;
    length = text[0] == '/' || slash == NULL
                 ? snprintf(path, sizeof path, "%s", text)
                 : snprintf(path, sizeof path, "%.*s/%s", (int)(slash - loading->file), loading->file, text);
    if (length < (int)sizeof path)
        loading_note_file(loading, path);
    wrong = length >= (int)sizeof path ? "has a name that is too long" : certfile_read(&certificate, path);
    if (wrong != NULL) {
        loading_error(loading, node, "certificate file \"%.255s\" %s", text, wrong);
        return false;
    }
    if (!check_meant(loading, node, &certificate))
        return false;
    kept = arena_copy(&loading->policy->arena, &certificate, sizeof certificate);
    particulars->file = loading_text(loading, text);
    if (kept == NULL || particulars->file == NULL) {
        loading_exhausted(loading);
        return false;
    }
    particulars->certificate = kept;
    particulars->fingerprint = kept->fingerprint;
    return true;
}

static void read_file(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;

    if (compile_certificate_file(loading, node, &reading->particulars))
        reading->kind = IDENTITY_FINGERPRINT;
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
        loading_error(loading, node, "from must be before until%s",
                      node_find(node, "until") == NULL ? ", here the end of the file's certificate" : "");
}

/* Stores a rule in the policy: as the text of a lone common name, else as a struct name_rule. */
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
    if (node->kind == NODE_SCALAR && strchr(node->text, '.') != NULL
        && strpbrk(node->text, ":=/, ") == NULL) {
        loading_error(loading, node,
                      "a certificate identity must be a mapping (key: value); write {subject: %.128s}",
                      node->text);
        return false;
    }
    if (!compile_mapping(loading, node, keys, &reading, "a certificate identity"))
        return false;
    if (particulars->certificate != NULL && particulars->certificate->not_after < particulars->until)
        particulars->until = particulars->certificate->not_after + 1; /* the first second that is not valid */
    check_identity(loading, node, &reading);
    if (loading->errors != errors)
        return false;
    if (reading.kind == IDENTITY_NAMES)
        compile_doubt_identity(loading, node, &reading.subject, &reading.issuer);
    keep_identity(loading, &reading, identity);
    return true;
}

arena_ref compile_certificates(struct loading *loading, const struct node *node)
{
    static const char *const words[] = {"trusted", NULL};
    const struct node *item = NULL;
    size_t count = node->kind == NODE_SCALAR ? 0 : compile_list(loading, node, false, &item);
    arena_ref ref = arena_alloc_ref(&loading->policy->arena,
                                    sizeof(struct certificates) + count * sizeof(struct identity));
    struct certificates *certificates = arena_at(&loading->policy->arena, ref);

    if (certificates == NULL) {
        loading_exhausted(loading);
        return 0;
    }
    certificates->line = node->line;
    certificates->column = loading_column(node);
    certificates->file = loading->file_index;
    if (node->kind == NODE_SCALAR && strchr(node->text, '.') != NULL)
        loading_error(loading, node, "certificates must be trusted, or a list such as [{subject: %.128s}]",
                      node->text);
    else if (node->kind == NODE_SCALAR)
        certificates->trusted = compile_word(loading, node, words, "value of certificates") == 0;
    for (; item != NULL; item = item->next)
        certificates->count += read_identity(loading, item, &certificates->identities[certificates->count]);
    return ref;
}
