/* SPDX-License-Identifier: BSD-2-Clause */
/* `min_cipher_bits`: the suite of the session has at least this number of bits. */
#include "policy/requirement/requirement.h"

static void read_value(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;
    unsigned *bits = &require->value[REQUIRE_MIN_CIPHER_BITS];

    if (!compile_number(loading, node, 65535, bits))
        return;
    requirement_given(require, REQUIRE_MIN_CIPHER_BITS);
    if (*bits > CIPHER_BITS_MAX)
        loading_warning(
            loading, node, WARNING_CIPHER_BITS,
            "min_cipher_bits: no suite has more than %d bits, so every session fails; write 128 or 256 "
            "(2048 bits is the size of a certificate's key, which is not judged)",
            CIPHER_BITS_MAX);
}

static void weigh(const struct weighing *weighing, struct finding *finding)
{
    int bits = weighing->facts->cipher_bits;
    unsigned wanted;

    weigh_strictest(weighing->judged, REQUIRE_MIN_CIPHER_BITS, &wanted);
    if (bits < 0)
        requirement_found(finding, UNKNOWN, REASON_MTA_MACROS);
    else
        requirement_found(finding, (unsigned)bits >= wanted ? MET : UNMET, REASON_CIPHER_BITS);
}

static bool found(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    (void)finding;
    return requirement_show_macro(text, weighing->facts, MACRO_CIPHER_BITS);
}

static void detail(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    unsigned wanted;

    weigh_strictest(weighing->judged, REQUIRE_MIN_CIPHER_BITS, &wanted);
    if (finding->reason == REASON_CIPHER_BITS)
        growing_add(text, ": %d bits seen, %u needed", weighing->facts->cipher_bits, wanted);
}

/* clang-format off */
const struct requirement_row requirement_min_cipher_bits = {
    .combination = COMBINE_GREATEST, .of_tls = true, .read = read_value, .value_kind = VALUE_NUMBER,
    .weigh = weigh, .found = found, .detail = detail,
    .reasons = {{REASON_CIPHER_BITS, "554", "5.7.0", "4.7.0",
                 "TLS encryption too weak for mail from this domain"}}};
