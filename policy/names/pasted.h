/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that were copied from a tool, a browser or a letter, with more than the name. */
#ifndef POLICY_NAMES_PASTED_H
#define POLICY_NAMES_PASTED_H

#include <stdbool.h>
#include <stddef.h>

enum { PASTED_MAX = 1024, PASTED_WHAT = 80 };

/* What the text is to be. */
enum pasted_as {
    PASTED_COMMON_NAME, /* of a certificate's subject; "Some CA, Inc." is one */
    PASTED_ISSUER,      /* of its issuer: of a line that has both names, this one */
    PASTED_ATTRIBUTE,   /* another attribute of such a name */
    PASTED_HOST,        /* a domain, a host name or an address of a host */
    PASTED_ADDRESS      /* a mail address or a domain */
};

struct pasted {
    char what[PASTED_WHAT]; /* what is odd, to be put behind the text: "is a URL" */
    char text[PASTED_MAX];  /* what is probably meant; several with ", " between them; "": not known */
    unsigned count;         /* how many these are */
};

/*
 * Whether a text (UTF-8) holds more than a name: what openssl(1) and others print around one (subject=,
 * DNS:, the whole name), a URL, a port, quotation marks, blanks and marks that nobody sees, several names
 * in one. *pasted is filled then. False: nothing is odd, or the text is too long to say.
 */
bool pasted_read(struct pasted *pasted, const char *text, enum pasted_as as);

/*
 * Removes from the text what nobody sees (U+200B and the like), makes blanks of Unicode ordinary ones, and
 * names the first of these in `what`. False: there is none.
 */
bool pasted_clean(char *text, char what[PASTED_WHAT]);

/* Makes hyphens of the dashes of Unicode; as pasted_clean(). */
bool pasted_hyphens(char *text, char what[PASTED_WHAT]);

/*
 * Whether the text holds a dash or a quotation mark that is no ASCII, and in `what` which it is: "holds a
 * quotation mark (U+201C)".
 */
bool pasted_mark(const char *text, char what[PASTED_WHAT]);

/* The octets of the quotation mark, of whatever kind, that the text begins or ends with; 0: none. */
size_t pasted_quote_in_front(const char *text);
size_t pasted_quote_at_end(const char *text);

/*
 * A whole name as tools print it, "C = DE, O = Bank, CN = mail", "CN=mail,O=Bank" or "/C=DE/CN=mail": the
 * first value of `type`, its quotes and backslashes undone, in `value`, "" where the name has none. False:
 * the text is no such name.
 */
bool pasted_attribute(const char *text, const char *type, char value[PASTED_MAX]);

/*
 * Leaves only the name of a text that has a label in front of it: subject_CN=mail.contoso.com, issuer=...
 * of Postfix's log, Client CN "mail.contoso.com", Issuer ... of a Received field, <I>...<S>... of Exchange.
 * Of a line with both names the issuer's, or the subject's. False: there is none.
 */
bool pasted_label(char *text, bool issuer);

/* Undoes Sendmail's +XX in a name (xtext), which is left alone where it has none. */
void pasted_decode(char *text);

/* The octets of any word with a colon or an equals sign behind it that the text begins with; 0: none. */
size_t pasted_word_in_front(const char *text);

/* Makes ASCII of letters, digits and dots of full width; as pasted_clean(). */
bool pasted_widths(char *text, char what[PASTED_WHAT]);

#endif
