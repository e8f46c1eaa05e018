/* The calendar: seconds to dates, dates to seconds, dates as text. */
#include <time.h>
#include "common.h"

int main(int argc, char **argv)
{
    static const long chosen[] = { 0, -1, 1, 86399, 86400, 951782399, 951782400, 951868800, 4107542400, 68169600,
        -2203891200, 1709164800, 1709251200, 2147483647, 253402300799 };
    char text[400], date[200];
    int i;

    begin(argc);
    (void)argv;
    for (i = 0; i < 5000; i++) {
        time_t seconds = i < 15 ? chosen[i] : (long)(random64() % 200000000000UL) - 30000000000L;
        struct tm t = *gmtime(&seconds);
        strftime(date, sizeof date, "%a %A %b %B %c %C %d %D %e %F %H %I %j %m %M %p %R %S %T %u %w %x %X %y %Y %%", &t);
        sprintf(text, "%ld: %d %d %d %d %d %d %d %d %s", (long)seconds, t.tm_sec, t.tm_min, t.tm_hour, t.tm_mday,
                t.tm_mon, t.tm_year, t.tm_wday, t.tm_yday, date);
        result(text);
        result(asctime(&t));
        t.tm_mon += (int)(random64() % 40) - 20;
        t.tm_mday += (int)(random64() % 400) - 200;
        t.tm_sec += (int)(random64() % 400000) - 200000;
        sprintf(text, "%ld", (long)mktime(&t));
        result(text);
        sprintf(text, "%d %d %d %d %d", t.tm_mday, t.tm_mon, t.tm_year, t.tm_wday, t.tm_yday);
        result(text);
    }
    end_block("calendar");
    return 0;
}
