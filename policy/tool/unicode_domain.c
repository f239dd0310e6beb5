/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows A-labels as U-labels. This is for display only: comparisons never use the result. Knows no policy. */
#include "policy/tool/unicode_domain.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include "policy/names/idna.h"
#include "policy/names/invisible.h"
#include "policy/names/printable.h"

/* Whether every character of a label is visible. */
static bool shows(const struct idna_text *label)
{
    char seen[IDNA_TEXT_MAX];
    size_t length;
    int width;

    for (size_t at = 0; at < label->length; at += length)
        if ((length = printable_character(label->octets + at, label->length - at, &width)) == 0)
            return false;
    return text_without_invisible(seen, label->octets, label->length) == label->length;
}

/* Appends a label in the form in which it is shown. */
static void show_label(const char *label, size_t length, char *shown, size_t *at)
{
    struct idna_text unicode;

    if (length > 4 && length <= IDNA_LABEL_MAX && strncasecmp(label, "xn--", 4) == 0
        && idna_to_unicode(&unicode, label, length) == IDNA_CONVERTED && shows(&unicode)) {
        label = unicode.octets;
        length = unicode.length;
    }
    memcpy(shown + *at, label, length);
    *at += length;
}

const char *unicode_domain(const char *domain, char shown[UNICODE_DOMAIN_MAX])
{
    size_t at = 0;

    if (strlen(domain) > 260)
        return domain;
    for (const char *label = domain;; label++) {
        size_t length = strcspn(label, ".");

        show_label(label, length, shown, &at);
        label += length;
        if (*label == '\0')
            break;
        shown[at++] = '.';
    }
    shown[at] = '\0';
    return shown;
}
