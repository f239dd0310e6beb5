/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log. A line is put together by whoever has something to say, in a buffer
 * of its own, and copied into one ring of fixed size; a thread takes the lines out and
 * hands them to syslog or stderr, which may block for as long as they like: an
 * answer to the MTA never waits for them. This file knows how values are
 * escaped; it knows nothing of what the lines are about.
 */
#include "milter/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { RING_SIZE = 1 << 20, STOP_SECONDS = 1, PAUSE_MS = 10 };

struct record {
    uint16_t length;
    uint16_t priority;
};

/* The process has one log, as it has one stderr; libmilter's callbacks have no other way to it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t writer;
    bool started, stopping, to_stderr;
    bool waiting;       /* the writer has to be woken */
    size_t first, used; /* octets of the ring */
    size_t lost;        /* lines that found no room and are not told yet */
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};
static char ring[RING_SIZE];

/* ---- Lines ---- */

static bool append(struct log_line *line, const char *text, size_t length)
{
    if (length >= sizeof line->text - line->length)
        return false;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    line->text[line->length] = '\0';
    return true;
}

static void append_key(struct log_line *line, const char *key)
{
    if (line->length != 0)
        append(line, " ", 1);
    append(line, key, strlen(key));
    append(line, "=", 1);
}

/* How one octet is printed; answers the length. */
static size_t escape(unsigned char octet, char printed[5])
{
    if (octet == '"' || octet == '\\')
        return (size_t)snprintf(printed, 5, "\\%c", octet);
    if (octet < 0x20 || octet > 0x7e)
        return (size_t)snprintf(printed, 5, "\\x%02X", octet);
    printed[0] = (char)octet;
    return 1;
}

static void append_quoted(struct log_line *line, const char *value, size_t limit)
{
    char quoted[LOG_TEXT_MAX + 3] = "\"";
    size_t length = 1;
    for (; *value != '\0'; value++) {
        char printed[5];
        size_t size = escape((unsigned char)*value, printed);
        if (length - 1 + size > limit)
            break;
        memcpy(quoted + length, printed, size);
        length += size;
    }
    quoted[length++] = '"';
    append(line, quoted, length);
}

void log_begin(struct log_line *line, const char *event)
{
    line->length = 0;
    log_word(line, "event", event);
}

void log_word(struct log_line *line, const char *key, const char *word)
{
    append_key(line, key);
    if (word != NULL)
        append(line, word, strlen(word));
}

void log_number(struct log_line *line, const char *key, size_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", number);
    log_word(line, key, text);
}

void log_quoted(struct log_line *line, const char *key, const char *value)
{
    append_key(line, key);
    if (value != NULL)
        append_quoted(line, value, LOG_VALUE_MAX);
}

void log_text(struct log_line *line, const char *key, const char *text)
{
    append_key(line, key);
    if (text != NULL)
        append_quoted(line, text, LOG_TEXT_MAX);
}

/* ---- The queue; its lock is held by whoever calls these ---- */

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

static bool queue_put(int priority, const struct log_line *line)
{
    struct record record = {(uint16_t)line->length, (uint16_t)priority};
    if (sizeof record + line->length > RING_SIZE - queue.used)
        return false;
    ring_put(&record, sizeof record);
    ring_put(line->text, line->length);
    return true;
}

/* Tells of lost lines, once there is room for more than that. */
static void queue_put_lost(void)
{
    struct log_line line;
    if (RING_SIZE - queue.used < 2 * LOG_LINE_SIZE)
        return;
    log_begin(&line, "log");
    log_number(&line, "lost", queue.lost);
    if (queue_put(LOG_ERR, &line))
        queue.lost = 0;
}

void log_write(int priority, const struct log_line *line)
{
    pthread_mutex_lock(&queue.lock);
    if (queue.lost != 0)
        queue_put_lost();
    if (queue.lost != 0 || !queue_put(priority, line))
        queue.lost++;
    bool wake = queue.waiting;
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
 * Waits for a line; the lock is held. First for a moment without being woken: where many log,
 * their lines gather, and none of them pays for a change of threads.
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
static bool queue_take(struct log_line *line, int *priority)
{
    pthread_mutex_lock(&queue.lock);
    queue_wait();
    if (queue.used == 0 && queue.lost != 0)
        queue_put_lost();
    bool taken = queue.used != 0;
    if (taken) {
        struct record record;
        ring_get(&record, sizeof record);
        ring_get(line->text, record.length);
        line->length = record.length;
        line->text[line->length] = '\0';
        *priority = record.priority;
    }
    pthread_mutex_unlock(&queue.lock);
    return taken;
}

/* What became of the last lines on stderr. Of the writing thread alone. */
struct outlet {
    size_t lost; /* lines that could not be written, and are not told yet */
    bool torn;   /* the last one was written in part, and has no end */
};

/* Waits for room where stderr is not to block: the queue is long, and counts what finds no place in it. */
static bool wait_for_room(void)
{
    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&room, 1, -1) >= 0 || errno == EINTR;
}

/* False: it cannot be written, or not all of it. */
static bool write_stderr(struct outlet *outlet, const struct log_line *line)
{
    char octets[LOG_LINE_SIZE + 2];
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

/* A line that cannot be written, as on a full disk, is told of in front of the next one that can be. */
static void write_or_count(struct outlet *outlet, const struct log_line *line)
{
    struct log_line lost;
    if (outlet->lost != 0) {
        log_begin(&lost, "log");
        log_number(&lost, "lost", outlet->lost);
        if (write_stderr(outlet, &lost))
            outlet->lost = 0;
    }
    if (outlet->lost != 0 || !write_stderr(outlet, line))
        outlet->lost++;
}

static void *write_lines(void *unused)
{
    struct outlet outlet = {0, false};
    struct log_line line;
    int priority;
    while (queue_take(&line, &priority)) {
        if (queue.to_stderr)
            write_or_count(&outlet, &line);
        else
            syslog(priority, "%s", line.text);
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
    if (!queue.started)
        return true;
    pthread_mutex_lock(&queue.lock);
    queue.stopping = true;
    pthread_cond_signal(&queue.filled);
    pthread_mutex_unlock(&queue.lock);

    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_SECONDS;
    queue.started = pthread_timedjoin_np(queue.writer, NULL, &deadline) != 0;
    return !queue.started;
}
