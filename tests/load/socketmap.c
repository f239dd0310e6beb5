/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Speaks socketmap(5), for the bench of outbound.
 *   socketmap serve SOCKET         the least that a server can do: the same answer to every request
 *   socketmap ask SOCKET KEYS CONNECTIONS SECONDS WANTED
 *                                  asks for the keys of a file in turn, one request at a time on each
 *                                  connection; prints "asked=N wrong=N seconds=S"; wrong is what does not
 *                                  begin with WANTED
 *   socketmap hold SOCKET CONNECTIONS
 *                                  asks once on each connection, prints "held", and keeps them open until
 *                                  its input ends
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64, ROOM = 16384, KEYS_MAX = 1 << 20 };

static const char constant[] = "121:OK secure match=p.example:.p.example protocols=>=TLSv1.2 "
                               "exclude=aNULL:eNULL:EXP:MD5:RC2:RC4:DES:3DES servername=hostname,";

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void watch(int events, int fd)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(events, EPOLL_CTL_ADD, fd, &wanted) != 0)
        fail("epoll_ctl");
}

static void raise_limit(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- serve ---- */

/* A request comes in one piece here, and is not looked at. */
static void answer(int fd)
{
    char octets[ROOM];
    ssize_t got = read(fd, octets, sizeof octets);

    if (got <= 0 || send(fd, constant, sizeof constant - 1, MSG_NOSIGNAL) < 0)
        close(fd);
}

static void serve(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), events = epoll_create1(0);
    struct epoll_event ready[EVENTS];

    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1024) != 0)
        fail(path);
    watch(events, listener);
    for (;;) {
        int count = epoll_wait(events, ready, EVENTS, -1);

        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd == listener)
                watch(events, accept(listener, NULL, NULL));
            else
                answer(ready[i].data.fd);
        }
    }
}

/* ---- ask ---- */

struct keys {
    char **request; /* netstrings */
    size_t count;
};

static struct keys read_keys(const char *path)
{
    FILE *file = fopen(path, "r");
    struct keys keys = {malloc(KEYS_MAX * sizeof(char *)), 0};
    char line[512], request[600];

    if (file == NULL || keys.request == NULL)
        fail(path);
    while (keys.count < KEYS_MAX && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(request, sizeof request, "%zu:postfix %s,", strlen(line) + strlen("postfix "), line);
        keys.request[keys.count++] = strdup(request);
    }
    fclose(file);
    return keys;
}

static int open_one(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        if (errno != EAGAIN && errno != EINTR)
            fail(path);
    return fd;
}

static void put(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        fail("send");
}

/* Reads one answer, which comes in one piece or a few; whether it begins as wanted. */
static bool get(int fd, const char *wanted)
{
    char octets[ROOM];
    size_t have = 0, length;
    char *colon;

    for (;;) {
        ssize_t got = read(fd, octets + have, sizeof octets - 1 - have);

        if (got <= 0)
            fail("read");
        have += (size_t)got;
        octets[have] = '\0';
        length = strtoul(octets, &colon, 10);
        if (*colon == ':' && (size_t)(colon + 1 - octets) + length + 1 <= have)
            return strncmp(colon + 1, wanted, strlen(wanted)) == 0;
    }
}

static void ask(const char *path, const struct keys *keys, int connections, double limit, const char *wanted)
{
    int events = epoll_create1(0);
    struct epoll_event ready[EVENTS];
    size_t next = 0, asked = 0, wrong = 0;
    double begun = seconds(), now;

    for (int i = 0; i < connections; i++) {
        int fd = open_one(path);

        watch(events, fd);
        put(fd, keys->request[next++ % keys->count]);
    }
    while ((now = seconds()) < begun + limit) {
        int count = epoll_wait(events, ready, EVENTS, 1000);

        for (int i = 0; i < count; i++) {
            wrong += !get(ready[i].data.fd, wanted);
            asked++;
            put(ready[i].data.fd, keys->request[next++ % keys->count]);
        }
    }
    printf("asked=%zu wrong=%zu seconds=%.6f\n", asked, wrong, now - begun);
}

/* ---- hold ---- */

static void hold(const char *path, int connections)
{
    for (int i = 0; i < connections; i++) {
        int fd = open_one(path);

        put(fd, "19:postfix nobody.test,");
        (void)get(fd, "");
    }
    puts("held");
    fflush(stdout);
    while (getchar() != EOF) {
    }
}

int main(int argc, char **argv)
{
    raise_limit();
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(argv[2]);
    if (argc == 7 && strcmp(argv[1], "ask") == 0) {
        struct keys keys = read_keys(argv[3]);

        ask(argv[2], &keys, atoi(argv[4]), atof(argv[5]), argv[6]);
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "hold") == 0) {
        hold(argv[2], atoi(argv[3]));
        return 0;
    }
    fputs("usage: see socketmap.c\n", stderr);
    return 64;
}
