/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time. A From field or a recipient is made of a short text, over and over, as long as an MTA lets it be. To read and
 * judge it takes at most MOST times what an ordinary one of the same length takes. The ratio is a counter that
 * libFuzzer sees, so that it looks for the dearest text. CPU time of this thread counts, the least of some attempts.
 * The sanitizers make short texts dearer: without them the dearest From that is known takes 5 times an ordinary one.
 */
#include "tests/fuzz/fuzz.h"

#include <time.h>
#include "policy/facts/macros.h"
#include "policy/facts/recipients.h"
#include "policy/policy.h"
#include "tests/fuzz/load.h"

enum { FROM_LENGTH = 59000, RECIPIENT_LENGTH = 2030, UNIT_MOST = 96, MOST = 15, ATTEMPTS = 5, STEPS = 8 };

/* One for each eighth of a ratio that was seen in this run. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t ratios[(MOST + 1) * STEPS];

/* With these AddressSanitizer reads the whole text at each call, which makes quadratic what is not. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "intercept_strstr=0:intercept_strspn=0:intercept_strpbrk=0:intercept_strlen=0:intercept_strchr=0:"
           "intercept_memmem=0";
}

static struct policy *policy(void)
{
    static const char text[] =
        "version: 1\npartners:\n"
        "  - {name: a, domains: [a.b, .b, partner.test, .partner.test], identities: [header_from]}\n"
        "  - {name: b, domains: [a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a], identities: [header_from]}\n"
        "  - {name: c, domains: [.a], identities: [header_from], recipients: [u@here.test, .here.test, a@b.c]}\n"
        "  - {name: d, domains: [a], recipients: [x@here.test, here.test], exceptions: [{recipients: [a@a.a], "
        "until: 2999-01-01, reason: r}]}\n";
    static struct policy *loaded;

    if (loaded == NULL)
        loaded = load_octets(text, sizeof text - 1, NULL, NULL);
    CHECK(loaded != NULL);
    return loaded;
}

static const char *no_macro(void *arg, const char *name)
{
    (void)arg, (void)name;
    return NULL;
}

static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Reads and judges one message with this From or to this recipient. */
static uint64_t cost(const char *text, enum header_reader reader, bool is_from)
{
    struct envelope envelope = {.argument = "<a@elsewhere.example>", .shown = ~0u};
    static struct verdict verdict;
    struct header_from from = {0};
    struct recipient recipient;
    struct facts facts;
    uint64_t begun;

    CHECK(facts_read(&facts, &envelope, no_macro, NULL));
    begun = cpu_ns();
    CHECK(recipient_read(&recipient, policy(), true, is_from ? "<s@elsewhere.example>" : text, NULL));
    const struct recipients alone = recipients_of_one(&recipient);
    header_from_add(&from, is_from ? text : "s@elsewhere.example", reader);
    facts.recipients = &alone;
    facts.header_from = &from;
    policy_evaluate(policy(), &facts, 1800000000, &verdict);
    begun = cpu_ns() - begun;
    header_from_clear(&from);
    facts_clear(&facts);
    return begun;
}

static const char *ordinary_from(void)
{
    static char text[FROM_LENGTH + 100];

    for (size_t length = 0, i = 0; text[0] == '\0' || length < FROM_LENGTH - 100; i++)
        length += (size_t)sprintf(text + length, "%sUser %zu <user%zu@host%zu.example>", i == 0 ? "" : ", ", i, i, i);
    return text;
}

static const char *ordinary_recipient(void)
{
    static char text[RECIPIENT_LENGTH + 100];

    if (text[0] == '\0') {
        memset(text, 's', RECIPIENT_LENGTH - 20);
        strcpy(text + RECIPIENT_LENGTH - 20, "@elsewhere.example");
    }
    return text;
}

/* The ratio in eighths. Both are measured again, in turn, while it is too large. */
static size_t ratio(const char *text, enum header_reader reader, bool is_from)
{
    uint64_t least = UINT64_MAX, least_ordinary = UINT64_MAX;
    const char *ordinary = is_from ? ordinary_from() : ordinary_recipient();

    for (unsigned i = 0; i < ATTEMPTS; i++) {
        uint64_t dear = cost(text, reader, is_from), cheap = cost(ordinary, reader, is_from);

        least = dear < least ? dear : least;
        least_ordinary = cheap < least_ordinary ? cheap : least_ordinary;
        if (least * STEPS / least_ordinary < MOST * STEPS)
            break;
    }
    return (size_t)(least * STEPS / least_ordinary);
}

/* The input: an octet that chooses, what stands in front, a line feed, and what is repeated. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[FROM_LENGTH + 1];
    static size_t most;
    size_t length, front_length, unit_length, eighths;
    const char *unit;
    bool is_from;

    if (size < 2 || size > UNIT_MOST || memchr(data, '\0', size) != NULL)
        return 0;
    is_from = data[0] % 3 != 2;
    length = is_from ? FROM_LENGTH : RECIPIENT_LENGTH;
    unit = memchr(data + 1, '\n', size - 1);
    unit = unit == NULL ? (const char *)data + 1 : unit + 1;
    front_length = (size_t)(unit - (const char *)data) - 1;
    unit_length = size - 1 - front_length;
    if (unit_length == 0)
        return 0;
    memcpy(text, data + 1, front_length);
    for (size_t i = front_length; i < length; i++)
        text[i] = unit[(i - front_length) % unit_length];
    text[length] = '\0';
    eighths = ratio(text, data[0] % 3 == 0 ? READER_POSTFIX : READER_SENDMAIL, is_from);
    if (eighths > most)
        fprintf(stderr, "the dearest so far: %.1f times an ordinary one\n", (double)(most = eighths) / STEPS);
    CHECK(eighths < sizeof ratios);
    for (size_t i = 0; i <= eighths; i++)
        ratios[i] = 1;
    return 0;
}
