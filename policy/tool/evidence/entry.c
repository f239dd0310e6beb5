/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads log lines. Knows the keys of forcetls-milter's lines, their order and the escaping of values
 * (milter/log.c writes them, forcetls-milter(8) describes them). A decision must have all keys of its
 * version, in order; otherwise it is unreadable, so that half a line never passes for a whole one. Does not
 * know what the values mean.
 */
#include "policy/tool/evidence/entry.h"

#include <string.h>
#include "policy/tool/evidence/prefix.h"

/* clang-format off */
#define NAME(word) {(word), sizeof(word) - 1}
static const struct {
    const char *text;
    size_t length;
} names[KEY_COUNT] = {
    [KEY_EVENT] = NAME("event"), [KEY_PARTNER] = NAME("partner"), [KEY_MODE] = NAME("mode"),
    [KEY_VERDICT] = NAME("verdict"), [KEY_ACTION] = NAME("action"), [KEY_REASONS] = NAME("reasons"),
    [KEY_REPLY] = NAME("reply"), [KEY_QID] = NAME("qid"), [KEY_CLIENT] = NAME("client"),
    [KEY_CLIENT_PORT] = NAME("client_port"), [KEY_CLIENT_NAME] = NAME("client_name"),
    [KEY_HELO] = NAME("helo"), [KEY_FROM] = NAME("from"), [KEY_TLS] = NAME("tls"),
    [KEY_CIPHER] = NAME("cipher"), [KEY_BITS] = NAME("bits"), [KEY_SUBJECT] = NAME("subject"),
    [KEY_ISSUER] = NAME("issuer"), [KEY_VERIFY] = NAME("verify"), [KEY_ALSO] = NAME("also"),
    [KEY_ARGUMENT] = NAME("argument"), [KEY_IDENTITY] = NAME("identity"),
    [KEY_FINGERPRINT] = NAME("fingerprint"), [KEY_KEY_FINGERPRINT] = NAME("key_fingerprint"),
    [KEY_WOULD] = NAME("would"), [KEY_POLICY] = NAME("policy"), [KEY_EXCEPTION] = NAME("exception"),
    [KEY_MTA] = NAME("mta"), [KEY_RESOLVE] = NAME("resolve"), [KEY_EXEMPT] = NAME("exempt"),
    [KEY_DAEMON] = NAME("daemon"), [KEY_SELECTED] = NAME("selected"),
    [KEY_HEADER_FROM] = NAME("header_from"), [KEY_CUT] = NAME("cut"), [KEY_AT] = NAME("at"),
    [KEY_MSG] = NAME("msg"), [KEY_RUN] = NAME("run"), [KEY_SEQ] = NAME("seq"), [KEY_LOST] = NAME("lost"),
    [KEY_VERSION] = NAME("version"), [KEY_PARTNERS] = NAME("partners"), [KEY_RESULT] = NAME("result"),
    [KEY_DIRECTION] = NAME("direction"),
};
#undef NAME
/* clang-format on */

const char *entry_key_name(enum entry_key key)
{
    return names[key].text;
}

/* A key and its value, as they are in the line. */
struct pair {
    enum entry_key key; /* KEY_COUNT: unknown */
    struct entry_value value;
};

static int hexadecimal(char octet)
{
    if (octet >= '0' && octet <= '9')
        return octet - '0';
    return octet >= 'A' && octet <= 'F' ? octet - 'A' + 10 : -1;
}

/* Reads what follows a backslash, and moves *at past it. -1: nothing that we write. */
static int read_escape(char **at)
{
    int high, low;

    if (**at == '"' || **at == '\\')
        return *(*at)++;
    if ((*at)[0] != 'x' || (high = hexadecimal((*at)[1])) < 0 || (low = hexadecimal((*at)[2])) < 0)
        return -1;
    *at += 3;
    return high * 16 + low > 0 ? high * 16 + low : -1;
}

/* clang-format off */
#define ALL_16 true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true
#define NONE_16 false, false, false, false, false, false, false, false, \
    false, false, false, false, false, false, false, false
/* The printable octets that quotation marks contain unescaped: all but " and \. */
static const bool plain[256] = {
    NONE_16, NONE_16,
    true, true, false /* " */, true, true, true, true, true, true, true, true, true, true, true, true, true,
    ALL_16, ALL_16,
    true, true, true, true, true, true, true, true, true, true, true, true, false /* \ */, true, true, true,
    ALL_16,
    true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, false /* DEL */,
};
#undef ALL_16
#undef NONE_16
/* clang-format on */

static bool is_plain(char octet)
{
    return plain[(unsigned char)octet];
}

/*
 * Reads a quoted value, from after the first mark, and unescapes it in place. Returns the rest of the line.
 * NULL: not valid.
 */
static char *read_quoted(struct pair *pair, char *at)
{
    char *to;

    pair->value = (struct entry_value){at, true};
    while (is_plain(*at))
        at++;
    to = at;
    while (*at != '"') {
        int octet = (unsigned char)*at++;

        if (octet == '\\')
            octet = read_escape(&at);
        else if (octet < 0x20 || octet > 0x7E)
            return NULL;
        if (octet < 0)
            return NULL;
        *to++ = (char)octet;
    }
    *to = '\0';
    return at + 1;
}

/* Reads a bare word. Returns its end, and does not change that. */
static char *read_bare(struct pair *pair, char *at)
{
    pair->value = (struct entry_value){at, false};
    while (is_plain(*at) && *at != ' ')
        at++;
    return at;
}

static bool is_key(enum entry_key key, const char *name, size_t length)
{
    return length == names[key].length && memcmp(name, names[key].text, length) == 0;
}

/*
 * Reads a name and its "=", which becomes a NUL, and moves *at past it. Tries the key `likely` first. *key is
 * KEY_COUNT if the name is unknown. False: there is no name.
 */
static bool read_key(enum entry_key *key, char **at, enum entry_key likely)
{
    size_t length = names[likely].length;

    *key = likely;
    if (strncmp(*at, names[likely].text, length) != 0 || (*at)[length] != '=') {
        for (length = 0; ((*at)[length] >= 'a' && (*at)[length] <= 'z') || (*at)[length] == '_';)
            length++;
        if (length == 0 || (*at)[length] != '=')
            return false;
        for (*key = KEY_EVENT; *key < KEY_COUNT && !is_key(*key, *at, length);)
            (*key)++;
    }
    (*at)[length] = '\0';
    *at += length + 1;
    return true;
}

/*
 * Reads one pair and moves *at to the next one, or to the end of the line. Tries the key `likely` first.
 * False: no pair, or not a complete one.
 */
static bool read_pair(struct pair *pair, char **at, enum entry_key likely)
{
    char *end;

    if (!read_key(&pair->key, at, likely))
        return false;
    end = **at == '"' ? read_quoted(pair, *at + 1) : read_bare(pair, *at);
    if (end == NULL || (*end != ' ' && *end != '\0'))
        return false;
    *at = *end == '\0' ? end : end + 1;
    if (*end == ' ' && end[1] == '\0')
        return false; /* the writer never ends a line with a blank */
    *end = '\0';
    return true;
}

static bool read_number(const char *text, uint64_t *number)
{
    uint64_t value = 0;

    if (text == NULL || *text == '\0' || strlen(text) > 18)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *number = value;
    return true;
}

static bool is_run(const char *text)
{
    return text != NULL && strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

static const char *unreadable(struct entry *entry, const char *why)
{
    entry->sort = ENTRY_UNREADABLE;
    entry->why = why;
    return NULL;
}

/* Reads the pairs of a decision after event=, which must be in order. */
static void read_decision(struct entry *entry, char *at)
{
    enum entry_key next = KEY_PARTNER;
    struct pair pair;

    while (*at != '\0') {
        if (!read_pair(&pair, &at, next)) {
            unreadable(entry, "a value has no end, or holds what the filter does not write");
            return;
        }
        if (pair.key == next && next < KEY_DECISION_COUNT)
            next++;
        else if (pair.key < KEY_DECISION_COUNT || next < KEY_FIRST_NEW) {
            unreadable(entry, "the keys are not those of a decision, in their order");
            return;
        }
        if (pair.key < KEY_COUNT)
            entry->value[pair.key] = pair.value;
    }
    if (next != KEY_FIRST_NEW && next != KEY_DECISION_COUNT)
        unreadable(entry, "the line is cut: its last keys are missing");
}

/*
 * Reads the pairs of another event: any keys, in any order. If policy= occurs twice, the bare one is the
 * digest.
 */
static void read_event(struct entry *entry, char *at)
{
    struct pair pair;

    while (*at != '\0') {
        if (!read_pair(&pair, &at, KEY_EVENT)) {
            unreadable(entry, "a value has no end, or holds what the filter does not write");
            return;
        }
        if (pair.key < KEY_COUNT && !(pair.value.quoted && entry->value[pair.key].text != NULL))
            entry->value[pair.key] = pair.value;
    }
}

/* Reads run, seq, msg and at. */
static void read_numbers(struct entry *entry)
{
    const struct entry_value *value = entry->value;

    if (value[KEY_AT].text != NULL && value[KEY_AT].text[0] != '\0') {
        size_t length = stamp_read(value[KEY_AT].text, &entry->at);

        if (length == 0 || value[KEY_AT].text[length] != '\0') {
            unreadable(entry, "at= is no time");
            return;
        }
    }
    if (value[KEY_RUN].text == NULL && value[KEY_SEQ].text == NULL)
        return;
    if (!is_run(value[KEY_RUN].text) || !read_number(value[KEY_SEQ].text, &entry->seq) || entry->seq == 0
        || (entry->decision && (!read_number(value[KEY_MSG].text, &entry->msg) || entry->at == STAMP_NONE))) {
        unreadable(entry, "run=, seq=, msg= or at= is not what the filter writes");
        return;
    }
    entry->numbered = true;
}

/* Reads the text of a message that begins with event=. */
static void read_text(struct entry *entry, char *text, size_t length)
{
    struct pair pair;

    entry->text = text;
    entry->length = length;
    entry->sort = ENTRY_OURS;
    if (strlen(text) != length)
        unreadable(entry, "the line holds NUL octets");
    else if (!read_pair(&pair, &text, KEY_EVENT) || pair.value.quoted || pair.value.text[0] == '\0')
        unreadable(entry, "event= has no name");
    else {
        entry->value[KEY_EVENT] = pair.value;
        entry->decision = strcmp(pair.value.text, "decision") == 0;
        if (entry->decision)
            read_decision(entry, text);
        else
            read_event(entry, text);
    }
    if (entry->sort == ENTRY_OURS)
        read_numbers(entry);
}

static void entry_begin(struct entry *entry)
{
    *entry =
        (struct entry){.sort = ENTRY_OTHER, .stamp = STAMP_NONE, .at = STAMP_NONE, .host = "", .tag = ""};
}

void entry_read_message(struct entry *entry, char *text, size_t length)
{
    entry_begin(entry);
    while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == '\n'))
        text[--length] = '\0';
    entry->text = text;
    entry->length = length;
    if (strncmp(text, "event=", 6) == 0)
        read_text(entry, text, length);
}

void entry_read(struct entry *entry, char *line, size_t length)
{
    static const char claim[] = "event=decision partner=";
    struct prefix prefix;
    const char *claimed;
    bool whole;

    entry_begin(entry);
    if (length >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
        line += 3;
        length -= 3;
    }
    while (length > 0 && line[length - 1] == '\r')
        line[--length] = '\0';
    if (strncmp(line, PREFIX_JSON, strlen(PREFIX_JSON)) == 0)
        line = prefix_unwrap(entry, line, &length);
    whole = strlen(line) == length;
    claimed = memmem(line, length, claim, sizeof claim - 1);
    prefix_read(&prefix, entry, line);
    entry->tag = prefix.readdressed ? "" : prefix.tag;
    length -= (size_t)(prefix.text - line);
    entry->text = prefix.text;
    entry->length = length;
    if ((*prefix.tag == '\0' || strcmp(prefix.tag, PREFIX_TAG) == 0)
        && strncmp(prefix.text, "event=", 6) == 0) {
        if (!prefix.readdressed) {
            read_text(entry, prefix.text, length);
            return;
        }
    }
    if (claimed != NULL) {
        entry->sort = whole ? ENTRY_FOREIGN : ENTRY_UNREADABLE;
        entry->why = "another program wrote it";
        if (!whole)
            entry->why = "the line holds NUL octets";
        else if (*prefix.tag == '\0' || claimed < prefix.text)
            entry->why = "what stands in front of it is not known";
    }
}
