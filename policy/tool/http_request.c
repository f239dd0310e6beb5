/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of HTTP/1 (RFC 9110, RFC 9112) as a request for one page needs: the request line and the header
 * field Accept. Other fields are ignored.
 */
#include "policy/tool/http_request.h"

#include <string.h>
#include <strings.h>

/* A part of the head. */
struct span {
    const char *at;
    size_t length;
};

static struct span empty_lines_skipped(const char *octets, size_t length)
{
    struct span head = {octets, length};

    while (head.length > 0 && (*head.at == '\r' || *head.at == '\n')) {
        head.at++;
        head.length--;
    }
    return head;
}

/* Returns the text before `end`, and moves past it and `end`. Without `end`, returns all of the text. */
static struct span take(struct span *text, char end)
{
    const char *found = text->length > 0 ? memchr(text->at, end, text->length) : NULL;
    struct span part = {text->at, found != NULL ? (size_t)(found - text->at) : text->length};
    size_t used = part.length + (found != NULL ? 1 : 0);

    text->at += used;
    text->length -= used;
    return part;
}

static struct span trimmed(struct span text)
{
    while (text.length > 0 && (*text.at == ' ' || *text.at == '\t')) {
        text.at++;
        text.length--;
    }
    while (text.length > 0 && strchr(" \t\r", text.at[text.length - 1]) != NULL)
        text.length--;
    return text;
}

static bool is(struct span text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.at, word, text.length) == 0;
}

static bool begins(struct span text, const char *word)
{
    return text.length >= strlen(word) && strncasecmp(text.at, word, strlen(word)) == 0;
}

/* The head, with the empty line that ends it. *whole: whether that line is there. */
static struct span find_head(const char *octets, size_t length, bool *whole)
{
    struct span rest = empty_lines_skipped(octets, length), head = rest;

    *whole = false;
    while (rest.length > 0 && !*whole) {
        struct span line = take(&rest, '\n');
        bool ended = line.at + line.length != rest.at;

        *whole = ended && trimmed(line).length == 0;
    }
    head.length -= rest.length;
    return head;
}

bool http_request_is_whole(const char *octets, size_t length)
{
    bool whole;

    find_head(octets, length, &whole);
    return whole;
}

/* ---- Accept ---- */

enum { WEIGHT_MAX = 1000 };

/* The weights that Accept gives, in thousandths. -1: Accept does not name the type. */
struct weights {
    int openmetrics, text, any;
};

/* Reads a weight: "0.5" is 500. A malformed weight is 0. */
static int read_weight(struct span text)
{
    int weight = 0, digit = WEIGHT_MAX;

    for (size_t i = 0; i < text.length; i++) {
        if (i == 1 && text.at[i] == '.')
            continue;
        if (text.at[i] < '0' || text.at[i] > '9' || i > 4)
            return 0;
        weight += (text.at[i] - '0') * digit;
        digit /= 10;
    }
    return weight <= WEIGHT_MAX ? weight : WEIGHT_MAX;
}

static struct span unquoted(struct span text)
{
    if (text.length >= 2 && text.at[0] == '"' && text.at[text.length - 1] == '"')
        return (struct span){text.at + 1, text.length - 2};
    return text;
}

/* Reads the parameters of a media type. Returns its version (empty: none); *weight gets its weight. */
static struct span read_parameters(struct span text, int *weight)
{
    struct span version = {"", 0};

    *weight = WEIGHT_MAX;
    while (text.length > 0) {
        struct span value = trimmed(take(&text, ';'));
        struct span name = trimmed(take(&value, '='));

        if (is(name, "q"))
            *weight = read_weight(trimmed(value));
        else if (is(name, "version"))
            version = unquoted(trimmed(value));
    }
    return version;
}

static void raise_to(int *weight, int more)
{
    if (more > *weight)
        *weight = more;
}

/* Takes one element of Accept into account. A type in a version that we do not write does not count. */
static void weigh(struct weights *weights, struct span element)
{
    struct span type = trimmed(take(&element, ';'));
    int weight;
    struct span version = read_parameters(element, &weight);

    if (is(type, "application/openmetrics-text") && (version.length == 0 || is(version, "1.0.0")))
        raise_to(&weights->openmetrics, weight);
    else if (is(type, "text/plain") && (version.length == 0 || is(version, "0.0.4")))
        raise_to(&weights->text, weight);
    else if (is(type, "text/*") || is(type, "*/*"))
        raise_to(&weights->any, weight);
}

/* ---- the head ---- */

static void read_fields(struct http_request *request, struct span head)
{
    struct weights weights = {-1, -1, -1};
    int classic;

    while (head.length > 0) {
        struct span value = take(&head, '\n');

        if (!is(take(&value, ':'), "accept"))
            continue;
        while (value.length > 0)
            weigh(&weights, take(&value, ','));
    }
    classic = weights.text >= 0 ? weights.text : weights.any;

    request->openmetrics = weights.openmetrics > 0 && weights.openmetrics >= classic;
}

/* Reads the path of "/metrics?x=1" or "http://host/metrics". */
static void read_target(struct http_request *request, struct span target)
{
    if (begins(target, "http://")) {
        struct span host;
        size_t slash;

        target.at += strlen("http://");
        target.length -= strlen("http://");
        host = take(&target, '/');
        slash = (size_t)(target.at - host.at) - host.length; /* 0: there is no slash */

        target.at -= slash;
        target.length += slash;
    }
    target = take(&target, '?');
    if (target.length >= sizeof request->path)
        target.length = sizeof request->path - 1;
    memcpy(request->path, target.at, target.length);
    request->path[target.length] = '\0';
}

unsigned http_request_read(struct http_request *request, const char *octets, size_t length)
{
    bool whole;
    struct span head = find_head(octets, length, &whole), all = head;
    struct span line = take(&head, '\n');
    struct span method = take(&line, ' '), target = take(&line, ' '), version = trimmed(line);

    *request = (struct http_request){.head = is(method, "HEAD")};
    if (memchr(all.at, '\0', all.length) != NULL || method.length == 0 || target.length == 0
        || !begins(version, "HTTP/"))
        return HTTP_BAD_REQUEST;
    if (!begins(version, "HTTP/1."))
        return HTTP_VERSION;
    if (!is(method, "GET") && !is(method, "HEAD"))
        return HTTP_METHOD_NOT_ALLOWED;
    read_target(request, target);
    read_fields(request, head);
    return HTTP_OK;
}
