/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends a filter the mail of a scenario (scenario.h) over many connections at a
 * time, compares what came of each with what had to, and prints one line of what it
 * counted. One thread serves whoever is answered; this file knows who is to speak
 * next, and for how long, but not what is said.
 *
 *   driver -s SOCKET -f SCENARIO [-c CONNECTIONS] [-m MAILS_A_SESSION] [-n MAILS | -t SECONDS]
 *          [-r MAILS_A_SECOND] [-p PID_OF_THE_FILTER] [-F FACTS_SOCKET] [-i]
 *
 * Sockets are paths of unix sockets. -r: begins mails at that pace, whatever the answers take. -i: opens
 * the connections, greets, and looks at the filter's memory while they idle. SIGTERM: ends with the mails
 * that are under way.
 * Exit status: 0 good; 1 wrong outcomes, errors or timeouts; 2 it could not run.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "conversation.h"

/* STRIDE, a prime: sessions begin all over the scenario, however few they are. */
enum { STRIDE = 7919, TIMEOUT_SECONDS = 30, FIRST_PORT = 10000, WRONG_SHOWN = 10, EVENTS_AT_ONCE = 64 };
#define SECOND UINT64_C(1000000000)

struct place {
    struct conversation conversation;
    bool open;
    long mails; /* of this session */
    uint64_t due;
};

/* What the filter's process uses. */
struct usage {
    uint64_t cpu_ns;
    long rss_kib, descriptors;
};

struct driver {
    const char *socket, *facts_socket;
    long connections, mails_a_session, mails_max;
    double seconds, rate;
    pid_t filter;
    bool idle;
    struct scenario scenario;
    struct place *places;
    int events, reports;
    size_t next_kind;
    long open, idling;
    uint64_t begun_at;
    long begun, mails, sessions, wrong, errors, timeouts;
    uint32_t *latency_us; /* of MAIL, by mail */
    size_t latency_room;
};

static void read_options(struct driver *driver, int argc, char **argv)
{
    const char *scenario = NULL;
    int option;
    while ((option = getopt(argc, argv, "s:f:c:m:n:t:r:p:F:i")) != -1) {
        switch (option) {
        case 's':
            driver->socket = optarg;
            break;
        case 'f':
            scenario = optarg;
            break;
        case 'c':
            driver->connections = atol(optarg);
            break;
        case 'm':
            driver->mails_a_session = atol(optarg);
            break;
        case 'n':
            driver->mails_max = atol(optarg);
            break;
        case 't':
            driver->seconds = atof(optarg);
            break;
        case 'r':
            driver->rate = atof(optarg);
            break;
        case 'p':
            driver->filter = (pid_t)atol(optarg);
            break;
        case 'F':
            driver->facts_socket = optarg;
            break;
        case 'i':
            driver->idle = true;
            break;
        default:
            give_up("unknown option: the comment in driver.c tells");
        }
    }
    if (driver->socket == NULL || scenario == NULL || driver->connections < 1 || driver->mails_a_session < 1)
        give_up("-s and -f are needed, -c and -m are at least 1");
    scenario_read(&driver->scenario, scenario);
}

/* ---- The filter's process ---- */

static long descriptors_of(pid_t filter)
{
    char path[64];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)filter);
    DIR *directory = opendir(path);
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count - 2; /* "." and ".." */
}

static struct usage usage_of(pid_t filter)
{
    struct usage usage = {0};
    char path[64];
    long pages = 0;
    clockid_t clock;
    struct timespec used;
    if (filter == 0)
        return usage;
    if (clock_getcpuclockid(filter, &clock) == 0 && clock_gettime(clock, &used) == 0)
        usage.cpu_ns = (uint64_t)used.tv_sec * SECOND + (uint64_t)used.tv_nsec;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)filter);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
        give_up("%s: %s", path, strerror(errno));
    fclose(file);
    usage.rss_kib = pages * (sysconf(_SC_PAGESIZE) / 1024);
    usage.descriptors = descriptors_of(filter);
    return usage;
}

/* ---- Connections ---- */

static int connect_to(const char *path)
{
    const struct timeval limit = {TIMEOUT_SECONDS, 0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || strlen(path) >= sizeof address.sun_path)
        give_up("%s: no socket, or too long a path", path);
    strcpy(address.sun_path, path);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        give_up("%s: %s", path, strerror(errno));
    return fd;
}

static bool more_to_do(const struct driver *driver)
{
    if (driver->seconds > 0 && monotonic_ns() - driver->begun_at >= (uint64_t)(driver->seconds * 1e9))
        return false;
    return driver->begun < driver->mails_max;
}

static void open_place(struct driver *driver, struct place *place)
{
    struct conversation *conversation = &place->conversation;
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = place};
    memset(conversation, 0, sizeof *conversation);
    conversation->fd = connect_to(driver->socket);
    conversation->port = FIRST_PORT + (int)(place - driver->places);
    conversation->reports = &driver->reports;
    if (epoll_ctl(driver->events, EPOLL_CTL_ADD, conversation->fd, &wanted) != 0)
        give_up("epoll: %s", strerror(errno));
    place->open = true;
    driver->open++;
    place->mails = 0;
    conversation_begin(conversation, &driver->scenario.kinds[driver->next_kind]);
    driver->next_kind = (driver->next_kind + STRIDE) % driver->scenario.count;
}

static void close_place(struct driver *driver, struct place *place)
{
    conversation_end(&place->conversation);
    place->open = false;
    driver->open--;
    driver->sessions++;
}

/* ---- Outcomes ---- */

static void show(const struct conversation *conversation)
{
    const struct kind *kind = conversation->kind;
    fprintf(stderr, "wrong: from=%s helo=%s client=%s: %s\n", kind->from, kind->helo, kind->client,
            conversation->outcome);
    for (size_t i = 0; i < kind->expect_count; i++)
        fprintf(stderr, "   expected: %s\n", kind->expect[i]);
}

static void judge(struct driver *driver, const struct conversation *conversation)
{
    if ((size_t)driver->mails == driver->latency_room) {
        driver->latency_room = driver->latency_room == 0 ? 1 << 16 : 2 * driver->latency_room;
        driver->latency_us =
            reallocarray(driver->latency_us, driver->latency_room, sizeof *driver->latency_us);
        if (driver->latency_us == NULL)
            give_up("out of memory");
    }
    driver->latency_us[driver->mails++] = (uint32_t)(conversation->mail_ns / 1000);
    if (!kind_expects(conversation->kind, conversation->outcome) && driver->wrong++ < WRONG_SHOWN)
        show(conversation);
}

/* ---- Turns ---- */

/* Begins the next mail where it is time for it, in this session or in a new one. */
static void begin_mail(struct driver *driver, struct place *place)
{
    struct conversation *conversation = &place->conversation;
    uint64_t now = monotonic_ns();
    if (driver->rate > 0) {
        if (now < place->due)
            return;
        place->due += (uint64_t)(1e9 * (double)driver->connections / driver->rate);
    }
    if (!more_to_do(driver)) {
        close_place(driver, place);
        return;
    }
    driver->begun++;
    const struct kind *kind = place->mails++ == 0 ? conversation->kind : conversation->kind->next;
    conversation_mail(conversation, kind, (uint64_t)driver->begun);
}

/* What a conversation that waits for nothing does next. */
static void take_turn(struct driver *driver, struct place *place)
{
    struct conversation *conversation = &place->conversation;
    if (conversation->state == BROKEN) {
        if (driver->errors++ < WRONG_SHOWN)
            show(conversation);
        close_place(driver, place);
        if (more_to_do(driver))
            open_place(driver, place);
    } else if (driver->idle) {
        driver->idling++;
    } else if (place->mails == driver->mails_a_session) {
        close_place(driver, place);
        if (more_to_do(driver))
            open_place(driver, place);
    } else {
        begin_mail(driver, place);
    }
}

static void serve(struct driver *driver, struct place *place)
{
    struct conversation *conversation = &place->conversation;
    bool waited = conversation->state == WAITING;
    conversation_hear(conversation);
    if (waited && conversation->state == READY && place->mails != 0)
        judge(driver, conversation);
    if ((waited && conversation->state == READY) || conversation->state == BROKEN)
        take_turn(driver, place);
}

/* SIGTERM: no further mail is begun. Taken as one more thing that can be read. */
static void end_on_request(struct driver *driver)
{
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = NULL};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (epoll_ctl(driver->events, EPOLL_CTL_ADD, signalfd(-1, &signals, SFD_CLOEXEC), &wanted) != 0)
        give_up("signalfd: %s", strerror(errno));
}

/* Gives up on who waits for too long, and begins the mails that had to wait for their time. */
static void look_around(struct driver *driver)
{
    uint64_t now = monotonic_ns();
    for (long i = 0; i < driver->connections; i++) {
        struct place *place = &driver->places[i];
        if (!place->open)
            continue;
        if (place->conversation.state == WAITING
            && now - place->conversation.asked_at > TIMEOUT_SECONDS * SECOND) {
            driver->timeouts++;
            close_place(driver, place);
        } else if (place->conversation.state == READY && !driver->idle) {
            begin_mail(driver, place);
        }
    }
}

static void run(struct driver *driver)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    uint64_t looked = monotonic_ns(), pause = driver->rate > 0 ? SECOND / 1000 : SECOND;
    end_on_request(driver);
    for (long i = 0; i < driver->connections; i++) {
        driver->places[i].due =
            driver->begun_at + (uint64_t)i * SECOND / (uint64_t)(driver->rate > 1 ? driver->rate : 1);
        open_place(driver, &driver->places[i]);
    }
    while (driver->open > 0 && driver->idling < driver->connections) {
        int count = epoll_wait(driver->events, events, EVENTS_AT_ONCE, (int)(pause / (SECOND / 1000)));
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                driver->mails_max = 0;
            else
                serve(driver, events[i].data.ptr);
        }
        if (monotonic_ns() - looked < pause)
            continue;
        looked = monotonic_ns();
        look_around(driver);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void print_result(struct driver *driver, struct usage before, struct usage after)
{
    size_t mails = (size_t)driver->mails;
    double seconds = (double)(monotonic_ns() - driver->begun_at) / 1e9, each = mails > 0 ? (double)mails : 1;
    uint32_t median = 0, tail = 0;
    if (mails > 0) {
        qsort(driver->latency_us, mails, sizeof *driver->latency_us, by_size);
        median = driver->latency_us[mails / 2];
        tail = driver->latency_us[mails - 1 - mails / 100];
    }
    printf(
        "result mails=%ld sessions=%ld seconds=%.3f wrong=%ld errors=%ld timeouts=%ld mails_per_second=%.1f "
        "mail_p50_us=%u mail_p99_us=%u cpu_us_per_mail=%.3f rss_before_kib=%ld rss_kib=%ld descriptors=%ld\n",
        driver->mails, driver->sessions, seconds, driver->wrong, driver->errors, driver->timeouts,
        (double)mails / seconds, median, tail, (double)(after.cpu_ns - before.cpu_ns) / 1e3 / each,
        before.rss_kib, after.rss_kib, after.descriptors);
}

int main(int argc, char **argv)
{
    struct driver driver = {.connections = 10, .mails_a_session = 1, .mails_max = INT64_MAX, .reports = -1};
    struct rlimit files;
    read_options(&driver, argc, argv);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    driver.places = calloc((size_t)driver.connections, sizeof *driver.places);
    driver.events = epoll_create1(EPOLL_CLOEXEC);
    if (driver.places == NULL || driver.events < 0)
        give_up("out of memory or descriptors");
    if (driver.facts_socket != NULL)
        driver.reports = connect_to(driver.facts_socket);

    struct usage before = usage_of(driver.filter);
    driver.begun_at = monotonic_ns();
    run(&driver);
    print_result(&driver, before, usage_of(driver.filter));
    return driver.wrong != 0 || driver.errors != 0 || driver.timeouts != 0;
}
