/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import csv: a table as in RFC 4180, whose first line names the columns. Each column is a key of a partner.
 * Values are written unchanged: the policy language checks them when the policy is loaded.
 */
#include <ctype.h>
#include <string.h>
#include "policy/names/suggest.h"
#include "policy/tool/import/import.h"

enum { COLUMNS_MAX = 64 };

/* A table being read. */
struct table_reader {
    struct import *import;
    const char *file;
    const char *at;
    unsigned line;  /* of `at` */
    char separator; /* "," as in RFC 4180, ";" or a tab as spreadsheets write them */
    bool broken;    /* after this error records cannot be told apart */
};

/* One record. */
struct record {
    const char *field[COLUMNS_MAX];
    size_t count;
    unsigned line;
    const char *text; /* as it is in the file */
};

static bool is_line_end(char octet)
{
    return octet == '\n' || octet == '\r';
}

/* Skips the end of a line: LF, CR LF or CR. */
static void pass_line_end(struct table_reader *reader)
{
    if (reader->at[0] == '\r' && reader->at[1] == '\n')
        reader->at++;
    reader->at++;
    reader->line++;
}

/* ---- fields ---- */

/* Reads a field in quotation marks, in which two of them mean one. */
static const char *read_quoted(struct table_reader *reader)
{
    unsigned line = reader->line;
    char *text = import_alloc(reader->import, strlen(reader->at) + 1), *to = text;

    for (reader->at++; *reader->at != '\0'; *to++ = *reader->at++) {
        if (*reader->at == '"' && *++reader->at != '"')
            return text;
        if (*reader->at == '\n' || (*reader->at == '\r' && reader->at[1] != '\n'))
            reader->line++;
    }
    import_error(reader->import, reader->file, line, "a quotation mark is not closed");
    reader->broken = true;
    return text;
}

static const char *read_plain(struct table_reader *reader)
{
    const char *start = reader->at;

    while (*reader->at && *reader->at != reader->separator && !is_line_end(*reader->at)) {
        if (*reader->at == '"' && !reader->broken) {
            import_error(reader->import, reader->file, reader->line,
                         "a quotation mark in a field that does not begin with one; put the field in "
                         "quotation marks and write \"\" for each one in it");
            reader->broken = true;
        }
        reader->at++;
    }
    return import_text(reader->import, start, (size_t)(reader->at - start));
}

static const char *read_field(struct table_reader *reader)
{
    const char *text = *reader->at == '"' ? read_quoted(reader) : read_plain(reader);

    if (!reader->broken && *reader->at && *reader->at != reader->separator && !is_line_end(*reader->at)) {
        import_error(reader->import, reader->file, reader->line, "text behind a closing quotation mark");
        reader->broken = true;
    }
    return text;
}

/* Reads the next record and skips empty lines. False: no record is left, or an error was reported. */
static bool read_record(struct table_reader *reader, struct record *record)
{
    const char *start;

    while (is_line_end(*reader->at))
        pass_line_end(reader);
    if (*reader->at == '\0' || reader->broken)
        return false;
    start = reader->at;
    record->line = reader->line;
    record->count = 0;
    for (;;) {
        const char *text = read_field(reader);

        if (reader->broken)
            return false;
        if (record->count < COLUMNS_MAX)
            record->field[record->count] = text;
        record->count++;
        if (*reader->at != reader->separator)
            break;
        reader->at++;
    }
    record->text = import_text(reader->import, start, (size_t)(reader->at - start));
    if (*reader->at)
        pass_line_end(reader);
    return true;
}

/* ---- the header line ---- */

/* Returns "," if the first line has one, else ";" or a tab if it has one. */
static char separator_of(const char *text)
{
    size_t length = strcspn(text, "\r\n");

    if (memchr(text, ',', length) != NULL)
        return ',';
    if (memchr(text, ';', length) != NULL)
        return ';';
    return memchr(text, '\t', length) != NULL ? '\t' : ',';
}

/* Returns a text without leading and trailing blanks. */
static const char *trimmed(struct import *import, const char *text)
{
    size_t length;

    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        length--;
    return import_text(import, text, length);
}

static const char *nearest_key(const char *name)
{
    const char *words[64], *found;
    size_t count = 0;

    for (size_t i = 0; draft_keys[i].path != NULL && count < 63; i++)
        words[count++] = draft_keys[i].path;
    words[count] = NULL;
    found = suggest_word(name, words);
    for (size_t i = 0; found == NULL && i < count; i++) {
        const char *last = strrchr(words[i], '.'); /* "subject" is require.certificates.subject */

        if (last != NULL && strcasecmp(last + 1, name) == 0)
            found = words[i];
    }
    return found;
}

static void unknown_column(struct table_reader *reader, unsigned line, const char *name)
{
    static const char *const lists[] = {"rollout", "exceptions", "acknowledge", "outbound.rollout",
                                        "outbound.exceptions"};
    const char *nearest = nearest_key(name);

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(name, lists[i]) == 0) {
            import_error(reader->import, reader->file, line,
                         "column \"%.80s\": such a list has no column; delete it and write the list into the "
                         "policy that is printed",
                         name);
            return;
        }
    }
    if (nearest != NULL)
        import_error(reader->import, reader->file, line, "unknown column \"%.80s\"; did you mean \"%s\"?",
                     name, nearest);
    else
        import_error(
            reader->import, reader->file, line,
            "unknown column \"%.80s\"; columns are keys of a partner, such as name, domains, contact "
            "or require.min_tls_version",
            name);
}

/* Finds the key of each column, by column index. False: an error was reported. */
static bool read_header(struct table_reader *reader, const struct record *header, int key[COLUMNS_MAX])
{
    unsigned errors = reader->import->errors;
    bool named = false;

    if (header->count > COLUMNS_MAX) {
        import_error(reader->import, reader->file, header->line, "more than %d columns", COLUMNS_MAX);
        return false;
    }
    for (size_t i = 0; i < header->count; i++) {
        const char *name = trimmed(reader->import, header->field[i]);

        key[i] = draft_key_find(name);
        if (key[i] < 0)
            unknown_column(reader, header->line, name);
        for (size_t k = 0; key[i] >= 0 && k < i; k++)
            if (key[k] == key[i])
                import_error(reader->import, reader->file, header->line, "two columns \"%s\"", name);
        named |= strcmp(name, "name") == 0;
    }
    if (!named && reader->import->errors == errors)
        import_error(reader->import, reader->file, header->line,
                     "the first line names the columns, and \"name\" is not among them");
    return reader->import->errors == errors;
}

/* ---- partners ---- */

/* Whether each word of a text can be a host name: if so, blanks separate names. */
static bool are_hosts(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, " \t\r\n;");

        if (length > 0 && memchr(text, '.', length) == NULL)
            return false;
        for (size_t i = 0; i < length; i++)
            if (!isalnum((unsigned char)text[i]) && strchr(".-_*", text[i]) == NULL
                && (unsigned char)text[i] < 0x80)
                return false;
        text += length;
        text += strspn(text, " \t\r\n;");
    }
    return true;
}

static void add_list(struct import *import, struct draft *draft, const struct draft_key *key,
                     const char *text)
{
    const char *separators = key->kind == KEY_LIST || are_hosts(text) ? " \t\r\n;" : ";";

    while (*text) {
        size_t length = strcspn(text, separators);
        const char *item = trimmed(import, import_text(import, text, length));

        if (*item)
            draft_add(import, draft, key->path, item);
        text += length + (text[length] != '\0');
    }
}

/* Checks a mode, of either direction, only for mistakes: all imported partners are in mode testing. */
static void check_mode(struct import *import, const struct origin *origin, const char *path, const char *text)
{
    static const char *const words[] = {"enforce", "testing", "none", NULL};
    const char *nearest = suggest_word(text, words);

    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) != 0)
            continue;
        if (strcmp(text, "testing") != 0)
            import_note(origin, "%s %s: every partner that is imported is in mode testing", path, text);
        return;
    }
    if (nearest != NULL)
        import_error(import, origin->file, origin->line, "unknown mode \"%.80s\"; did you mean \"%s\"?", text,
                     nearest);
    else
        import_error(import, origin->file, origin->line,
                     "unknown mode \"%.80s\"; allowed are enforce, testing, none", text);
}

static bool is_outbound(const char *path)
{
    return strncmp(path, "outbound.", strlen("outbound.")) == 0;
}

static void add_value(struct import *import, struct draft *draft, const struct draft_key *key,
                      const char *text)
{
    if (is_outbound(key->path))
        draft_add(import, draft, "outbound.mode", "testing");
    if (strcmp(key->path, "name") == 0)
        draft->name = trimmed(import, text);
    else if (strcmp(key->path, "mode") == 0 || strcmp(key->path, "outbound.mode") == 0)
        check_mode(import, draft->origins, key->path, trimmed(import, text));
    else if (key->kind == KEY_WORD)
        draft_add(import, draft, key->path, trimmed(import, text));
    else if (key->kind == KEY_TEXT)
        draft_add(import, draft, key->path, text);
    else
        add_list(import, draft, key, text);
}

/*
 * Reports `require.certificates` as a text together with an identity, because YAML has no way to write both.
 */
static void check_certificates(struct import *import, const struct draft *draft, const char *path)
{
    size_t length = strlen(path);

    if (draft_values(draft, path) == NULL)
        return;
    for (size_t i = 0; draft_keys[i].path != NULL; i++)
        if (draft->values[i] != NULL && strncmp(draft_keys[i].path, path, length) == 0
            && draft_keys[i].path[length] == '.') {
            import_error(import, draft->origins->file, draft->origins->line, "%s beside %s: give one of them",
                         path, draft_keys[i].path);
            return;
        }
}

/* Reports relative file names: they would depend on the directory of the policy, which is unknown here. */
static void check_files(struct import *import, const struct draft *draft, const char *path)
{
    for (const struct value *value = draft_values(draft, path); value != NULL; value = value->next)
        if (value->text[0] != '/')
            import_error(import, draft->origins->file, draft->origins->line,
                         "%s: \"%.255s\" is relative; write the whole path", path, value->text);
}

static bool is_empty(const struct record *record)
{
    for (size_t i = 0; i < record->count && i < COLUMNS_MAX; i++)
        if (record->field[i][strspn(record->field[i], " \t")] != '\0')
            return false;
    return true;
}

static void read_partner(struct table_reader *reader, const struct record *record, size_t columns,
                         const int key[COLUMNS_MAX])
{
    struct import *import = reader->import;
    struct draft *draft;

    if (is_empty(record))
        return;
    if (record->count != columns) {
        import_error(import, reader->file, record->line, "%zu fields, but the first line names %zu columns",
                     record->count, columns);
        return;
    }
    draft = draft_new(import, import_origin(import, reader->file, record->line, record->text));
    for (size_t i = 0; i < columns; i++)
        if (record->field[i][strspn(record->field[i], " \t\r\n")] != '\0')
            add_value(import, draft, &draft_keys[key[i]], record->field[i]);
    check_certificates(import, draft, "require.certificates");
    check_certificates(import, draft, "outbound.require.certificates");
    check_files(import, draft, "require.certificates.file");
    check_files(import, draft, "outbound.require.certificates.file");
}

void import_csv(struct import *import, const char *file)
{
    struct table_reader reader = {.import = import, .file = file, .line = 1};
    struct record record;
    int key[COLUMNS_MAX];
    size_t columns;

    reader.at = import_read(import, file, false);
    if (reader.at == NULL)
        return;
    reader.separator = separator_of(reader.at);
    if (!read_record(&reader, &record)) {
        if (!reader.broken)
            import_error(import, file, 0, "is empty; the first line names the columns");
        return;
    }
    columns = record.count;
    if (!read_header(&reader, &record, key))
        return;
    while (read_record(&reader, &record))
        read_partner(&reader, &record, columns, key);
}
