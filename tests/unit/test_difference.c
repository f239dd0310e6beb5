/* SPDX-License-Identifier: BSD-2-Clause */
/* policy/language/difference.c: which partners came and went, and what changed, wherever it is written. */
#include "tests/unit/loading.h"
#include "policy/language/difference.h"

/* A policy whose partners are these letters, in their order; an empty list is allowed. */
static struct policy *load_letters(const char *letters)
{
    char text[2000] = "allow_empty: true\npartners:\n";
    size_t length = strlen(text);

    for (const char *letter = letters; *letter != '\0'; letter++)
        length += (size_t)snprintf(text + length, sizeof text - length, "- {name: %c, domains: [%c.example]}\n", *letter, *letter);
    if (*letters == '\0')
        snprintf(text + length - 1, sizeof text - length, " []\n");
    return load_good(text);
}

static void note_letter(void *arg, const struct partner *partner)
{
    strcat(arg, partner_name(partner));
}

static const char *const lists[] = {"",       "a",     "b",     "ab",      "ba",      "abc",    "acb", "bca",  "abcdef", "abxdef",
                                    "bcdef", "abcde", "xabcdef", "abcdefx", "fedcba", "abx", "adef", "abcvef", "avwzf"};

/* Those of `list` that `other` does not have, in the order of the list or by name. */
static void letters_missing(char wanted[32], const char *list, const char *other, enum difference_order order)
{
    const char *letters = order == DIFFERENCE_BY_NAME ? "abcdefvwxz" : list;

    for (; *letters != '\0'; letters++)
        if (strchr(list, *letters) != NULL && strchr(other, *letters) == NULL)
            *wanted++ = *letters;
    *wanted = '\0';
}

static void check_letters(const char *old_list, const char *new_list, enum difference_order order)
{
    struct policy *old = load_letters(old_list), *new = load_letters(new_list);
    struct difference *difference = difference_new(old, new, order);
    char added[32] = "", removed[32] = "", wanted[32];

    assert_non_null(difference);
    difference_each_added(difference, note_letter, added);
    difference_each_removed(difference, note_letter, removed);
    letters_missing(wanted, new_list, old_list, order);
    assert_string_equal(added, wanted);
    letters_missing(wanted, old_list, new_list, order);
    assert_string_equal(removed, wanted);
    difference_free(difference);
    policy_unref(old);
    policy_unref(new);
}

static void f06_partners_that_came_and_went(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            check_letters(lists[i], lists[k], DIFFERENCE_BY_NAME);
            check_letters(lists[i], lists[k], DIFFERENCE_BY_FILE);
        }
}

static void note_change(void *arg, const struct change *change)
{
    char *text = arg;

    sprintf(text + strlen(text), "%s|%s|%s|%s%s\n", change->partner ? change->partner : "", change->key, change->old ? change->old : "",
            change->new ? change->new : "", change->item ? "|item" : "");
}

/* All changes between two policies, partners before settings. */
static void check_changes(const char *old_text, const char *new_text, const char *wanted)
{
    struct policy *old = load_good(old_text), *new = load_good(new_text);
    struct difference *difference = difference_new(old, new, DIFFERENCE_BY_FILE);
    char found[8192] = "";

    assert_non_null(difference);
    assert_true(difference_each_change(difference, note_change, found));
    assert_true(difference_each_setting(difference, note_change, found));
    if (strcmp(found, wanted) != 0)
        fail_msg("from\n%s\nto\n%s\ngot\n%s\nwanted\n%s", old_text, new_text, found, wanted);
    difference_free(difference);
    policy_unref(old);
    policy_unref(new);
}

#define TWO(first, second) "partners:\n- {name: b, domains: [b.example]" first "}\n- {name: a, domains: [a.example]" second "}\n"

static void f06_every_key_that_changed(void **state)
{
    static const struct {
        const char *old, *new, *changes;
    } rows[] = {
        {TWO("", ""), TWO("", ""), ""},
        {TWO("", ""), "partners:\n- {name: a, domains: [a.example]}\n- {name: b, domains: [b.example]}\n", ""},
        {TWO(", mode: testing", ""), TWO(", mode: none", ""), "b|mode|testing|none\n"},
        /* in the order of the new file, whatever the names */
        {TWO(", mode: testing", ", mode: testing"), TWO("", ""), "b|mode|testing|enforce\na|mode|testing|enforce\n"},
        /* a default is everybody's who has no own value; the same value is no change, wherever it stands */
        {"defaults: {mode: testing}\n" TWO("", ", mode: none"), TWO("", ", mode: none"), "b|mode|testing|enforce\n"},
        {"defaults: {mode: testing}\n" TWO("", ""), TWO(", mode: testing", ", mode: testing"), ""},
        {TWO("", ""), "partners:\n- {name: b, domains: [b.example, x.example]}\n- {name: a, domains: [y.example]}\n",
         "b|domains||x.example|item\na|domains|a.example||item\na|domains||y.example|item\n"},
        {TWO(", message: one", ", contact: c"), TWO("", ", contact: d"), "b|message|one|\na|contact|c|d\n"},
        {"milter: {mta: postfix}\n" TWO("", ""), "exempt: {daemons: [x, z]}\n" TWO("", ""),
         "|milter.mta|postfix|auto\n|exempt.daemons||x|item\n|exempt.daemons||z|item\n"},
        {TWO(", require: {profile: house}", "") "profiles: {house: {min_cipher_bits: 128}}\n",
         TWO(", require: {profile: house}", "") "profiles: {house: {min_cipher_bits: 256}}\n", "b|min_cipher_bits|128|256\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_changes(rows[i].old, rows[i].new, rows[i].changes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(f06_partners_that_came_and_went),
        cmocka_unit_test(f06_every_key_that_changed),
    };

    return cmocka_run_group_tests_name("difference", tests, NULL, NULL);
}
