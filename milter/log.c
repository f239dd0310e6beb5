/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log. A line gets its number and is copied into one ring of fixed size. A thread takes the lines out and
 * hands them to syslog or stderr, which may block for as long as they like: an answer to the MTA never waits
 * for them. This file does not know what a line says.
 */
#include "milter/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "milter/counters.h"

enum { RING_SIZE = 1 << 20, STOP_SECONDS = 1, PAUSE_MS = 10, END_SIZE = 64 };

struct record {
    uint16_t length;
    uint16_t priority;
};

/* One per process, as there is one stderr: libmilter's callbacks are given no pointer to it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t writer;
    bool started, stopping, to_stderr;
    bool waiting;       /* the writer sleeps and has to be woken */
    size_t first, used; /* octets of the ring */
    size_t lost;        /* lines that did not fit and are not reported yet */
    uint64_t number;    /* of the last line */
    char run[17];       /* hexadecimal; "": there was no line yet */
    char policy[LOG_POLICY_MAX + 1];
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};
static char ring[RING_SIZE];

/* A line with its end. */
struct whole_line {
    int priority;
    size_t length;
    char text[LOG_LINE_SIZE + END_SIZE];
};

void log_policy(struct log_line *line)
{
    pthread_mutex_lock(&queue.lock);
    log_word(line, "policy", queue.policy);
    pthread_mutex_unlock(&queue.lock);
}

void log_name_policy(const char *digest)
{
    pthread_mutex_lock(&queue.lock);
    snprintf(queue.policy, sizeof queue.policy, "%s", digest);
    pthread_mutex_unlock(&queue.lock);
}

/* ---- The queue; the caller holds its lock ---- */

static void ring_put(const void *octets, size_t length)
{
    size_t end = (queue.first + queue.used) % RING_SIZE;
    size_t before_wrap = length < RING_SIZE - end ? length : RING_SIZE - end;

    memcpy(ring + end, octets, before_wrap);
    memcpy(ring, (const char *)octets + before_wrap, length - before_wrap);
    queue.used += length;
}

static void ring_get(void *octets, size_t length)
{
    size_t before_wrap = length < RING_SIZE - queue.first ? length : RING_SIZE - queue.first;

    memcpy(octets, ring + queue.first, before_wrap);
    memcpy((char *)octets + before_wrap, ring, length - before_wrap);
    queue.first = (queue.first + length) % RING_SIZE;
    queue.used -= length;
}

/* Without random numbers, the time and the process id identify this run as well as they can. */
static void name_run(void)
{
    uint64_t run;
    struct timespec now;

    if (getrandom(&run, sizeof run, GRND_NONBLOCK) != sizeof run) {
        clock_gettime(CLOCK_REALTIME, &now);
        run = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec << 16 ^ (uint64_t)getpid();
    }
    snprintf(queue.run, sizeof queue.run, "%016" PRIx64, run);
}

/* Takes the next number and writes the line's end. Returns its length. */
static size_t number_line(char end[END_SIZE])
{
    char digits[24];
    size_t first = sizeof digits, length;

    if (queue.run[0] == '\0')
        name_run();
    queue.number++;
    for (uint64_t number = queue.number; number > 0; number /= 10)
        digits[--first] = (char)('0' + number % 10);
    length = (size_t)(stpcpy(stpcpy(stpcpy(end, " run="), queue.run), " seq=") - end);
    memcpy(end + length, digits + first, sizeof digits - first);
    length += sizeof digits - first;
    end[length] = '\0';
    return length;
}

/* The line gets a number even if it does not fit. */
static bool queue_put(int priority, const struct log_line *line)
{
    char end[END_SIZE];
    size_t end_length = number_line(end), length = line->length + end_length;
    struct record record = {(uint16_t)length, (uint16_t)priority};

    if (sizeof record + length > RING_SIZE - queue.used)
        return false;
    ring_put(&record, sizeof record);
    ring_put(line->text, line->length);
    ring_put(end, end_length);
    return true;
}

/* Reports lost lines, once there is room for the report and another line. */
static void queue_put_lost(void)
{
    struct log_line line;

    if (RING_SIZE - queue.used < 2 * LOG_LINE_SIZE)
        return;
    log_begin(&line, "log");
    log_number(&line, "lost", queue.lost);
    log_word(&line, "policy", queue.policy);
    if (queue_put(LOG_ERR, &line))
        queue.lost = 0;
}

void log_write(int priority, const struct log_line *line)
{
    bool lost;
    bool wake;

    pthread_mutex_lock(&queue.lock);
    if (queue.lost != 0)
        queue_put_lost();
    lost = queue.lost != 0;
    if (lost)
        queue.number++;
    if (lost || !queue_put(priority, line)) {
        queue.lost++;
        counters_add(COUNTER_LOG_LOST, 1);
    }
    wake = queue.waiting;
    queue.waiting = false;
    pthread_mutex_unlock(&queue.lock);
    if (wake)
        pthread_cond_signal(&queue.filled);
}

/* ---- The thread that writes ---- */

static bool queue_idle(void)
{
    return queue.used == 0 && queue.lost == 0 && !queue.stopping;
}

/*
 * Waits for a line; the lock is held. Sleeps for a short time first, so that lines are written together
 * and the threads that log need not wake this one each time.
 */
static void queue_wait(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

    if (queue_idle()) {
        pthread_mutex_unlock(&queue.lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&queue.lock);
    }
    while (queue_idle()) {
        queue.waiting = true;
        pthread_cond_wait(&queue.filled, &queue.lock);
    }
    queue.waiting = false;
}

/* Waits for a line. False: there is none left, and none will come. */
static bool queue_take(struct whole_line *line)
{
    bool taken;

    pthread_mutex_lock(&queue.lock);
    queue_wait();
    if (queue.used == 0 && queue.lost != 0)
        queue_put_lost();
    taken = queue.used != 0;
    if (taken) {
        struct record record;

        ring_get(&record, sizeof record);
        ring_get(line->text, record.length);
        line->length = record.length;
        line->text[line->length] = '\0';
        line->priority = record.priority;
    }
    pthread_mutex_unlock(&queue.lock);
    return taken;
}

/* The state of stderr. Only the thread that writes uses it. */
struct outlet {
    size_t lost;        /* lines that could not be written, and are not reported yet */
    bool torn;          /* the last line was written in part, and has no end */
    char end[END_SIZE]; /* of the line that reports lost ones; "": it has no number yet */
};

/* Waits until stderr, if it is non-blocking, takes more: meanwhile the queue keeps or counts the lines. */
static bool wait_for_room(void)
{
    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&room, 1, -1) >= 0 || errno == EINTR;
}

/* False: the line could not be written, or not all of it. */
static bool write_stderr(struct outlet *outlet, const struct whole_line *line)
{
    char octets[sizeof line->text + 2];
    size_t length = 0, sent = 0;

    if (outlet->torn)
        octets[length++] = '\n';
    memcpy(octets + length, line->text, line->length);
    length += line->length;
    octets[length++] = '\n';
    while (sent < length) {
        ssize_t written = write(STDERR_FILENO, octets + sent, length - sent);

        if (written < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room())))
            continue;
        if (written < 0)
            break;
        sent += (size_t)written;
    }
    if (sent > 0)
        outlet->torn = octets[sent - 1] != '\n';
    return sent == length;
}

/* Makes the line that reports lost ones. It keeps its number until it is written. */
static void make_lost_line(struct outlet *outlet, struct whole_line *whole)
{
    struct log_line line;

    log_begin(&line, "log");
    log_number(&line, "lost", outlet->lost);
    log_policy(&line);
    if (outlet->end[0] == '\0') {
        pthread_mutex_lock(&queue.lock);
        number_line(outlet->end);
        pthread_mutex_unlock(&queue.lock);
    }
    whole->length = (size_t)snprintf(whole->text, sizeof whole->text, "%s%s", line.text, outlet->end);
}

/* A line that cannot be written (a full disk) is counted; the count is written before the next line. */
static void write_or_count(struct outlet *outlet, const struct whole_line *line)
{
    struct whole_line lost;

    if (outlet->lost != 0) {
        make_lost_line(outlet, &lost);
        if (write_stderr(outlet, &lost)) {
            outlet->lost = 0;
            outlet->end[0] = '\0';
        }
    }
    if (outlet->lost != 0 || !write_stderr(outlet, line)) {
        outlet->lost++;
        counters_add(COUNTER_LOG_LOST, 1);
    }
}

static void *write_lines(void *unused)
{
    struct outlet outlet = {.lost = 0};
    struct whole_line line;

    while (queue_take(&line)) {
        if (queue.to_stderr)
            write_or_count(&outlet, &line);
        else
            syslog(line.priority, "%s", line.text);
    }
    return unused;
}

bool log_start(bool to_stderr)
{
    queue.to_stderr = to_stderr;
    if (!to_stderr)
        openlog("forcetls-milter", LOG_PID, LOG_MAIL);
    queue.started = pthread_create(&queue.writer, NULL, write_lines, NULL) == 0;
    return queue.started;
}

bool log_stop(void)
{
    struct timespec deadline;

    if (!queue.started)
        return true;
    pthread_mutex_lock(&queue.lock);
    queue.stopping = true;
    pthread_cond_signal(&queue.filled);
    pthread_mutex_unlock(&queue.lock);

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_SECONDS;
    queue.started = pthread_timedjoin_np(queue.writer, NULL, &deadline) != 0;
    return !queue.started;
}
