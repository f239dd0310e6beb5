/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads an imported file as text in UTF-8. Knows the encodings that Windows writes. Knows nothing of what the
 * text means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include "policy/tool/import/import.h"

enum { FILE_MAX = 64 << 20, CHUNK = 65536 };

struct octets {
    char *data; /* malloc'd, one octet larger than the data */
    size_t count;
};

/* Reads the whole stream. NULL: good; else what is wrong. */
static const char *read_stream(FILE *stream, struct octets *octets)
{
    size_t got;

    do {
        char *more = realloc(octets->data, octets->count + CHUNK + 1);

        if (more == NULL)
            return "out of memory";
        octets->data = more;
        got = fread(octets->data + octets->count, 1, CHUNK, stream);
        octets->count += got;
        if (octets->count > FILE_MAX)
            return "larger than 64 MiB";
    } while (got > 0);
    octets->data[octets->count] = '\0';
    return ferror(stream) ? strerror(errno) : NULL;
}

static unsigned unit_at(const unsigned char *data, size_t i, bool big)
{
    return big ? (unsigned)data[2 * i] << 8 | data[2 * i + 1] : (unsigned)data[2 * i + 1] << 8 | data[2 * i];
}

/* Converts UTF-16, after its byte order mark, to UTF-8. NULL: good; else what is wrong. */
static const char *convert(struct octets *octets, bool big)
{
    const unsigned char *data = (const unsigned char *)octets->data + 2;
    size_t units = (octets->count - 2) / 2, length = 0;
    uint8_t *text;

    if (octets->count % 2 != 0)
        return "UTF-16 that ends within a character";
    text = malloc(3 * units + 1);
    if (text == NULL)
        return "out of memory";
    for (size_t i = 0; i < units; i++) {
        UChar32 character = (UChar32)unit_at(data, i, big);

        if (U16_IS_SURROGATE(character)) {
            unsigned next = i + 1 < units ? unit_at(data, i + 1, big) : 0;

            if (!U16_IS_SURROGATE_LEAD(character) || !U16_IS_TRAIL(next)) {
                free(text);
                return "not UTF-16";
            }
            character = U16_GET_SUPPLEMENTARY(character, next);
            i++;
        }
        U8_APPEND_UNSAFE(text, length, character);
    }
    text[length] = '\0';
    free(octets->data);
    *octets = (struct octets){(char *)text, length};
    return NULL;
}

static bool begins(const struct octets *octets, const char *mark, size_t length)
{
    return octets->count >= length && memcmp(octets->data, mark, length) == 0;
}

static const char *decode(struct octets *octets, bool utf16)
{
    bool big = begins(octets, "\xFE\xFF", 2), little = begins(octets, "\xFF\xFE", 2);

    if ((big || little) && utf16)
        return convert(octets, big);
    if (octets->count >= 2 && octets->data[0] != '\0' && octets->data[1] == '\0')
        return "UTF-16 without a byte order mark; save it as UTF-8";
    return big || little ? "UTF-16; save it as UTF-8" : NULL;
}

/* Reports the first NUL or invalid octet, with its line. False: there is one. */
static bool check_text(struct import *import, const char *file, const struct octets *octets)
{
    const uint8_t *text = (const uint8_t *)octets->data;
    unsigned line = 1;

    for (size_t i = 0; i < octets->count;) {
        UChar32 character;

        U8_NEXT(text, i, octets->count, character);

        if (character <= 0) {
            import_error(import, file, line, character == 0 ? "a NUL octet" : "not UTF-8");
            return false;
        }
        line += character == '\n';
    }
    return true;
}

char *import_read(struct import *import, const char *file, bool utf16)
{
    FILE *stream = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    struct octets octets = {NULL, 0};
    const char *wrong;
    char *text = NULL;

    if (stream == NULL) {
        import_error(import, file, 0, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    wrong = read_stream(stream, &octets);
    if (stream != stdin)
        fclose(stream);
    if (wrong == NULL)
        wrong = decode(&octets, utf16);
    if (wrong != NULL)
        import_error(import, file, 0, "cannot be read: %s", wrong);
    else if (check_text(import, file, &octets)) {
        size_t mark = begins(&octets, "\xEF\xBB\xBF", 3) ? 3 : 0;

        text = import_alloc(import, octets.count - mark + 1);
        memcpy(text, octets.data + mark, octets.count - mark);
    }
    free(octets.data);
    return text;
}
