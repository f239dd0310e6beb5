/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which public CAs issue from several intermediate CAs: data in one place, with
 * its sources. A rule that names one such issuer fails when the partner's
 * certificate is renewed. Judges no rule and knows no policy.
 */
#include "policy/names/issuers.h"

#include <string.h>
#include <strings.h>

/* clang-format off */
static const char *const lets_encrypt_rsa[] = {"R10", "R11", "R12", "R13", "R14", "YR1", "YR2", "YR3", NULL};
static const char *const lets_encrypt_ecdsa[] = {"E5", "E6", "E7", "E8", "E9", "YE1", "YE2", "YE3", NULL};
static const char *const lets_encrypt_old[] = {"R3", "R4", "E1", "E2", NULL};
static const char *const google_rsa[] = {"WR1", "WR2", "WR3", "WR4", "WR5", NULL};
static const char *const google_ecdsa[] = {"WE1", "WE2", "WE3", "WE4", "WE5", NULL};
static const char *const amazon_rsa[] = {
    "Amazon RSA 2048 M01", "Amazon RSA 2048 M02", "Amazon RSA 2048 M03", "Amazon RSA 2048 M04", NULL,
};
static const char *const amazon_ecdsa[] = {
    "Amazon ECDSA 256 M01", "Amazon ECDSA 256 M02", "Amazon ECDSA 256 M03", "Amazon ECDSA 256 M04", NULL,
};
static const char *const none[] = {NULL};

const struct issuer_family issuer_families[] = {
    {"Let's Encrypt", lets_encrypt_rsa, NULL, true, true, false, "letsencrypt.org/certificates, 2026-01"},
    {"Let's Encrypt", lets_encrypt_ecdsa, NULL, true, true, false, "letsencrypt.org/certificates, 2026-01"},
    {"Let's Encrypt", lets_encrypt_old, NULL, false, true, false,
     "letsencrypt.org/certificates: no longer used since 2024-06"},
    {"Google Trust Services", google_rsa, NULL, true, false, false,
     "pki.goog/repository; the list is second-hand"},
    {"Google Trust Services", google_ecdsa, NULL, true, false, false,
     "pki.goog/repository; the list is second-hand"},
    {"Google Trust Services", none, "GTS CA ", false, false, false, "the names of before 2024"},
    {"Amazon", amazon_rsa, "Amazon RSA 2048 M", true, true, false,
     "AWS Security Blog, 2022-09: dynamic intermediate CAs"},
    {"Amazon", amazon_ecdsa, "Amazon ECDSA 256 M", true, true, false,
     "AWS Security Blog, 2022-09: dynamic intermediate CAs"},
    {"Microsoft", none, "Microsoft TLS G2 ", false, false, false,
     "seen on the wire, 2026-04; the list is not known"},
    {"Microsoft", none, "Microsoft Azure RSA TLS Issuing CA ", false, false, false, "seen on the wire, 2024"},
    {"Microsoft", none, "Microsoft Azure ECC TLS Issuing CA ", false, false, false, "as of the RSA ones"},
    {"GlobalSign", none, "GlobalSign Atlas R", false, false, false,
     "support.globalsign.com: another one every quarter since 2022"},
    {"DigiCert", none, "DigiCert ", false, false, true,
     "knowledge.digicert.com, ICA update, 2020-07 to 2023-10"},
    {"DigiCert", none, "GeoTrust ", false, false, true, "likewise"},
    {"DigiCert", none, "RapidSSL ", false, false, true, "likewise"},
    {"DigiCert", none, "Thawte ", false, false, true, "likewise"},
    {"DigiCert", none, "Encryption Everywhere ", false, false, true, "likewise"},
};
/* clang-format on */

const size_t issuer_family_count = sizeof issuer_families / sizeof *issuer_families;

const struct issuer_family *issuer_family_of(const char *issuer)
{
    for (size_t i = 0; i < issuer_family_count; i++) {
        const struct issuer_family *family = &issuer_families[i];

        for (const char *const *member = family->members; *member != NULL; member++)
            if (strcasecmp(issuer, *member) == 0)
                return family;
        if (family->prefix != NULL && strncasecmp(issuer, family->prefix, strlen(family->prefix)) == 0)
            return family;
    }
    return NULL;
}
