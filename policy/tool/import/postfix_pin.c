/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns fingerprints in the tables of Postfix into pins. Knows neither the table nor whose pin it is. */
#include <ctype.h>
#include <string.h>
#include "policy/names/fingerprint.h"
#include "policy/tool/import/postfix_internal.h"

size_t postfix_digits(const char *text)
{
    size_t digits = 0;

    for (; *text; text++) {
        if (isxdigit((unsigned char)*text))
            digits++;
        else if (*text != ':')
            return 0;
    }
    return digits == 32 || digits == 40 || digits == 64 || digits == 96 || digits == 128 ? digits : 0;
}

bool postfix_add_pin(struct import *import, struct draft *draft, const char *section, const char *text)
{
    unsigned char octets[FINGERPRINT_SIZE];
    char pin[FINGERPRINT_TEXT];
    const char *const keys[] = {"fingerprint", "key_fingerprint"};

    if (!fingerprint_read(octets, text)) {
        size_t digits = postfix_digits(text);

        import_note(draft->origins,
                    "fingerprint %.140s has no equivalent: it is %s, not SHA-256; ask the partner for the "
                    "certificate, and forcetls cert shows its SHA-256",
                    text,
                    digits == 32   ? "MD5"
                    : digits == 40 ? "SHA-1"
                                   : "of another digest");
        return false;
    }
    fingerprint_format(octets, pin);
    for (size_t i = 0; i < 2; i++)
        draft_add(import, draft, import_format(import, "%s.certificates.%s", section, keys[i]), pin);
    return true;
}
