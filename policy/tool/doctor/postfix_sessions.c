/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS sessions from before Postfix was set to ask for certificates. A client that resumes such a session
 * shows no certificate. tlsmgr(8) holds the keys of all sessions, and a new tlsmgr, which "postfix reload"
 * starts, ends them. So what counts is whether the running tlsmgr is older than the configuration.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "policy/tool/doctor/postfix.h"

/* What is needed of /proc/PID/stat. */
struct process {
    char name[32];
    long parent;
    double started; /* seconds since 1970 */
};

static double seconds_of(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec / 1e9;
}

/* Converts ticks since the start of the machine, as Linux counts them, to seconds since 1970. 0: failed. */
static double time_of_ticks(unsigned long long ticks)
{
    struct timespec now, up;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
        return 0;
    return seconds_of(&now) - seconds_of(&up) + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

/* Fields of stat in proc(5), counted from 1 after the name. */
enum { PARENT = 2, START = 20 };

/* Returns the number in such a field. 0: there is none. */
static unsigned long long field(const char *text, unsigned number)
{
    text += strspn(text, " ");
    while (--number > 0) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    return strtoull(text, NULL, 10);
}

static bool read_process(const char *number, struct process *process)
{
    char path[300], text[1024], *name, *end;
    FILE *file;
    size_t length;

    snprintf(path, sizeof path, "/proc/%.20s/stat", number);
    file = fopen(path, "re");
    length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    text[length] = '\0';
    name = strchr(text, '(');
    end = strrchr(text, ')');
    if (name == NULL || end == NULL)
        return false;
    snprintf(process->name, sizeof process->name, "%.*s", (int)(end - name - 1), name + 1);
    process->parent = (long)field(end + 1, PARENT);
    process->started = time_of_ticks(field(end + 1, START));
    return process->started > 0;
}

/* Returns the process id of this Postfix's master. 0: it does not run. */
static long find_master(const struct postfix *postfix)
{
    char path[600], number[32] = "";
    struct process master;
    FILE *file;

    snprintf(path, sizeof path, "%s/pid/master.pid", postfix->queue_directory);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%20s", number) != 1)
        *number = '\0';
    fclose(file);
    return *number && read_process(number, &master) && strcmp(master.name, "master") == 0
               ? strtol(number, NULL, 10)
               : 0;
}

/* Returns when the tlsmgr of that master was started. 0: there is none, or it cannot be seen. */
static double find_tlsmgr(long master)
{
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    struct process process;
    double started = 0;

    while (directory != NULL && started == 0 && (entry = readdir(directory)) != NULL)
        if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name)
            && read_process(entry->d_name, &process) && process.parent == master
            && strcmp(process.name, "tlsmgr") == 0)
            started = process.started;
    if (directory != NULL)
        closedir(directory);
    return started;
}

/* Returns when a file of the configuration was changed. 0: it cannot be seen. */
static double time_of_change(const struct postfix *postfix, const char *name)
{
    char path[600];
    struct stat found;

    snprintf(path, sizeof path, "%s/%s", postconf_directory(postfix->postconf), name);
    return stat(path, &found) == 0 ? seconds_of(&found.st_mtim) : 0;
}

/* Whether main.cf or a service asks for certificates. */
static bool asks(const struct postfix *postfix)
{
    static const char parameter[] = "smtpd_tls_ask_ccert";
    bool any = postconf_is_yes(postfix->postconf, NULL, parameter);

    for (size_t i = 0; i < postconf_service_count(postfix->postconf) && !any; i++)
        any = postconf_is_yes(postfix->postconf, postconf_service(postfix->postconf, i), parameter);
    return any;
}

void doctor_postfix_sessions(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_tls_session_cache_timeout";
    static const char *const files[] = {"main.cf", "master.cf"};
    const struct survey *survey = &postfix->examination->survey;
    const char *partner = survey->names != NULL  ? survey->names
                          : survey->pins != NULL ? survey->pins
                                                 : survey->key_pins;
    long lifetime = postconf_seconds(postfix_text(postfix, subject)), master;
    double started;

    if (partner == NULL || lifetime <= 0 || !asks(postfix) || (master = find_master(postfix)) == 0)
        return;
    started = find_tlsmgr(master);
    for (size_t i = 0; i < sizeof files / sizeof files[0] && started > 0; i++) {
        double when = time_of_change(postfix, files[i]);

        if (when <= started || when + (double)lifetime < (double)postfix->examination->now)
            continue;
        remark(&postfix->examination->remarks, LEVEL_WARNING, subject,
               "%s: Postfix was not reloaded since %s was changed; if certificates are asked for only since "
               "then, TLS sessions from before are resumed without the one that partner %s must show",
               postfix_text(postfix, subject), files[i], partner);
        remark_change(&postfix->examination->remarks, "postfix reload");
        return;
    }
}
