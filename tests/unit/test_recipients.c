/* SPDX-License-Identifier: BSD-2-Clause */
/* Recipients against lists of patterns: who is in scope, who is excepted, and what many of them take. */
#include "policy/internal.h"
#include "policy/names/casefold.h"
#include "tests/unit/loading.h"

/* The list of a partner's recipients and of its exception, and one RCPT. */
struct row {
    const char *patterns; /* NULL: as in the row before */
    const char *argument, *rcpt_addr;
    bool in_scope, excepted;
    const char *delimiter; /* NULL: the default */
};

static struct policy *load_lists(const char *patterns, const char *delimiter)
{
    char text[4096];

    snprintf(text, sizeof text, "milter: {recipient_delimiter: \"%s\"}\n" P ", recipients: [%s], exceptions: [{recipients: [%s], until: 2999-01-01, reason: r}]}\n",
             delimiter == NULL ? "+" : delimiter, patterns, patterns);
    return load_good(text);
}

static void check_rows(const struct row *rows, size_t count)
{
    struct policy *policy = NULL;
    unsigned wrong = 0;

    for (size_t i = 0; i < count; i++) {
        struct recipient recipient;

        if (rows[i].patterns != NULL) {
            policy_unref(policy);
            policy = load_lists(rows[i].patterns, rows[i].delimiter);
        }
        const struct terms *terms = policy_partner(policy, 0)->terms;

        assert_true(recipient_read(&recipient, policy, true, rows[i].argument, rows[i].rcpt_addr));
        const struct recipients one = recipients_of_one(&recipient);
        bool in_scope = recipients_in_scope(&one, &terms->scope);
        bool excepted = recipient_excepted(one.words, &terms->exceptions[0].excepted);

        if (in_scope != rows[i].in_scope || excepted != rows[i].excepted) {
            print_message("# row %zu: %s %s: in scope %d, excepted %d\n", i, rows[i].argument, rows[i].rcpt_addr, in_scope, excepted);
            wrong++;
        }
        assert_true(recipient_in_scope(one.words, &terms->scope) == in_scope);
    }
    policy_unref(policy);
    assert_int_equal(wrong, 0);
}

#define ROWS(rows) check_rows(rows, sizeof rows / sizeof *rows)

static void s17_addresses_and_domains(void **state)
{
    static const struct row rows[] = {
        {"user@here.test", "<user@here.test>", "user@here.test", true, true, NULL},
        {NULL, "<USER@Here.TEST>", NULL, true, true, NULL},
        {NULL, "<user@here.test>", "", true, true, NULL},
        {NULL, "<user@here.test>", "other@here.test", true, false, NULL},
        {NULL, "<other@here.test>", "user@here.test", true, false, NULL},
        {NULL, "<users@here.test>", NULL, false, false, NULL},
        {NULL, "<user@sub.here.test>", NULL, false, false, NULL},
        {NULL, "<user@there.test>", NULL, false, false, NULL},
        {NULL, "<>", NULL, false, false, NULL},
        {"here.test, .below.test", "<x@here.test>", "x@here.test", true, true, NULL},
        {NULL, "<x@a.here.test>", NULL, false, false, NULL},
        {NULL, "<x@a.b.c.below.test>", "x@here.test", true, true, NULL},
        {NULL, "<x@below.test>", NULL, false, false, NULL},
        {NULL, "<x@evilbelow.test>", NULL, false, false, NULL},
        {NULL, "<@here.test>", NULL, true, true, NULL},
        {".a.b.c.test", "<x@y.a.b.c.test>", NULL, true, true, NULL},
        {NULL, "<x@y.b.c.test>", NULL, false, false, NULL},
        {"'\"a b\"@here.test'", "<\"A b\"@here.test>", NULL, true, true, NULL},
    };

    (void)state;
    ROWS(rows);
}

static void s24_other_spellings(void **state)
{
    static const struct row rows[] = {
        {"user@here.test", "<\"user\"@here.test>", NULL, true, true, NULL},
        {NULL, "<user@here.test.>", NULL, true, true, NULL},
        {NULL, "<\\user@here.test>", NULL, true, true, NULL},
        {NULL, "<(y)user(x) @ here.test>", NULL, true, true, NULL},
        {NULL, "<@x.test,@y.test:user@here.test>", NULL, true, true, NULL},
        {NULL, "<user@\"here.test\">", NULL, true, true, NULL},
        /* Local mail: no domain, a literal, a name of one label. */
        {NULL, "<user>", NULL, true, false, NULL},
        {NULL, "user", NULL, true, false, NULL},
        {NULL, "<\"User\">", NULL, true, false, NULL},
        {NULL, "<@x.test:user>", NULL, true, false, NULL},
        {NULL, "<user@[127.0.0.1]>", "user@[127.0.0.1]", true, false, NULL},
        {NULL, "<user@[IPv6:::1]>", NULL, true, false, NULL},
        {NULL, "<user@localhost>", NULL, true, false, NULL},
        {NULL, "<user@mx.elsewhere.test>", "user", true, false, NULL},
        {NULL, "<other>", NULL, false, false, NULL},
        {NULL, "<other@[127.0.0.1]>", NULL, false, false, NULL},
        /* What Postfix takes for a recipient without a domain, and completes. */
        {NULL, "<,user>", "user@mx.test", true, false, NULL},
        {NULL, "<User,>", "User@mx.test", true, false, NULL},
        {NULL, "<;\"user\"+x>", "user+x@mx.test", true, false, NULL},
        {NULL, "<(x),us\\er>", "user@mx.test", true, false, NULL},
        {NULL, "<user(x>", "user@mx.test", true, false, NULL},
        {NULL, "<user(x@evil.test>", "user@mx.test", true, false, NULL},
        {NULL, "<@x.t(est:user>", "user@mx.test", true, false, NULL},
        {NULL, "<@x@y.test:;user>", "user@mx.test", true, false, NULL},
        {NULL, "<,other>", "other@mx.test", false, false, NULL},
        {NULL, "<User@MX.test.>", "user@mx.test", false, false, NULL},
        {NULL, "<user%mx.test@evil.test>", "user@mx.test", false, false, NULL},
        {NULL, "<user@B\303\234CHER.test>", "user@b\303\274cher.test", false, false, NULL},
        {NULL, "<user@b\\\303\274cher.test>", "user@b\303\274cher.test", false, false, NULL},
        /* An address inside of a local part. */
        {NULL, "<user%here.test>", NULL, true, true, NULL},
        {NULL, "<here.test!user>", NULL, true, true, NULL},
        {NULL, "<user%here.test@mx.test>", NULL, true, false, NULL},
        {NULL, "<user%here.test@[127.0.0.1]>", NULL, true, false, NULL},
        {NULL, "<User%HERE.Test.@here.test>", NULL, true, false, NULL},
        {NULL, "<user%here.test%a.test%b.test@c.test>", NULL, true, false, NULL},
        {NULL, "<here.test!user@mx.test>", NULL, true, false, NULL},
        {NULL, "<a.test!here.test!user@mx.test>", NULL, true, false, NULL},
        {NULL, "<a.test!user%here.test@mx.test>", NULL, true, false, NULL},
        {NULL, "<here.test!user%b.test@mx.test>", NULL, true, false, NULL},
        {NULL, "<\"user@here.test\"@mx.test>", NULL, true, false, NULL},
        {NULL, "<user@here.test@mx.test>", NULL, true, false, NULL},
        {NULL, "<user%[127.0.0.1]@mx.test>", NULL, true, false, NULL},
        {NULL, "<user%localhost@mx.test>", NULL, true, false, NULL},
        {NULL, "<user%mx.test@mx.test>", "user@here.test", true, false, NULL},
        {NULL, "<other%here.test@mx.test>", NULL, false, false, NULL},
        {NULL, "<user%there.test@mx.test>", NULL, false, false, NULL},
        {NULL, "<here.test%user@mx.test>", NULL, false, false, NULL},
        {NULL, "<user!here.test@mx.test>", NULL, false, false, NULL},
        {NULL, "<%here.test@mx.test>", NULL, false, false, NULL},
        {NULL, "<user%@mx.test>", NULL, false, false, NULL},
        {NULL, "<!@mx.test>", NULL, false, false, NULL},
        /* A whole domain is what local mail may always be for. */
        {"here.test", "<anyone>", NULL, true, false, NULL},
        {NULL, "<anyone@[192.0.2.1]>", NULL, true, false, NULL},
        {NULL, "<anyone@mx.test>", "anyone", true, false, NULL},
        {NULL, "<x%here.test@mx.test>", NULL, true, false, NULL},
        {NULL, "<here.test!x@mx.test>", NULL, true, false, NULL},
        {NULL, "<x@mx.test>", "x@mx.test", false, false, NULL},
        {".here.test", "<anyone>", NULL, true, false, NULL},
        {NULL, "<x%a.here.test@mx.test>", NULL, true, false, NULL},
        {NULL, "<x%here.test@mx.test>", NULL, false, false, NULL},
    };

    (void)state;
    ROWS(rows);
}

/* SMTPUTF8: Postfix folds the case of {rcpt_addr} whole. */
static void s24_case_of_all_letters(void **state)
{
    static const struct row rows[] = {
        {"j\xc3\xbcrgen@here.test", "<j\xc3\xbcrgen@here.test>", NULL, true, true, NULL},
        {NULL, "<J\xc3\x9cRGEN@HERE.test>", "j\xc3\xbcrgen@here.test", true, true, NULL},
        {NULL, "<J\xc3\x9cRGEN+x>", NULL, true, false, NULL},
        {NULL, "<J\xc3\x9cRGEN%here.test@mx.test>", NULL, true, false, NULL},
        {NULL, "<jurgen@here.test>", NULL, false, false, NULL},
        {NULL, "<j\xfcrgen@here.test>", NULL, false, false, NULL},
        {"J\xc3\x9cRGEN@here.test", "<j\xc3\xbcrgen@here.test>", NULL, true, true, NULL},
        {"\xd0\x98\xd0\x92@here.test", "<\xd0\xb8\xd0\xb2@here.test>", NULL, true, true, NULL},
    };

    (void)state;
    ROWS(rows);
}

/* The folded form may be longer or shorter, and what is no UTF-8 stays. */
static void s24_folding(void **state)
{
    char text[16] = "A\xc8\xba\xff\xc3", narrow[4] = "\xc8\xba", capital[16] = "\xe1\xba\x9eX";

    (void)state;
    assert_true(casefold(text, sizeof text));
    assert_string_equal(text, "a\xe2\xb1\xa5\xff\xc3");
    assert_true(casefold(narrow, sizeof narrow));
    assert_string_equal(narrow, "\xe2\xb1\xa5");
    assert_true(casefold(capital, sizeof capital));
    assert_string_equal(capital, "\xc3\x9fx");
    strcpy(narrow, "\xc8\xba");
    assert_false(casefold(narrow, 3));
    assert_string_equal(narrow, "");
}

static void s24_delimiters(void **state)
{
    static const struct row rows[] = {
        {"user@here.test", "<user+x@here.test>", "user+x@here.test", true, false, NULL},
        {NULL, "<User+@HERE.test>", NULL, true, false, NULL},
        {NULL, "<user+x+y>", NULL, true, false, NULL},
        {NULL, "<user+x@[127.0.0.1]>", NULL, true, false, NULL},
        {NULL, "<user+x%here.test@mx.test>", NULL, true, false, NULL},
        {NULL, "<here.test!user+x@mx.test>", NULL, true, false, NULL},
        {NULL, "<\"user+x\"@here.test>", NULL, true, false, NULL},
        {NULL, "<x@mx.test>", "user+x", true, false, NULL},
        {NULL, "<user-x@here.test>", NULL, false, false, NULL},
        {NULL, "<users+x@here.test>", NULL, false, false, NULL},
        {NULL, "<+user@here.test>", NULL, false, false, NULL},
        {"a+b@here.test", "<a+b@here.test>", NULL, true, true, NULL},
        {NULL, "<a+b+c@here.test>", NULL, true, false, NULL},
        {NULL, "<a@here.test>", NULL, false, false, NULL},
        {NULL, "<a+bc@here.test>", NULL, false, false, NULL},
        {"user@here.test", "<user-x@here.test>", NULL, true, false, "-+"},
        {NULL, "<user+x-y@here.test>", NULL, true, false, NULL},
        {NULL, "<user=x@here.test>", NULL, false, false, NULL},
        {"user@here.test", "<user+x@here.test>", NULL, false, false, ""},
        {NULL, "<user@here.test>", NULL, true, true, NULL},
        {"user@here.test", "<user%x.y@there.test>", NULL, false, false, "%"},
        {NULL, "<user%x@here.test>", NULL, true, false, NULL},
    };

    (void)state;
    ROWS(rows);
}

static void s24_long_local_parts(void **state)
{
    struct policy *policy = load_lists("user@here.test", NULL);
    const struct pattern_set *scope = &policy_partner(policy, 0)->terms->scope;
    static const struct {
        const char *begin, *end;
        bool in_scope;
    } rows[] = {{"user+", "@here.test", true},
                {"user", "@here.test", false},
                {"", "@here.test", false},
                {"user%", "%here.test@mx.test", true},
                {"", "!here.test!user@mx.test", true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct recipient recipient;
        char text[4096];
        size_t length = (size_t)sprintf(text, "%s", rows[i].begin);

        memset(text + length, 'x', 2000);
        strcpy(text + length + 2000, rows[i].end);
        assert_true(recipient_read(&recipient, policy, true, text, NULL));
        if (recipient_in_scope(recipient.words, scope) != rows[i].in_scope)
            fail_msg("%s...%s", rows[i].begin, rows[i].end);
        assert_false(recipient_excepted(recipient.words, &policy_partner(policy, 0)->terms->exceptions[0].excepted));
    }
    policy_unref(policy);
}

static void s25_sendmail_local_mailboxes(void **state)
{
    static const struct row rows[] = {
        {"root@mx.here.test", "<root@mx.here.test>", "root", true, true, NULL},
        {NULL, "<Root@MX.here.test.>", "root", true, true, NULL},
        {NULL, "<root@mx.here.test>", "\\root", true, true, NULL},
        {NULL, "<root@mx.here.test>", "root@elsewhere.test", true, false, NULL},
        {NULL, "<root@mx.here.test>", "root@[127.0.0.1]", true, false, NULL},
        {NULL, "<root>", "root", true, false, NULL},
        {NULL, "<root@[127.0.0.1]>", "root", true, false, NULL},
        {NULL, "<root+x@mx.here.test>", "root+x", true, false, NULL},
        {NULL, "<other@mx.here.test>", "root", true, false, NULL},
        {"mx.here.test", "<anyone@mx.here.test>", "anyone", true, true, NULL},
    };

    (void)state;
    ROWS(rows);
}

/* A list of "u0@here.test" and so on, as a policy. */
static struct policy *load_many(size_t count)
{
    char path[] = "/tmp/test_recipients.XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    struct policy *policy;

    assert_non_null(file);
    fprintf(file, "version: 1\n" P ", recipients: [u0@here.test");
    for (size_t i = 1; i < count; i++)
        fprintf(file, ", u%zu@here.test", i);
    fprintf(file, "]}\n");
    fclose(file);
    policy = policy_load(path, NULL, NULL);
    unlink(path);
    assert_non_null(policy);
    return policy;
}

static size_t octets_of(const struct recipient_store *store)
{
    return store->room * sizeof *store->words + (store->index.room + store->in_scope.room) * 5;
}

/* RCPT TO:<u0+xxx...@here.test> with 2,048 octets. */
static void add_long(struct recipient_store *store, const struct policy *policy, size_t number)
{
    struct recipient recipient;
    char text[2049], name[32];

    memset(text, 'x', sizeof text);
    strcpy(text + sizeof text - 1 - strlen("@here.test"), "@here.test");
    memcpy(text, name, (size_t)sprintf(name, "u%zu+", number));
    assert_true(recipient_read(&recipient, policy, true, text, text));
    assert_true(recipients_add(store, &recipient));
}

static void s26_recipients_are_small(void **state)
{
    struct policy *policy = load_many(10000);
    const struct pattern_set *scope = &policy_partner(policy, 0)->terms->scope;
    struct recipient_store store = {0};
    struct recipient recipient;
    size_t small;

    (void)state;
    assert_int_equal(scope->count, 20000);
    for (size_t i = 0; i < 1000; i++)
        add_long(&store, policy, 7 * i);
    assert_int_equal(store.all.count, 1000);
    assert_true(octets_of(&store) <= 64 << 10);
    assert_true(recipients_in_scope(&store.all, scope));
    small = store.all.length;
    for (size_t i = 0; i < 1000; i++) /* the same again */
        add_long(&store, policy, 7 * i);
    assert_int_equal(store.all.count, 2000);
    assert_int_equal(store.all.length, small);
    for (size_t i = 0; i < 1000; i++) { /* of nobody: all are one */
        char text[64];

        sprintf(text, "stranger%zu@elsewhere.test", i);
        assert_true(recipient_read(&recipient, policy, true, text, text));
        assert_true(recipients_add(&store, &recipient));
    }
    assert_int_equal(store.all.length, small + 1);
    recipients_free(&store);
    policy_unref(policy);
}

static void s26_too_many_are_not_dropped(void **state)
{
    struct policy *policy = load_many(40000);
    struct recipient_store store = {0};
    struct recipient recipient;
    size_t i = 0, known;

    (void)state;
    for (;; i++) {
        char text[64];

        assert_true(i < 40000);
        sprintf(text, "u%zu@here.test", i);
        assert_true(recipient_read(&recipient, policy, true, text, text));
        if (!recipients_add(&store, &recipient))
            break;
        assert_true(octets_of(&store) <= 600 << 10);
    }
    assert_int_equal(store.all.count, i);
    known = store.all.length;
    assert_true(known <= RECIPIENT_WORDS_MAX);
    assert_true(recipient_read(&recipient, policy, true, "u0@here.test", "u0@here.test")); /* one that is there */
    assert_true(recipients_add(&store, &recipient));
    assert_int_equal(store.all.length, known);
    recipients_free(&store);
    policy_unref(policy);
}

/* One recipient that names more users than are kept: it cannot be told, and that is said. */
static void s26_one_that_matches_too_much(void **state)
{
    char patterns[2048] = "a@here.test", text[128] = "a";
    struct recipient recipient;
    struct policy *policy;

    (void)state;
    for (int i = 0; i < 20; i++) {
        strcat(text, "+");
        sprintf(patterns + strlen(patterns), ", %s@here.test", text);
    }
    policy = load_lists(patterns, NULL);
    assert_true(recipient_read(&recipient, policy, true, "a+@here.test", NULL));
    strcat(text, "@here.test");
    assert_false(recipient_read(&recipient, policy, true, text, NULL));
    policy_unref(policy);
}

static void s26_scope_by_list_or_by_recipients(void **state)
{
    struct policy *policy = load_lists("u1@here.test, other.test", NULL);
    const struct pattern_set *scope = &policy_partner(policy, 0)->terms->scope;
    struct recipient_store store = {0};
    struct recipient recipient;

    (void)state;
    assert_false(recipients_in_scope(&store.all, scope));
    assert_true(recipient_read(&recipient, policy, true, "x@nobody.test", NULL));
    for (int i = 0; i < 10; i++)
        assert_true(recipients_add(&store, &recipient));
    assert_false(recipients_in_scope(&store.all, scope));
    assert_null(recipients_next(&store.all, recipients_next(&store.all, NULL)));
    assert_true(recipient_read(&recipient, policy, true, "x@other.test", NULL));
    assert_true(recipients_add(&store, &recipient));
    assert_true(recipients_in_scope(&store.all, scope));
    assert_true(recipient_read(&recipient, policy, true, "u1", NULL));
    assert_true(recipients_add(&store, &recipient));
    assert_true(store.all.length > scope->count); /* now it is the list that is gone through */
    assert_true(recipients_in_scope(&store.all, scope));
    recipients_free(&store);
    policy_unref(policy);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(s17_addresses_and_domains),
        cmocka_unit_test(s24_other_spellings),
        cmocka_unit_test(s24_case_of_all_letters),
        cmocka_unit_test(s24_folding),
        cmocka_unit_test(s24_delimiters),
        cmocka_unit_test(s24_long_local_parts),
        cmocka_unit_test(s25_sendmail_local_mailboxes),
        cmocka_unit_test(s26_recipients_are_small),
        cmocka_unit_test(s26_too_many_are_not_dropped),
        cmocka_unit_test(s26_one_that_matches_too_much),
        cmocka_unit_test(s26_scope_by_list_or_by_recipients),
    };

    return cmocka_run_group_tests_name("recipients", tests, NULL, NULL);
}
