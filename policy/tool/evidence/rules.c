/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the rules of partners. The daemon's lines contain only the digest of the policy; its text is in the
 * file. So a record with -c keeps the rules, in the words of show. A rule that does not change is kept once,
 * however often other rules change.
 */
#include "policy/tool/evidence/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/language/rule.h"
#include "policy/tool/evidence/fnv.h"

/* A rule while it is written. */
struct writing {
    FILE *stream;
    char key[64]; /* the last key */
};

/* Notes for humans are not part of a rule, and may change without a new digest. */
static bool is_note(const char *key)
{
    return strcmp(key, "contact") == 0 || strcmp(key, "comment") == 0 || strncmp(key, "acknowledge", 11) == 0;
}

/* Writes "domains: contoso.com, .contoso.com": the items of a list share a line. */
static void write_line(void *arg, const struct rule_line *line)
{
    struct writing *writing = arg;

    if (is_note(line->key))
        return;
    if (line->item && strcmp(writing->key, line->key) == 0) {
        fprintf(writing->stream, ", %s", line->value);
        return;
    }
    fprintf(writing->stream, "%s%s: %s", *writing->key ? "\n" : "", line->key, line->value);
    snprintf(writing->key, sizeof writing->key, "%s", line->key);
}

/* Returns the text of a rule, which the caller frees. NULL: out of memory. */
static char *rule_text(const struct policy *policy, const struct partner *partner)
{
    char *text = NULL;
    size_t size;
    struct writing writing = {open_memstream(&text, &size), ""};
    bool good;

    if (writing.stream == NULL)
        return NULL;
    good = rule_each(policy, partner, write_line, &writing);
    if (fclose(writing.stream) == 0 && good)
        return text;
    free(text);
    return NULL;
}

/* Returns the id of a rule, a hash of its text. */
static int64_t number_of(const char *text)
{
    return (int64_t)fnv_on(FNV_BEGIN, text, strlen(text));
}

/* The statements that keep rules. */
struct keeping {
    struct database *database;
    sqlite3_stmt *word, *rule, *place;
};

static void keep_word(struct keeping *keeping, const char *word)
{
    sqlite3_bind_text(keeping->word, 1, word, -1, SQLITE_STATIC);
    database_step(keeping->database, keeping->word);
}

/* False: out of memory. */
static bool keep_rule(struct keeping *keeping, const struct policy *policy, const struct partner *partner)
{
    char *text = rule_text(policy, partner);
    int64_t number = text != NULL ? number_of(text) : 0;

    if (text == NULL)
        return false;
    keep_word(keeping, partner_name(partner));
    sqlite3_bind_int64(keeping->rule, 1, number);
    sqlite3_bind_text(keeping->rule, 2, text, -1, SQLITE_STATIC);
    database_step(keeping->database, keeping->rule);
    sqlite3_bind_text(keeping->place, 1, policy_digest(policy), -1, SQLITE_STATIC);
    sqlite3_bind_text(keeping->place, 2, partner_name(partner), -1, SQLITE_STATIC);
    sqlite3_bind_int64(keeping->place, 3, number);
    database_step(keeping->database, keeping->place);
    free(text);
    return true;
}

static bool has_rules(struct database *database, const struct policy *policy)
{
    sqlite3_stmt *any = database_prepare(
        database, "SELECT 1 FROM partner_rule WHERE policy = (SELECT id FROM text WHERE value = ?1)");
    bool found;

    if (any != NULL)
        sqlite3_bind_text(any, 1, policy_digest(policy), -1, SQLITE_STATIC);
    found = database_row(database, any);
    sqlite3_finalize(any);
    return found;
}

bool rules_keep(struct database *database, const struct policy *policy)
{
    struct keeping keeping = {.database = database};
    bool good = true;

    if (has_rules(database, policy))
        return true;
    keeping.word = database_prepare(database, "INSERT OR IGNORE INTO text (value) VALUES (?1)");
    keeping.rule = database_prepare(database, "INSERT OR IGNORE INTO rule VALUES (?1, ?2)");
    keeping.place = database_prepare(database, "INSERT OR REPLACE INTO partner_rule SELECT d.id, p.id, ?3"
                                               " FROM text d, text p WHERE d.value = ?1 AND p.value = ?2");
    if (keeping.word != NULL && keeping.rule != NULL && keeping.place != NULL)
        keep_word(&keeping, policy_digest(policy));
    for (size_t i = 0; i < policy_partner_count(policy) && good && !database->failed; i++)
        good = keep_rule(&keeping, policy, policy_partner(policy, i));
    sqlite3_finalize(keeping.word);
    sqlite3_finalize(keeping.rule);
    sqlite3_finalize(keeping.place);
    if (!good)
        fprintf(stderr, "%s: out of memory\n", database->title);
    return good && !database->failed;
}

void rules_forget(struct database *database)
{
    database_run(database, "DELETE FROM partner_rule WHERE policy NOT IN (SELECT policy FROM kind)");
    database_run(database, "DELETE FROM rule WHERE id NOT IN (SELECT rule FROM partner_rule)");
}
