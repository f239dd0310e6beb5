/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gets the certificate that a mail server shows: a minimal SMTP client up to STARTTLS, then TLS without any
 * verification, with whatever the server offers. The connection has a time limit, and so has all that
 * follows. Only an error reply is kept.
 */
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "policy/names/network.h"
#include "policy/tool/cert/cert.h"

enum { PATIENCE = 20, LINE_SIZE = 1024, LINE_OCTETS_MAX = 16384, LINES_MAX = 200 };

struct dialogue {
    int file;
    time_t end;
    struct connection *connection;
};

static bool wrong(const struct dialogue *dialogue, const char *what, const char *detail)
{
    snprintf(dialogue->connection->why, sizeof dialogue->connection->why, "%s%s%.160s", what,
             *detail ? ": " : "", detail);
    return false;
}

static time_t seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Waits until the socket is ready. False: it took too long. */
static bool await(const struct dialogue *dialogue, short events)
{
    struct pollfd wait = {dialogue->file, events, 0};
    time_t left = dialogue->end - seconds();

    return left > 0 && poll(&wait, 1, (int)left * 1000) > 0;
}

/* ---- SMTP ---- */

static bool put(const struct dialogue *dialogue, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t sent = await(dialogue, POLLOUT) ? send(dialogue->file, text, left, MSG_NOSIGNAL) : -1;

        if (sent < 0)
            return wrong(dialogue, "the connection broke", "");
        text += sent;
        left -= (size_t)sent;
    }
    return true;
}

/*
 * Reads one octet at a time: what comes after the line belongs to TLS, and must stay in the socket. Keeps
 * only the beginning of a long line.
 */
static bool get_line(const struct dialogue *dialogue, char line[LINE_SIZE])
{
    size_t length = 0, taken = 0;

    while (taken < LINE_OCTETS_MAX) {
        char octet;
        ssize_t got;

        if (!await(dialogue, POLLIN))
            return wrong(dialogue, "no answer in time", "");
        got = recv(dialogue->file, &octet, 1, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0)
            return wrong(dialogue, "the server hung up", "");
        if (octet == '\n') {
            line[length] = '\0';
            return true;
        }
        taken++;
        if (length + 1 < LINE_SIZE && octet != '\r' && octet != '\0')
            line[length++] = octet;
    }
    return wrong(dialogue, "it is not an SMTP server", "an endless line");
}

/* Reads a reply with all its lines; `line` gets the last one. *starttls is set if a line offers STARTTLS. */
static bool get_reply(const struct dialogue *dialogue, char line[LINE_SIZE], bool *starttls)
{
    for (int lines = 0; lines < LINES_MAX; lines++) {
        if (!get_line(dialogue, line))
            return false;
        if (strspn(line, "0123456789") != 3)
            return wrong(dialogue, "it is not an SMTP server", line);
        if (starttls != NULL && strncasecmp(line + 3 + (line[3] != '\0'), "STARTTLS", 8) == 0)
            *starttls = true;
        if (line[3] != '-')
            return true;
    }
    return wrong(dialogue, "it is not an SMTP server", "an endless reply");
}

static bool starttls(const struct dialogue *dialogue)
{
    char line[LINE_SIZE] = "", name[256] = "localhost", hello[300];
    bool offered = false;

    gethostname(name, sizeof name - 1);
    snprintf(hello, sizeof hello, "EHLO %s\r\n", name);
    if (!get_reply(dialogue, line, NULL))
        return false;
    if (line[0] != '2')
        return wrong(dialogue, "the server takes no mail from here", line);
    if (!put(dialogue, hello) || !get_reply(dialogue, line, &offered))
        return false;
    if (line[0] != '2')
        return wrong(dialogue, "the server refuses EHLO", line);
    dialogue->connection->stage = CONNECTION_STARTTLS;
    if (!offered)
        return wrong(dialogue, "the server offers no STARTTLS", "");
    if (!put(dialogue, "STARTTLS\r\n") || !get_reply(dialogue, line, NULL))
        return false;
    return line[0] == '2' || wrong(dialogue, "the server refuses STARTTLS", line);
}

/* ---- TLS ---- */

static SSL *new_session(SSL_CTX *tls, const struct dialogue *dialogue, const char *host)
{
    const struct connection *connection = dialogue->connection;
    struct network address;
    SSL *session;

    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_min_proto_version(tls, connection->min_version > 0 ? connection->min_version : TLS1_VERSION);
    SSL_CTX_set_max_proto_version(tls, connection->max_version);
    SSL_CTX_set_cipher_list(tls, connection->ciphers != NULL ? connection->ciphers : "ALL:@SECLEVEL=0");
    session = SSL_new(tls);
    if (session == NULL || SSL_set_fd(session, dialogue->file) != 1
        || (!network_read_address(&address, host) && SSL_set_tlsext_host_name(session, host) != 1)) {
        SSL_free(session);
        return NULL;
    }
    return session;
}

static bool handshake(const struct dialogue *dialogue, SSL *session)
{
    const char *reason;

    for (;;) {
        int done = SSL_connect(session), what;

        if (done == 1)
            return true;
        what = SSL_get_error(session, done);
        if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_WANT_WRITE)
            break;
        if (!await(dialogue, what == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
            return wrong(dialogue, "the TLS handshake takes too long", "");
    }
    reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return wrong(dialogue, "the TLS handshake fails", reason != NULL ? reason : "the server hung up");
}

static STACK_OF(X509) *take_chain(const struct dialogue *dialogue, const char *host)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    SSL *session = tls != NULL ? new_session(tls, dialogue, host) : NULL;
    STACK_OF(X509) *shown, *chain = NULL;

    if (session == NULL) {
        wrong(dialogue, "OpenSSL cannot be set up", "");
    } else if (handshake(dialogue, session)) {
        shown = SSL_get_peer_cert_chain(session);
        chain = shown != NULL && sk_X509_num(shown) > 0 ? X509_chain_up_ref(shown) : NULL;
        if (chain == NULL)
            wrong(dialogue, "the server shows no certificate", "");
        dialogue->connection->stage = CONNECTION_DONE;
        snprintf(dialogue->connection->version, sizeof dialogue->connection->version, "%s",
                 SSL_get_version(session));
        snprintf(dialogue->connection->suite, sizeof dialogue->connection->suite, "%s",
                 SSL_get_cipher_name(session));
        snprintf(dialogue->connection->session, sizeof dialogue->connection->session, "%s, %s",
                 SSL_get_version(session), SSL_get_cipher_name(session));
    }
    SSL_free(session);
    SSL_CTX_free(tls);
    return chain;
}

/* ---- the connection ---- */

/* Splits "host", "host:port", "[v6]", "[v6]:port" or "v6". */
static void split(const char *target, char host[256], char port[16])
{
    const char *colon = strrchr(target, ':');
    bool bracket = *target == '[';
    size_t length;

    if (colon != NULL
        && ((!bracket && strchr(target, ':') != colon) || (bracket && colon < strchr(target, ']'))))
        colon = NULL; /* the colon is part of a v6 address */
    length = bracket ? strcspn(target + 1, "]") : colon != NULL ? (size_t)(colon - target) : strlen(target);
    snprintf(host, 256, "%.*s", (int)(length < 255 ? length : 255), target + bracket);
    snprintf(port, 16, "%.15s", colon != NULL ? colon + 1 : "25");
}

static time_t patience(const struct connection *connection)
{
    return connection->patience > 0 ? (time_t)connection->patience : PATIENCE;
}

static int open_address(struct dialogue *dialogue, const struct addrinfo *address)
{
    int why = 0;
    socklen_t size = sizeof why;

    dialogue->file = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    dialogue->end = seconds() + patience(dialogue->connection);
    if (dialogue->file < 0)
        return errno;
    if (connect(dialogue->file, address->ai_addr, address->ai_addrlen) != 0) {
        why = errno;
        if (why == EINPROGRESS && !await(dialogue, POLLOUT))
            why = ETIMEDOUT;
        else if (why == EINPROGRESS && getsockopt(dialogue->file, SOL_SOCKET, SO_ERROR, &why, &size) != 0)
            why = errno;
    }
    if (why == 0)
        return 0;
    close(dialogue->file);
    dialogue->file = -1;
    return why;
}

STACK_OF(X509) *cert_connect(const char *target, struct connection *connection)
{
    struct dialogue dialogue = {-1, 0, connection};
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char host[256], port[16];
    STACK_OF(X509) *chain = NULL;
    int error, why = 0;

    split(target, host, port);
    error = getaddrinfo(host, port, &hints, &found);
    if (error != 0) {
        wrong(&dialogue, "no such host or port", gai_strerror(error));
        return NULL;
    }
    for (const struct addrinfo *address = found; address != NULL && dialogue.file < 0;
         address = address->ai_next)
        why = open_address(&dialogue, address);
    freeaddrinfo(found);
    if (dialogue.file < 0) {
        wrong(&dialogue, "cannot be reached", strerror(why));
        return NULL;
    }
    dialogue.end = seconds() + 3 * patience(connection);
    connection->stage = CONNECTION_SMTP;
    if (strcmp(port, "465") == 0 || strcmp(port, "smtps") == 0 || starttls(&dialogue)) {
        connection->stage = CONNECTION_TLS;
        chain = take_chain(&dialogue, host);
    }
    close(dialogue.file);
    return chain;
}
