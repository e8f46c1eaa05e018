/* time.c: clocks and the calendar. Local time is UTC. */
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "internal.h"

int gettimeofday(struct timeval *to, void *zone)
{
    return (int)CALL2(SYS_gettimeofday, to, zone);
}

int clock_gettime(int clock, struct timespec *to)
{
    return (int)CALL2(SYS_clock_gettime, clock, to);
}

time_t time(time_t *to)
{
    struct timeval now;
    if (gettimeofday(&now, NULL) < 0)
        return -1;
    if (to != NULL)
        *to = now.tv_sec;
    return now.tv_sec;
}

clock_t clock(void)
{
    enum { CLOCK_PROCESS_CPUTIME_ID = 2 };
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0)
        return -1;
    return used.tv_sec * CLOCKS_PER_SEC + used.tv_nsec / 1000;
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    return (int)CALL2(SYS_nanosleep, wanted, left);
}

unsigned int sleep(unsigned int seconds)
{
    struct timespec wanted;
    wanted.tv_sec = seconds;
    wanted.tv_nsec = 0;
    return nanosleep(&wanted, &wanted) < 0 ? (unsigned int)wanted.tv_sec : 0;
}

int usleep(unsigned int microseconds)
{
    struct timespec wanted;
    wanted.tv_sec = microseconds / 1000000;
    wanted.tv_nsec = microseconds % 1000000 * 1000L;
    return nanosleep(&wanted, NULL);
}

double difftime(time_t later, time_t earlier)
{
    return (double)(later - earlier);
}

/* Days from 1 January 1970 to the first of March of a year, counted so that the leap day is the last
   of its year (Gregorian: a leap day every 4 years, not every 100, but every 400). */
static long days_to_march(long year)
{
    long centuries = year >= 0 ? year / 100 : (year - 99) / 100;
    long fours = year >= 0 ? year / 4 : (year - 3) / 4;
    long leaps = centuries >= 0 ? centuries / 4 : (centuries - 3) / 4;
    return year * 365 + fours - centuries + leaps - 719468;
}

/* Days before each month in a year that begins with March. */
static const int month_starts[12] = { 0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337 };

static int is_leap(long year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

struct tm *gmtime_r(const time_t *seconds, struct tm *to)
{
    long days = *seconds / 86400, rest = *seconds % 86400, year, day;
    int month;

    if (rest < 0) {
        rest += 86400;
        days--;
    }
    to->tm_hour = (int)(rest / 3600);
    to->tm_min = (int)(rest / 60 % 60);
    to->tm_sec = (int)(rest % 60);
    to->tm_wday = (int)(((days + 4) % 7 + 7) % 7);   /* 1 January 1970 was a Thursday */

    year = 1970 + days / 366;                        /* a first guess, never too late by much */
    while (days_to_march(year + 1) <= days)
        year++;
    while (days_to_march(year) > days)
        year--;
    day = days - days_to_march(year);
    for (month = 11; month_starts[month] > day; month--)
        ;
    to->tm_mday = (int)(day - month_starts[month]) + 1;
    to->tm_mon = (month + 2) % 12;
    year += month >= 10;                             /* January and February belong to the next */
    to->tm_year = (int)(year - 1900);
    to->tm_yday = month >= 10 ? (int)day - 306 : (int)day + 59 + is_leap(year);
    to->tm_isdst = 0;
    return to;
}

struct tm *localtime_r(const time_t *seconds, struct tm *to)
{
    return gmtime_r(seconds, to);
}

struct tm *gmtime(const time_t *seconds)
{
    static struct tm broken_down;
    return gmtime_r(seconds, &broken_down);
}

struct tm *localtime(const time_t *seconds)
{
    return gmtime(seconds);
}

time_t mktime(struct tm *broken_down)
{
    long months = broken_down->tm_mon, year = 1900L + broken_down->tm_year;
    time_t seconds;

    year += months / 12;
    months %= 12;
    if (months < 0) {
        months += 12;
        year--;
    }
    if (months < 2)
        year--;
    seconds = days_to_march(year) + month_starts[(months + 10) % 12] + broken_down->tm_mday - 1;
    seconds = ((seconds * 24 + broken_down->tm_hour) * 60 + broken_down->tm_min) * 60
        + broken_down->tm_sec;
    gmtime_r(&seconds, broken_down);
    return seconds;
}
