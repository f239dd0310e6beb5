/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that were copied from a tool, a browser or a letter, with other text around them. */
#ifndef POLICY_NAMES_PASTED_H
#define POLICY_NAMES_PASTED_H

#include <stdbool.h>
#include <stddef.h>

enum { PASTED_MAX = 1024, PASTED_WHAT = 80 };

/* What the text should be. */
enum pasted_as {
    PASTED_COMMON_NAME, /* of a certificate's subject; "Some CA, Inc." is one */
    PASTED_ISSUER,      /* of its issuer: the one to take from a line with both names */
    PASTED_ATTRIBUTE,   /* another attribute of such a name */
    PASTED_HOST,        /* a domain, a host name or an address of a host */
    PASTED_ADDRESS      /* a mail address or a domain */
};

struct pasted {
    char what[PASTED_WHAT]; /* what is odd, to be put after the text: "is a URL" */
    char text[PASTED_MAX];  /* what is probably meant; several with ", " between them; "": not known */
    unsigned count;         /* how many names that are */
};

/*
 * Whether a text (UTF-8) holds more than a name: what openssl(1) and others print around one (subject=,
 * DNS:, the whole name), a URL, a port, quotation marks, blanks, invisible marks, several names in one.
 * *pasted is filled then. False: nothing is odd, or the text is too long.
 */
bool pasted_read(struct pasted *pasted, const char *text, enum pasted_as as);

/*
 * Removes invisible characters (U+200B and the like) from the text, makes blanks of Unicode ordinary ones,
 * and names the first of these in `what`. False: there is none.
 */
bool pasted_clean(char *text, char what[PASTED_WHAT]);

/* Makes hyphens of the dashes of Unicode; `what` and the result are as with pasted_clean(). */
bool pasted_hyphens(char *text, char what[PASTED_WHAT]);

/*
 * Whether the text holds a dash or a quotation mark that is no ASCII; `what` says which: "holds a
 * quotation mark (U+201C)".
 */
bool pasted_mark(const char *text, char what[PASTED_WHAT]);

/* The length of the quotation mark, of any kind, that the text begins or ends with; 0: none. */
size_t pasted_quote_in_front(const char *text);
size_t pasted_quote_at_end(const char *text);

/*
 * A whole name as tools print it, "C = DE, O = Bank, CN = mail", "CN=mail,O=Bank" or "/C=DE/CN=mail": the
 * first value of `type`, without quotes and backslashes, in `value`; "": the name has none. False:
 * the text is no such name.
 */
bool pasted_attribute(const char *text, const char *type, char value[PASTED_MAX]);

/*
 * Leaves only the name of a text with a label before the name: subject_CN=mail.contoso.com, issuer=...
 * of Postfix's log, Client CN "mail.contoso.com", Issuer ... of a Received field, <I>...<S>... of Exchange.
 * Of a line with both names it leaves the issuer's, or the subject's. False: there is no label.
 */
bool pasted_label(char *text, bool issuer);

/* Decodes Sendmail's +XX (xtext) in a name. */
void pasted_decode(char *text);

/* The length of the word, with its colon or equals sign, that the text begins with; 0: none. */
size_t pasted_word_in_front(const char *text);

/* Makes ASCII of full-width characters and dots; `what` and the result are as with pasted_clean(). */
bool pasted_widths(char *text, char what[PASTED_WHAT]);

#endif
