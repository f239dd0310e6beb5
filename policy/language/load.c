/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_load(): from the file's name to a policy. Reads the main file key by key and `partners` item by
 * item, so that only one partner's tree is in memory at a time, then the files that it includes. Knows files
 * and their order; other files of policy/language/ know what a key means.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/array.h"
#include "policy/disk.h"
#include "policy/language/compile.h"
#include "policy/names/idna.h"
#include "policy/names/socket_form.h"
#include "policy/requirement/profiles.h"

enum { FILES_MAX = 65535 };

#define WILDCARDS "*?["

/* The file being read, and the top-level keys that it has. */
struct top {
    bool included; /* this is not the main file */
    bool broken;   /* reading stopped before the end of the file */
    bool has_version, has_partners, allow_empty;
    struct node *seen; /* its keys so far, newest first */
    size_t include_count;
    const char **includes; /* patterns, malloc'd array of arena texts */
    struct place *include_places;
};

static void note_diag(void *arg, const struct diag *diag)
{
    struct loading *loading = arg;

    loading->errors += diag->severity == SEVERITY_ERROR;
    if (loading->diag != NULL)
        loading->diag(loading->arg, diag);
}

/* ---- the file's keys ---- */

static void read_version(struct loading *loading, const struct node *value, void *into)
{
    unsigned version = 0;

    ((struct top *)into)->has_version = true;
    if (compile_number(loading, value, 1000, &version) && version != 1)
        loading_error(loading, value, "version %u is not known; this program reads version 1", version);
}

static void read_allow_empty(struct loading *loading, const struct node *value, void *into)
{
    compile_boolean(loading, value, &((struct top *)into)->allow_empty);
}

static void add_include(struct loading *loading, const struct node *node, struct top *top)
{
    size_t count = top->include_count;
    const char **includes, *text;
    struct place *places;

    if (!compile_text(loading, node, &text))
        return;
    includes = array_grow((void *)top->includes, count, sizeof *includes);
    if (includes != NULL)
        top->includes = includes;
    places = array_grow(top->include_places, count, sizeof *places);
    if (places != NULL)
        top->include_places = places;
    if (includes == NULL || places == NULL || (includes[count] = loading_text(loading, text)) == NULL) {
        loading_exhausted(loading);
        return;
    }
    places[count] = loading_place(loading, node);
    top->include_count++;
}

static void read_include(struct loading *loading, const struct node *value, void *into)
{
    const struct node *item = NULL;

    compile_list(loading, value, true, &item);
    for (size_t count = value->kind == NODE_SEQUENCE ? value->count : 1; item != NULL && count-- > 0;
         item = item->next)
        add_include(loading, item, into);
}

static void read_milter(struct loading *loading, const struct node *value, void *into)
{
    (void)into;
    compile_milter(loading, value);
}

static void read_exempt(struct loading *loading, const struct node *value, void *into)
{
    (void)into;
    compile_exempt(loading, value);
}

static void read_defaults(struct loading *loading, const struct node *value, void *into)
{
    (void)into;
    compile_defaults(loading, value);
}

static void read_profiles(struct loading *loading, const struct node *value, void *into)
{
    (void)into;
    compile_profiles(loading, value);
}

/* Reads the items of `partners`, one tree at a time. */
static void read_partners(struct loading *loading, struct node_reader *reader, struct top *top,
                          const struct node *key)
{
    const struct node *item, *other;
    struct node kept = *key;
    size_t before = loading->policy->partner_count;

    top->has_partners = true;
    if (!node_enter_sequence(reader, &loading->scratch, &other)) {
        if (other != NULL)
            loading_error(loading, other, "partners must be a list (- name: ...)");
        return;
    }
    arena_reset(&loading->scratch);
    while (!loading->out_of_memory && (item = node_next_item(reader, &loading->scratch)) != NULL) {
        compile_partner(loading, item);
        arena_reset(&loading->scratch);
    }
    if (loading->policy->partner_count == before && top->included && !node_failed(reader))
        loading_warning(loading, &kept, WARNING_FILE_WITHOUT_PARTNERS, "no partners in this file");
}

static bool seen_before(struct loading *loading, struct top *top, const struct node *key)
{
    struct node *seen;

    for (seen = top->seen; seen != NULL; seen = (struct node *)seen->first)
        if (strcmp(seen->text, key->text) == 0) {
            loading_error(loading, key, "duplicate key \"%.64s\"; the first is in line %u", key->text,
                          seen->line);
            return true;
        }
    seen = loading_alloc(loading, sizeof *seen);
    if (seen != NULL) {
        *seen = *key;
        seen->text = loading_text(loading, key->text);
        seen->first = top->seen;
        top->seen = seen->text != NULL ? seen : top->seen;
    }
    return false;
}

/* Reads one top-level key of the file and its value. */
static void read_key(struct loading *loading, struct node_reader *reader, struct top *top,
                     const struct node *key)
{
    static const struct key main_keys[] = {
        {"version", read_version},         {"milter", read_milter},     {"exempt", read_exempt},
        {"defaults", read_defaults},       {"profiles", read_profiles}, {"include", read_include},
        {"allow_empty", read_allow_empty}, {"partners", NULL},          {NULL, NULL},
    };
    static const struct key included_keys[] = {{"profiles", read_profiles}, {"partners", NULL}, {NULL, NULL}};
    const struct key *known = top->included ? included_keys : main_keys;
    bool again = seen_before(loading, top, key);
    const struct node *value;

    while (known->name != NULL && strcmp(known->name, key->text) != 0)
        known++;
    if (known->name == NULL)
        compile_unknown_key(loading, key, top->included ? included_keys : main_keys,
                            top->included ? "an included file" : "the policy");
    if (known->name != NULL && known->read == NULL && !again) {
        read_partners(loading, reader, top, key);
        return;
    }
    value = node_value(reader, &loading->scratch);
    if (value == NULL || known->name == NULL || again)
        return;
    ((struct node *)value)->key = key;
    known->read(loading, value, top);
}

static void read_file(struct loading *loading, const char *path, struct top *top)
{
    struct policy *policy = loading->policy;
    struct node_reader *reader;
    const struct node *key;
    unsigned errors = loading->errors;
    const char **files = array_grow((void *)policy->files, policy->file_count, sizeof *files);

    if (files != NULL)
        policy->files = files;
    if (files == NULL || (loading->file = loading_text(loading, path)) == NULL) {
        loading_exhausted(loading);
        return;
    }
    loading->file_index = (unsigned short)policy->file_count;
    files[policy->file_count++] = loading->file;
    loading_note_file(loading, loading->file);
    reader = node_open(loading->file, note_diag, loading);
    if (reader == NULL) {
        if (loading->errors == errors)
            loading_exhausted(loading);
        return;
    }
    while (!loading->out_of_memory && (key = node_next_key(reader, &loading->scratch)) != NULL) {
        read_key(loading, reader, top, key);
        arena_reset(&loading->scratch);
    }
    top->broken = node_failed(reader);
    node_close(reader);
}

/* ---- include ---- */

/*
 * A directory that is missing or unreadable stops glob() with GLOB_ABORTED: otherwise its partners would be
 * missing without a word.
 */
static int is_glob_error(const char *path, int error)
{
    (void)path;
    return error != ENOTDIR;
}

/* Returns the pattern in the main file's directory, whose own wildcards are escaped. NULL: out of memory. */
static char *absolute_pattern(const char *main_file, const char *pattern)
{
    const char *slash = strrchr(main_file, '/');
    char *text = malloc(2 * strlen(main_file) + strlen(pattern) + 1), *to = text;

    if (text == NULL)
        return NULL;
    if (pattern[0] != '/' && slash != NULL)
        to = disk_escape(to, main_file, (size_t)(slash - main_file) + 1);
    strcpy(to, pattern);
    return text;
}

/* Reports a match that cannot be meant: the main file itself, or a directory. False: it is neither. */
static bool refuse_match(struct loading *loading, const char *path, const struct node *at,
                         const char *pattern)
{
    bool wildcards = strpbrk(pattern, WILDCARDS) != NULL;
    struct stat found, main_file;

    if (stat(path, &found) != 0)
        return false;
    if (S_ISDIR(found.st_mode) && !wildcards) {
        loading_error(loading, at, "include \"%.255s\" is a directory; write %.255s%s*.yaml", pattern,
                      pattern, pattern[strlen(pattern) - 1] == '/' ? "" : "/");
        return true;
    }
    if (stat(loading->policy->files[0], &main_file) != 0 || found.st_dev != main_file.st_dev
        || found.st_ino != main_file.st_ino)
        return false;
    loading_error(loading, at, "include \"%.255s\" %s", pattern,
                  wildcards ? "matches this file itself; put the other files into a directory of their own"
                            : "names this file itself");
    return true;
}

static void read_matches(struct loading *loading, const glob_t *matches, const struct node *at,
                         const char *pattern)
{
    const char *main_file = loading->policy->files[0];
    size_t read = 0;

    if (matches->gl_pathc > 0)
        qsort(matches->gl_pathv, matches->gl_pathc, sizeof *matches->gl_pathv, array_compare_texts);
    for (size_t i = 0; i < matches->gl_pathc; i++) {
        struct top top = {.included = true};

        if (disk_is_skipped(matches->gl_pathv[i])) {
            if (strpbrk(pattern, WILDCARDS) != NULL)
                continue;
            loading_error(loading, at,
                          "include \"%.255s\": hidden files and those that end in \"~\" are not read",
                          pattern);
            return;
        }
        read++;
        if (refuse_match(loading, matches->gl_pathv[i], at, pattern))
            continue;
        if (loading->policy->file_count >= FILES_MAX) {
            loading_error(loading, at, "more than %d files", FILES_MAX);
            return;
        }
        read_file(loading, matches->gl_pathv[i], &top);
        loading->file = main_file;
    }
    if (read == 0)
        loading_warning(loading, at, WARNING_INCLUDE_MATCHES_NOTHING, "include \"%.255s\" matches no file",
                        pattern);
}

/* Cuts a pattern to the directory where its search begins: the part before its first wildcard. */
static const char *directory_of(char *pattern)
{
    char *slash;

    pattern[strcspn(pattern, WILDCARDS)] = '\0';
    slash = strrchr(pattern, '/');
    if (slash == NULL)
        return ".";
    slash[slash == pattern] = '\0';
    return pattern;
}

/* Reports a pattern whose directory cannot be searched. */
static void refuse_directory(struct loading *loading, const struct node *at, char *absolute,
                             const char *pattern)
{
    const char *directory = directory_of(absolute);

    if (access(directory, F_OK) != 0 && errno == ENOENT)
        loading_error(loading, at, "include \"%.255s\": the directory %.255s does not exist", pattern,
                      directory);
    else
        loading_error(loading, at, "include \"%.255s\": a directory of it cannot be read", pattern);
}

static void read_included(struct loading *loading, const char *pattern, struct place place)
{
    const struct node at = {.line = place.line, .column = place.column};
    char *absolute = absolute_pattern(loading->policy->files[0], pattern);
    glob_t matches = {0};
    int result;

    loading->file = loading->policy->files[0];
    if (absolute != NULL && strpbrk(pattern, WILDCARDS) != NULL
        && !disk_note_pattern(loading->policy->disk, absolute))
        loading_exhausted(loading);
    result = absolute == NULL
                 ? GLOB_NOSPACE
                 : glob(absolute, GLOB_NOSORT | (strpbrk(pattern, WILDCARDS) == NULL ? GLOB_NOCHECK : 0),
                        is_glob_error, &matches);
    if (result == GLOB_NOSPACE)
        loading_exhausted(loading);
    else if (result == GLOB_ABORTED)
        refuse_directory(loading, &at, absolute, pattern);
    else
        read_matches(loading, &matches, &at, pattern);
    globfree(&matches);
    free(absolute);
}

/* ---- the whole ---- */

/* Fills a profile as if the policy defined the built-in one. False: out of memory. */
static bool add_builtin(struct loading *loading, struct profile *profile,
                        const struct builtin_profile *builtin)
{
    const struct suites *suites = loading->policy->suites;
    struct require *require = loading_alloc(loading, sizeof *require);
    struct ciphers *ciphers = loading_alloc(loading, sizeof *ciphers);

    if (require == NULL || ciphers == NULL)
        return false;
    for (const char *const *name = builtin->ciphers; *name != NULL; name++) {
        int suite = suites_find(suites, *name);

        if (suite >= 0 && !suites_is_weak(suites, suite))
            suite_set_add(&ciphers->set, suite);
    }
    ciphers->text = loading_text(loading, builtin->name);
    require->keys = 1u << REQUIRE_MIN_TLS_VERSION | 1u << REQUIRE_CIPHERS;
    require->value[REQUIRE_MIN_TLS_VERSION] = builtin->min_tls_version;
    require->ciphers = ciphers;
    *profile = (struct profile){.name = builtin->name, .builtin = builtin, .require = require};
    return true;
}

/* Returns a policy with every default and no partners. NULL: out of memory. */
static struct policy *policy_new(struct loading *loading)
{
    static const struct server_certificates domain = {.proof = PROOF_DOMAIN};
    static const struct network loopback[] = {{0, 8, {127}}, {1, 128, {[15] = 1}}};
    struct policy *policy = calloc(1, sizeof *policy);
    struct actions *actions;

    if (policy == NULL)
        return NULL;
    loading->policy = policy;
    atomic_init(&policy->references, 1);
    policy->patterns.arena = &policy->arena;
    policy->milter.socket = MILTER_USUAL_SOCKET;
    policy->milter.recipient_delimiter = "+";
    policy->exempt_clients =
        (struct clients){.network_count = 2, .networks = loopback, .text = "127.0.0.0/8, ::1"};
    policy->exempt_authenticated = true;
    policy->mode = MODE_ENFORCE;
    policy->require = (struct require){.keys = 1u << REQUIRE_MIN_TLS_VERSION,
                                       .value = {[REQUIRE_MIN_TLS_VERSION] = TLS_VERSION_1_2}};
    policy->outbound = (struct outbound){.mode = MODE_ENFORCE, .require = {policy->require, &domain}};
    policy->disk = disk_new();
    policy->suites = suites_new();
    policy->profiles = calloc(builtin_profile_count, sizeof *policy->profiles);
    policy->actions = actions = arena_alloc(&policy->arena, sizeof *actions);
    if (policy->disk == NULL || policy->suites == NULL || policy->profiles == NULL || actions == NULL)
        goto out;
    actions->otherwise = ACTION_TEMPFAIL;
    memset(actions->by_reason, ACTION_TEMPFAIL, sizeof actions->by_reason);
    for (; policy->profile_count < builtin_profile_count; policy->profile_count++)
        if (!add_builtin(loading, &policy->profiles[policy->profile_count],
                         &builtin_profiles[policy->profile_count]))
            goto out;
    return policy;
out:
    policy_unref(policy);
    return NULL;
}

static void read_everything(struct loading *loading, const char *path)
{
    struct top top = {.included = false};

    read_file(loading, path, &top);
    if (loading->policy->file_count > 0) {
        for (size_t i = 0; i < top.include_count && !loading->out_of_memory; i++)
            read_included(loading, top.includes[i], top.include_places[i]);
        loading->file = loading->policy->files[0];
    }
    if (top.seen != NULL && !top.has_version && !top.broken)
        loading_error(loading, NULL, "has no version; write \"version: 1\" at its top");
    if (loading->errors == 0 && loading->policy->partner_count == 0 && !top.allow_empty)
        loading_error(loading, NULL,
                      "there are no partners; write \"allow_empty: true\" if this is intended");
    compile_finish(loading);
    if (loading->errors == 0 || (loading->policy->partner_count == 0 && top.include_count > 0))
        compile_unread(loading, top.includes, top.include_count);
    free(top.includes);
    free(top.include_places);
}

struct policy *policy_load_noting(const char *path, struct disk **looked_at, diag_fn *diag, void *arg)
{
    struct loading loading = {.diag = diag, .arg = arg, .file = path, .last_name = ""};
    const char *fault = idna_load();
    struct policy *policy;

    *looked_at = NULL;
    if (fault != NULL) {
        loading_error(&loading, NULL, "domain names cannot be converted: ICU does not start: %s", fault);
        return NULL;
    }
    policy = policy_new(&loading);
    if (policy == NULL) {
        loading_exhausted(&loading);
        return NULL;
    }
    *looked_at = disk_ref(policy->disk);
    read_everything(&loading, path);
    if (loading.errors == 0)
        compile_digest(&loading);
    arena_free(&loading.scratch);
    slots_free(&loading.names);
    free(loading.uses);
    if (loading.errors > 0) {
        policy_unref(policy);
        return NULL;
    }
    return policy;
}

struct policy *policy_load(const char *path, diag_fn *diag, void *arg)
{
    struct disk *looked_at;
    struct policy *policy = policy_load_noting(path, &looked_at, diag, arg);

    disk_unref(looked_at);
    return policy;
}
