/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns libyaml's messages into words that an administrator can act on. Knows
 * libyaml's words and the mistakes that cause them, and looks at the lines around
 * the place. Parses nothing and knows no key of the policy language.
 */
#include "policy/yaml/syntax.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "policy/yaml/lines.h"

enum { LINE_OCTETS = 1024, WORD_OCTETS = 64 };

/* A fault being explained. */
struct fault {
    const struct syntax *syntax;
    const char *path;
    struct lines lines;
    struct spot place;
    char line[LINE_OCTETS]; /* the line of syntax->at, or "" */
    char *text;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool say(struct fault *fault, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(fault->text, fault->size, format, args);
    va_end(args);
    return true;
}

static bool has(const char *text, const char *words)
{
    return text != NULL && strstr(text, words) != NULL;
}

/* ---- lines ---- */

static void copy_line(struct fault *fault, unsigned number, char line[LINE_OCTETS])
{
    const char *read = number == 0 ? NULL : lines_read(&fault->lines, fault->path, number);

    snprintf(line, LINE_OCTETS, "%s", read == NULL ? "" : read);
}

/* The text from a column on. */
static const char *at_column(const char *line, unsigned column)
{
    while (*line != '\0' && --column > 0)
        for (line++; ((unsigned char)*line & 0xC0) == 0x80;)
            line++;
    return line;
}

static size_t indentation(const char *line)
{
    return strspn(line, " ");
}

static bool is_empty(const char *line)
{
    line += indentation(line);
    return *line == '\0' || *line == '#';
}

/* The nearest line above that is neither empty nor a comment; its number, or 0. */
static unsigned line_above(struct fault *fault, unsigned number, char line[LINE_OCTETS])
{
    while (--number > 0) {
        copy_line(fault, number, line);
        if (!is_empty(line))
            return number;
    }
    return 0;
}

/* Where the text begins, after the indentation and the dashes of list items. */
static size_t content(const char *line)
{
    size_t at = indentation(line);

    while (line[at] == '-' && line[at + 1] == ' ')
        at += 1 + indentation(line + at + 1);
    return at;
}

/* Whether more brackets open than close in a line up to a place in it. */
static bool opens_bracket(const char *line, const char *end)
{
    int open = 0;

    for (; line < end; line++)
        open += (*line == '[' || *line == '{') - (*line == ']' || *line == '}');
    return open > 0;
}

/* ---- keys and items without a blank or a colon ---- */

/* Explains a line whose key has no blank after its colon; false: this is no such line. */
static bool say_glued(struct fault *fault, unsigned number, const char *line)
{
    size_t at = content(line), length = syntax_glued_key(line + at);

    if (length == 0)
        return false;
    fault->place = (struct spot){number, (unsigned)(at + length + 1)};
    syntax_explain_glued(line + at, fault->text, fault->size);
    return true;
}

/* Says that a colon is missing in a line of words; false: this is no such line. */
static bool say_no_colon(struct fault *fault, unsigned number, const char *line)
{
    size_t at = content(line), length = strcspn(line + at, "#");

    while (length > 0 && line[at + length - 1] == ' ')
        length--;
    if (length == 0 || memchr(line + at, ':', length) != NULL || strchr("\"'[{", line[at]) != NULL)
        return false;
    fault->place = (struct spot){number, (unsigned)at + 1};
    return say(fault, "a colon is missing after \"%.*s\"", length > WORD_OCTETS ? WORD_OCTETS : (int)length,
               line + at);
}

/* ---- indentation ---- */

/* Finds where lines above, or their texts, begin: the nearest places on both sides of `indent`; -1: none. */
static void find_levels(struct fault *fault, unsigned number, int indent, int *less, int *more)
{
    char line[LINE_OCTETS];
    int seen = LINE_OCTETS;

    *less = *more = -1;
    while (seen > 0 && (number = line_above(fault, number, line)) > 0) {
        int levels[2] = {(int)indentation(line), (int)content(line)};

        if (levels[0] >= seen)
            continue;
        for (int i = 0; i < 2; i++) {
            if (levels[i] < indent && levels[i] > *less && levels[i] < seen)
                *less = levels[i];
            if (levels[i] > indent && (*more < 0 || levels[i] < *more) && levels[i] < seen)
                *more = levels[i];
        }
        seen = levels[0];
    }
}

/* Says that a blank is missing after the dash of this line or the one above; false: none is. */
static bool say_glued_dash(struct fault *fault, unsigned number, const char *line)
{
    char above[LINE_OCTETS];

    if (!syntax_glued_dash(line + indentation(line))) {
        number = line_above(fault, number, above);
        line = above;
    }
    if (number == 0 || !syntax_glued_dash(line + indentation(line)))
        return false;
    fault->place = (struct spot){number, (unsigned)indentation(line) + 2};
    return say(fault, "a blank is missing after the dash; write \"- %.*s\"", WORD_OCTETS,
               line + indentation(line) + 1);
}

static bool say_indentation(struct fault *fault, unsigned number, const char *line)
{
    int indent = (int)indentation(line), less, more;

    if (say_glued_dash(fault, number, line))
        return true;
    find_levels(fault, number, indent, &less, &more);
    fault->place = (struct spot){number, (unsigned)indent + 1};
    if (less >= 0 && more >= 0)
        return say(fault, "wrong indentation: this line begins in column %d, lines above in column %d and %d",
                   indent + 1, less + 1, more + 1);
    if (less >= 0 || more >= 0)
        return say(fault, "wrong indentation: this line begins in column %d, lines above in column %d",
                   indent + 1, (less >= 0 ? less : more) + 1);
    return say(fault, "wrong indentation");
}

/* ---- the mistakes ---- */

/* The octets of a value that begins at `word`: to the end of its line, or of its entry within brackets. */
static size_t word_length(const char *word, bool in_brackets)
{
    const char *comment = strstr(word, " #");
    size_t length = comment == NULL ? strlen(word) : (size_t)(comment - word);

    if (in_brackets && strcspn(word, ",]}") < length)
        length = strcspn(word, ",]}");
    while (length > 1 && (word[length - 1] == ' ' || word[length - 1] == '\r'))
        length--;
    return length > WORD_OCTETS ? WORD_OCTETS : length;
}

/* What to write instead of "*.contoso.com" and "@contoso.com", up to the name; "": nothing. */
static const char *for_all_of(const char *word)
{
    if (word[0] == '*' && word[1] == '.')
        return " (for every subdomain in domains or clients write \"";
    return word[0] == '@' && strcspn(word, ".") < strcspn(word, " ,]}")
               ? " (for every address of a domain write \""
               : "";
}

/* Explains a value that begins with a character that YAML reserves. */
static bool explain_indicator(struct fault *fault)
{
    static const struct {
        const char *words;
        bool context;
        const char *meaning;
    } indicators[] = {
        {"scanning an alias", true, "makes it an alias in YAML"},
        {"scanning an anchor", true, "makes it an anchor in YAML"},
        {"scanning a tag", true, "makes it a tag in YAML"},
        {"parsing a tag", true, "makes it a tag in YAML"},
        {"undefined tag handle", false, "makes it a tag in YAML"},
        {"scanning a directive", true, "makes it a directive of YAML"},
        {"scanning a block scalar", true, "begins a text over several lines in YAML"},
        {"cannot start any token", false, "YAML keeps for itself"},
    };
    const struct syntax *syntax = fault->syntax;
    const char *word;
    size_t length;

    for (size_t i = 0; i < sizeof indicators / sizeof *indicators; i++) {
        bool context = indicators[i].context;

        if (!has(context ? syntax->context : syntax->problem, indicators[i].words))
            continue;
        fault->place = context && syntax->from.line > 0 ? syntax->from : syntax->at;
        copy_line(fault, fault->place.line, fault->line);
        word = at_column(fault->line, fault->place.column);
        if (*word == '\0')
            return false;
        length = word_length(word, syntax->bracket.line > 0 || opens_bracket(fault->line, word));
        return say(fault, "\"%.*s\" begins with \"%.1s\", which %s; put it in quotes: \"%.*s\"%s%.*s%s",
                   (int)length, word, word, indicators[i].meaning, (int)length, word, for_all_of(word),
                   *for_all_of(word) == '\0' ? 0 : (int)length - 1, word + 1,
                   *for_all_of(word) == '\0' ? "" : "\")");
    }
    return false;
}

static bool explain_quotes(struct fault *fault)
{
    const struct syntax *syntax = fault->syntax;

    if (has(syntax->context, "quoted scalar") && has(syntax->problem, "found unexpected")) {
        fault->place = syntax->from;
        return say(fault, "the quotation mark that opens here is never closed");
    }
    if (has(syntax->context, "quoted scalar")) {
        const char *at = at_column(fault->line, syntax->at.column), *escape = at;

        while (escape > fault->line && *escape != '\\')
            escape--;
        return say(fault,
                   "\"%.*s\" has no meaning in double quotes; write \"\\\\\" for a backslash, or use single "
                   "quotes",
                   at - escape < 2 ? 2 : (int)(at - escape) + 1, escape);
    }
    if (syntax->quote.line > 0 && syntax->quote_end.line == syntax->at.line) {
        fault->place = syntax->quote;
        return say(fault,
                   "the quotation mark that opens here is closed only in line %u; is one missing before?",
                   syntax->quote_end.line);
    }
    return false;
}

/* Finds the "#" of a comment in a line; NULL: there is none. A "#" in quotes begins none. */
static const char *find_comment(const char *line)
{
    char quote = '\0';

    for (const char *at = line; *at != '\0'; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if ((*at == '"' || *at == '\'') && (at == line || strchr(" [{,:", at[-1]) != NULL))
            quote = *at;
        else if (*at == '#' && (at == line || at[-1] == ' '))
            return at;
    }
    return NULL;
}

/* Explains a "#" right before text: it begins a comment, which hides the closing bracket. */
static bool explain_comment(struct fault *fault, const struct spot *bracket, char opener)
{
    const char *comment;

    for (unsigned number = bracket->line; number <= fault->syntax->at.line; number++) {
        copy_line(fault, number, fault->line);
        comment = find_comment(fault->line);
        if (comment == NULL || comment == fault->line + indentation(fault->line) || comment[1] == ' '
            || comment[1] == '\0' || strpbrk(comment, "]},") == NULL)
            continue;
        fault->place = (struct spot){number, 1};
        for (const char *at = fault->line; at < comment; at++)
            fault->place.column += ((unsigned char)*at & 0xC0) != 0x80;
        return say(fault,
                   "\"#\" after a blank begins a comment, so that the \"%c\" of line %u, column %u is never "
                   "closed; put the text that holds the \"#\" in quotes",
                   opener, bracket->line, bracket->column);
    }
    copy_line(fault, fault->syntax->at.line, fault->line);
    return false;
}

/* Explains a mistake inside [ ] or { }. */
static bool explain_bracket(struct fault *fault)
{
    const struct syntax *syntax = fault->syntax;
    const char *at;
    struct spot bracket = syntax->bracket;
    char opener = syntax->opener;

    if (has(syntax->context, "flow sequence") || has(syntax->context, "flow mapping")) {
        bracket = syntax->from;
        opener = has(syntax->context, "flow sequence") ? '[' : '{';
    }
    if (bracket.line == 0)
        return false;
    if (explain_comment(fault, &bracket, opener))
        return true;
    at = at_column(fault->line, syntax->at.column);
    if (*at == ']' || *at == '}')
        return say(fault, "\"%c\" does not close the \"%c\" of line %u, column %u", *at, opener, bracket.line,
                   bracket.column);
    if (*at == ',')
        return say(fault, "nothing stands in front of this comma");
    if (*at == '"' || *at == '\'' || *at == '[' || *at == '{'
        || (*at == ':' && syntax->at.line == bracket.line))
        return say(fault, "a comma is missing in front of this");
    fault->place = bracket;
    return say(fault, "this \"%c\" is never closed", opener);
}

static bool explain_missing_colon(struct fault *fault)
{
    const struct syntax *syntax = fault->syntax;
    char line[LINE_OCTETS];

    if (!has(syntax->problem, "could not find expected ':'"))
        return false;
    copy_line(fault, syntax->from.line, line);
    return say_glued(fault, syntax->from.line, line) || say_no_colon(fault, syntax->from.line, line);
}

/* Explains a second colon in one line, or a line that YAML takes for more of the value above. */
static bool explain_colon(struct fault *fault)
{
    const struct syntax *syntax = fault->syntax;
    char above[LINE_OCTETS], *value;
    size_t at = content(fault->line), end = (size_t)(at_column(fault->line, syntax->at.column) - fault->line);
    unsigned number;

    if (!has(syntax->problem, "mapping values are not allowed") || fault->line[0] == '\0')
        return false;
    value = strstr(fault->line + at, ": ");
    if (value != NULL && (size_t)(value - fault->line) < end) {
        value += 2 + indentation(value + 2);
        return say(fault,
                   "a second colon with a blank after it on one line; put the value in quotes: \"%.*s\"",
                   WORD_OCTETS, value);
    }
    number = line_above(fault, syntax->at.line, above);
    if (number > 0 && (say_glued(fault, number, above) || say_no_colon(fault, number, above)))
        return true;
    return say_indentation(fault, syntax->at.line, fault->line);
}

static bool explain_item(struct fault *fault)
{
    const char *dash = at_column(fault->line, fault->syntax->at.column);

    if (has(fault->syntax->problem, "mapping keys are not allowed"))
        return say(fault, "\"?\" with a blank after it begins a key in YAML; put the text in quotes");
    if (!has(fault->syntax->problem, "sequence entries are not allowed"))
        return false;
    if (content(fault->line) < (size_t)(dash - fault->line))
        return say(fault,
                   "a list item after a key on the same line; begin a new line for it, or write [%.*s]",
                   WORD_OCTETS, dash + 1 + indentation(dash + 1));
    return say_indentation(fault, fault->syntax->at.line, fault->line);
}

/* Explains other text where a key or an item is expected. */
static bool explain_rest(struct fault *fault)
{
    const struct syntax *syntax = fault->syntax;
    const char *at = at_column(fault->line, syntax->at.column), *before = at;

    if (fault->line[0] == '\0')
        return false;
    if (has(syntax->problem, "node content"))
        return say(fault, "\"%.1s\" cannot begin a value; put it in quotes", at);
    if (!has(syntax->problem, "did not find expected"))
        return false;
    while (before > fault->line && before[-1] == ' ')
        before--;
    if (*at == ']' || *at == '}')
        return say(fault, "\"%c\" closes nothing", *at);
    if (before > fault->line && strchr("\"']}", before[-1]) != NULL)
        return say(fault, "text after the closing %.1s; put the whole value in quotes", before - 1);
    if (syntax->at.column > 1 && (size_t)(at - fault->line) > content(fault->line))
        return false;
    return say_indentation(fault, syntax->at.line, fault->line);
}

void syntax_explain(const struct syntax *syntax, const char *path, struct spot *place, char *text,
                    size_t size)
{
    static bool (*const explanations[])(struct fault *) = {
        explain_indicator, explain_quotes, explain_bracket, explain_missing_colon,
        explain_colon,     explain_item,   explain_rest,
    };
    struct fault fault = {.syntax = syntax, .path = path, .place = syntax->at, .text = text, .size = size};
    bool explained = false;

    copy_line(&fault, syntax->at.line, fault.line);
    for (size_t i = 0; !explained && i < sizeof explanations / sizeof *explanations; i++)
        explained = explanations[i](&fault);
    if (!explained) {
        fault.place = syntax->at;
        say(&fault, "not YAML: %s%s%s", syntax->problem != NULL ? syntax->problem : "cannot be read",
            syntax->context != NULL ? ", " : "", syntax->context != NULL ? syntax->context : "");
    }
    *place = fault.place;
    lines_close(&fault.lines);
}
