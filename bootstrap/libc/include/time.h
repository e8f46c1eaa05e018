/* time.h (C99 7.23, and POSIX as marked). Local time is UTC: there is no time zone database here. */
#ifndef _TIME_H
#define _TIME_H

#include <stddef.h>
#include <sys/types.h>

typedef long clock_t;
#define CLOCKS_PER_SEC 1000000L

struct tm {
    int tm_sec, tm_min, tm_hour;
    int tm_mday, tm_mon, tm_year;   /* month from 0, year from 1900 */
    int tm_wday, tm_yday;           /* Sunday is 0; day of the year from 0 */
    int tm_isdst;
};
struct timespec {
    time_t tv_sec;
    long tv_nsec;
};

time_t time(time_t *to);
clock_t clock(void);
double difftime(time_t later, time_t earlier);
time_t mktime(struct tm *broken_down);
struct tm *gmtime(const time_t *seconds);
struct tm *localtime(const time_t *seconds);
char *asctime(const struct tm *broken_down);
char *ctime(const time_t *seconds);
size_t strftime(char *to, size_t size, const char *format, const struct tm *broken_down);

/* POSIX */
struct tm *gmtime_r(const time_t *seconds, struct tm *to);
struct tm *localtime_r(const time_t *seconds, struct tm *to);
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
int clock_gettime(int clock, struct timespec *to);
int nanosleep(const struct timespec *wanted, struct timespec *left);

#endif
