/* SPDX-License-Identifier: BSD-2-Clause */
/* What ICU makes of a whole domain name, called as Postfix calls it: what our reading is compared with. */
#ifndef TESTS_LIB_UTS46_H
#define TESTS_LIB_UTS46_H

#include <stddef.h>
#include <stdint.h>
#include <unicode/uidna.h>

/* The octets of the name in ASCII, without a NUL; -1: ICU does not take it. */
static inline int uts46_name(char *to, size_t room, const char *name, size_t length)
{
    UErrorCode error = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &error);
    int32_t made = uidna_nameToASCII_UTF8(idna, name, (int32_t)length, to, (int32_t)room, &info, &error);

    uidna_close(idna);
    return U_SUCCESS(error) && info.errors == 0 ? made : -1;
}

#endif
