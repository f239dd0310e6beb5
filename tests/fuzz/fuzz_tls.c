/* SPDX-License-Identifier: BSD-2-Clause */
/* Versions, suites, cipher strings, fingerprints, dates, networks: the small readers, each answering any text. */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include "policy/certfile.h"
#include "policy/date.h"
#include "policy/network.h"
#include "policy/socket_form.h"
#include "policy/tls.h"

static const struct suites *table(void)
{
    static struct suites *suites;

    if (suites == NULL)
        suites = suites_new();
    CHECK(suites != NULL);
    return suites;
}

static void check_suites(const char *text)
{
    const struct suites *suites = table();
    struct suite_set set = {{0}};
    int literal = -1, suite = suites_find(suites, text);

    CHECK(suite < (int)suites_count(suites));
    if (suites_read(suites, text, &set, &literal) == NULL)
        for (int i = (int)suites_count(suites); i < SUITES_MAX; i++)
            CHECK(!suite_set_has(&set, i));
    CHECK(literal < 0 || (suite_set_has(&set, literal) && literal == suite));
    CHECK(suite < 0 || suites_is_name(text));
    (void)suites_nearest(suites, text);
    (void)suites_name_is_ephemeral(text);
}

static void check_network(const char *text)
{
    struct network network, again;
    char shown[64];

    if (network_check(&network, text) == NULL) {
        network_format(&network, shown);
        CHECK(network_check(&again, shown) == NULL && network_equal(&network, &again));
        CHECK(network_contains(&network, &network) || network.prefix != (network.v6 ? 128 : 32));
    }
    (void)network_looks_like(text);
}

static void check_date(const char *text)
{
    int64_t date, again;
    char shown[32];

    if (!date_parse(text, &date))
        return;
    date_format(date, shown);
    CHECK(date_parse(shown, &again) && again == date);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char fingerprint[FINGERPRINT_SIZE];
    char *text = malloc(size + 1), shown[FINGERPRINT_TEXT];

    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    CHECK(tls_version_read(text) == TLS_VERSION_UNREADABLE || strcmp(tls_version_name(tls_version_read(text)), text) == 0);
    check_suites(text);
    check_network(text);
    check_date(text);
    if (fingerprint_parse(fingerprint, text) == NULL) {
        fingerprint_format(fingerprint, shown);
        CHECK(fingerprint_parse(fingerprint, shown) == NULL);
    }
    (void)fingerprint_read(fingerprint, text);
    (void)socket_form_check(text);
    free(text);
    return 0;
}
