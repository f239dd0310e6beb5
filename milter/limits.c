/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The limits that the daemon sets itself before it has a thread. Without descriptors libmilter's listener
 * spins at full speed; and each of its threads would take 8 MiB of addresses for its stack, the default.
 */
#include "milter/limits.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>
#include "milter/log.h"

/* A verdict, facts and a log line take some 25 KiB of a callback's stack; the sanitizers take more. */
enum { THREAD_STACK = 1024 * 1024, DESCRIPTORS_WANTED = 16384, LARGE_MEMORY = 128 * 1024 };

static void warn(const char *text)
{
    struct log_line line;

    log_begin(&line, "warning");
    log_text(&line, "text", text);
    log_write(LOG_WARNING, &line);
}

static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < DESCRIPTORS_WANTED)
        warn("fewer than 16384 file descriptors are allowed (RLIMIT_NOFILE)");
}

/* If stderr is closed, the next socket gets its number, and the log would be written to that socket. */
static void open_standard_files(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

void limits_set(void)
{
    pthread_attr_t attributes;

    open_standard_files();
    raise_descriptors();
    /*
     * glibc raises this threshold after the first free(). If it is fixed, the big arrays of a policy grow in
     * place and go back to the system.
     */
    mallopt(M_MMAP_THRESHOLD, LARGE_MEMORY);
    if (pthread_attr_init(&attributes) == 0) {
        pthread_attr_setstacksize(&attributes, THREAD_STACK);
        pthread_setattr_default_np(&attributes);
        pthread_attr_destroy(&attributes);
    }
    if (geteuid() == 0)
        warn("running as root, which is not needed");
}

size_t limits_connections(size_t least, size_t most)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 >= most)
        return most;
    return limit.rlim_cur / 4 > least ? (size_t)limit.rlim_cur / 4 : least;
}
