/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The built-in requirement profiles and the providers' shared certificates: data in one place, each with its
 * source and its date. A list has what its source recommends for a server or a client, whether or not the
 * local OpenSSL has the suite. Judges nothing, and knows neither policies nor sessions.
 */
#include "policy/requirement/profiles.h"

#include <string.h>
#include <strings.h>
#include "policy/names/certname.h"

/* What Exchange Online offers. The last one is not in its documentation, but was seen in sessions. */
/* clang-format off */
static const char *const exchange_online[] = {
    "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-SHA384", "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA",
    "AES256-GCM-SHA384", "AES128-GCM-SHA256",
    "TLS_AES_256_GCM_SHA384", NULL,
};

static const char *const mozilla_modern[] = {
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", NULL,
};

static const char *const mozilla_intermediate[] = {
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305", NULL,
};

/* Sorted by the key type of the certificate. OpenSSL 1.1.0 dropped static DH and ECDH. */
static const char *const nist_sp_800_52r2[] = {
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256",
    /* ECDSA */
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    /* RSA */
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_CCM", "TLS_DHE_RSA_WITH_AES_256_CCM",
    "TLS_DHE_RSA_WITH_AES_128_CCM_8", "TLS_DHE_RSA_WITH_AES_256_CCM_8",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    /* DSA */
    "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256",
    "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", "TLS_DHE_DSS_WITH_AES_256_CBC_SHA",
    /* static DH */
    "TLS_DH_DSS_WITH_AES_128_GCM_SHA256", "TLS_DH_DSS_WITH_AES_256_GCM_SHA384",
    "TLS_DH_DSS_WITH_AES_128_CBC_SHA256", "TLS_DH_DSS_WITH_AES_256_CBC_SHA256",
    "TLS_DH_DSS_WITH_AES_128_CBC_SHA", "TLS_DH_DSS_WITH_AES_256_CBC_SHA",
    "TLS_DH_RSA_WITH_AES_128_GCM_SHA256", "TLS_DH_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DH_RSA_WITH_AES_128_CBC_SHA256", "TLS_DH_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_DH_RSA_WITH_AES_128_CBC_SHA", "TLS_DH_RSA_WITH_AES_256_CBC_SHA",
    /* static ECDH */
    "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256", "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", NULL,
};

static const char *const bsi_tr_02102_2[] = {
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_AES_128_CCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256",
    "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_CCM", "TLS_DHE_RSA_WITH_AES_256_CCM", NULL,
};

/* The levels "good", then "sufficient". */
static const char *const ncsc_nl[] = {
    "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", NULL,
};

const struct builtin_profile builtin_profiles[] = {
    {"exchange-online", TLS_VERSION_1_2, exchange_online,
     "Microsoft, Exchange Online: reference of encryption in transit", "2020-10",
     "the list as it is since TLS 1.0 and 1.1 were dropped; later editions are not verified; "
     "TLS_AES_256_GCM_SHA384 is not in it but seen on the wire (2024-11 to 2026-07)"},
    {"mozilla-modern", TLS_VERSION_1_3, mozilla_modern, "Mozilla Server Side TLS 6.0, modern", "2026-04",
     "TLS 1.3 only; key types and curves are not visible to a milter"},
    {"mozilla-intermediate", TLS_VERSION_1_2, mozilla_intermediate,
     "Mozilla Server Side TLS 6.0, intermediate", "2026-04",
     "without the DHE suites of edition 5.7; key sizes and curves are not visible to a milter"},
    {"nist-sp-800-52r2", TLS_VERSION_1_2, nist_sp_800_52r2, "NIST SP 800-52 Rev. 2", "2019-08",
     "second-hand, from a transcription; no ChaCha20; includes static DH and ECDH suites, which OpenSSL no "
     "longer has"},
    {"bsi-tr-02102-2", TLS_VERSION_1_2, bsi_tr_02102_2, "BSI TR-02102-2, edition 2023-01", "2023-01",
     "TLS 1.3 suites second-hand; no ChaCha20; the 2026-01 edition is not verified (second-hand: TLS 1.2 to "
     "the end of 2031, DHE and DSA to the end of 2029)"},
    {"ncsc-nl", TLS_VERSION_1_2, ncsc_nl, "NCSC-NL ICT security guidelines for TLS, 2025-05", "2025-05",
     "levels good and sufficient; what is to be phased out (ECDHE with CBC, all DHE) is left out"},
};

const size_t builtin_profile_count = sizeof builtin_profiles / sizeof *builtin_profiles;

/*
 * Cisco's hosted gateways (mx1.hgst.iphmx.com and the like) are left out: their names are per customer.
 * Mimecast, MessageLabs, Yahoo and Barracuda were not seen to show a certificate.
 */
const struct provider providers[] = {
    {"Exchange Online", "mail.protection.outlook.com",
     "DigiCert Cloud Services CA-1 (2021-04 to 2026-07); Microsoft TLS G2 RSA CA OCSP 16 (2026-04); before: "
     "GlobalSign Organization Validation CA - SHA256 - G3 (2020)",
     "all customers of Exchange Online use it: it proves Microsoft's platform, not the partner"},
    {"Exchange Online", "*.mail.protection.outlook.com", "as of mail.protection.outlook.com",
     "alternative names of the same shared certificate, second-hand (2014): they prove Microsoft's platform, "
     "not the partner"},
    {"Google Workspace and Gmail", "smtp.gmail.com", "GTS CA 1D4 (2021-10); WR4 (2024-07 to 2026-07)",
     "all customers and all users of Gmail use it: it proves Google's platform, not the partner"},
    {"Proofpoint", "*.pphosted.com",
     "Sectigo RSA Organization Validation Secure Server CA (2022-04 to 2025-07); Sectigo Public Server "
     "Authentication CA OV R36 (2026-02 to 2026-07)",
     "all customers of Proofpoint on Demand use it: it proves Proofpoint's platform, not the "
     "partner"},
};
/* clang-format on */

const size_t provider_count = sizeof providers / sizeof *providers;

/* Whether a wildcard covers the name: "*.pphosted.com" covers every name below pphosted.com, at any depth. */
static bool is_below(const char *subject, const char *wildcard)
{
    size_t length = strlen(subject), tail = strlen(wildcard) - 1;

    return wildcard[0] == '*' && length > tail && strcasecmp(subject + length - tail, wildcard + 1) == 0;
}

const struct provider *provider_of_subject(const char *subject)
{
    for (size_t i = 0; i < provider_count; i++)
        if (certname_matches(subject, providers[i].subject) || is_below(subject, providers[i].subject))
            return &providers[i];
    return NULL;
}
