/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena: what it hands out stays where it is, refs name it, and a text that ends another is not stored twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include "policy/arena.h"

static void nothing(void **state)
{
    struct arena arena = {0};

    (void)state;
    assert_null(arena_at(&arena, 0));
    arena_reset(&arena);
    arena_free(&arena);
}

static void zeroed_and_aligned(void **state)
{
    struct arena arena = {0};

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t size = 0; size < 200; size++) {
            unsigned char *memory = arena_alloc(&arena, size);

            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(memory[i], 0);
            memset(memory, 0xA5, size);
            assert_non_null(arena_text(&arena, "odd", 3));
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
}

/* More than one chunk, and chunks of more than one window, behind each other. */
static void refs_stay(void **state)
{
    enum { COUNT = 3000 };
    static arena_ref texts[COUNT], objects[COUNT];
    struct arena arena = {0};
    char text[256];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        size_t size = i % 500 == 7 ? 150000 : 40;
        unsigned char *object;

        snprintf(text, sizeof text, "%d-%*d", i, i % 200, i);
        texts[i] = arena_keep(&arena, text, strlen(text));
        objects[i] = arena_alloc_ref(&arena, size);
        assert_true(texts[i] != 0 && objects[i] != 0);
        object = arena_at(&arena, objects[i]);
        memset(object, i % 251, size);
    }
    for (int i = 0; i < COUNT; i++) {
        size_t size = i % 500 == 7 ? 150000 : 40;
        const unsigned char *object = arena_at(&arena, objects[i]);

        snprintf(text, sizeof text, "%d-%*d", i, i % 200, i);
        assert_string_equal(arena_at(&arena, texts[i]), text);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(object[k], i % 251);
    }
    arena_free(&arena);
}

static void tails_are_shared(void **state)
{
    struct arena arena = {0};
    arena_ref mail = arena_keep(&arena, "mail.contoso.com", 16), domain = arena_keep(&arena, "contoso.com", 11);

    (void)state;
    assert_int_equal(domain, mail + 5);
    assert_string_equal(arena_at(&arena, domain), "contoso.com");
    assert_int_equal(arena_keep(&arena, "mail.contoso.com", 16), mail);
    assert_string_equal(arena_at(&arena, arena_keep(&arena, "", 0)), "");
    assert_true(arena_keep(&arena, "Contoso.com", 11) != domain);
    assert_string_equal(arena_at(&arena, arena_keep(&arena, "x.contoso.com", 13)), "x.contoso.com");
    assert_string_equal(arena_at(&arena, mail), "mail.contoso.com");
    assert_string_equal(arena_at(&arena, arena_keep(&arena, "a longer one.contoso.com", 24)), "a longer one.contoso.com");
    arena_reset(&arena);
    assert_string_equal(arena_at(&arena, arena_keep(&arena, "com", 3)), "com");
    arena_free(&arena);
}

/* A text that begins in one window and ends in the next is one text, and so is its tail. */
static void tail_across_windows(void **state)
{
    enum { LENGTH = 150000 };
    static char text[LENGTH + 1];
    struct arena arena = {0};
    arena_ref whole, tail;

    (void)state;
    for (int i = 0; i < LENGTH; i++)
        text[i] = (char)('a' + i % 25);
    whole = arena_keep(&arena, text, LENGTH);
    tail = arena_keep(&arena, text + 100001, LENGTH - 100001);
    assert_int_equal(tail, whole + 100001);
    assert_string_equal(arena_at(&arena, tail), text + 100001);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),          cmocka_unit_test(zeroed_and_aligned),  cmocka_unit_test(refs_stay),
        cmocka_unit_test(tails_are_shared), cmocka_unit_test(tail_across_windows),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
