/* strftime.c: dates as text, in the "C" locale. */
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[7][10] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"
};
static const char months[12][10] = {
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December"
};

size_t strftime(char *to, size_t size, const char *format, const struct tm *t)
{
    size_t used = 0;
    char part[128];

    for (; *format != 0; format++) {
        int length;
        if (*format != '%') {
            part[0] = *format;
            length = 1;
        } else {
            switch (*++format) {
            case 'a': length = sprintf(part, "%.3s", days[t->tm_wday]); break;
            case 'A': length = sprintf(part, "%s", days[t->tm_wday]); break;
            case 'b': case 'h': length = sprintf(part, "%.3s", months[t->tm_mon]); break;
            case 'B': length = sprintf(part, "%s", months[t->tm_mon]); break;
            case 'c': length = (int)strftime(part, sizeof part, "%a %b %e %H:%M:%S %Y", t); break;
            case 'C': length = sprintf(part, "%02d", (t->tm_year + 1900) / 100); break;
            case 'd': length = sprintf(part, "%02d", t->tm_mday); break;
            case 'D': case 'x': length = (int)strftime(part, sizeof part, "%m/%d/%y", t); break;
            case 'e': length = sprintf(part, "%2d", t->tm_mday); break;
            case 'F': length = (int)strftime(part, sizeof part, "%Y-%m-%d", t); break;
            case 'H': length = sprintf(part, "%02d", t->tm_hour); break;
            case 'I': length = sprintf(part, "%02d", (t->tm_hour + 11) % 12 + 1); break;
            case 'j': length = sprintf(part, "%03d", t->tm_yday + 1); break;
            case 'm': length = sprintf(part, "%02d", t->tm_mon + 1); break;
            case 'M': length = sprintf(part, "%02d", t->tm_min); break;
            case 'n': length = sprintf(part, "\n"); break;
            case 'p': length = sprintf(part, "%s", t->tm_hour < 12 ? "AM" : "PM"); break;
            case 'R': length = (int)strftime(part, sizeof part, "%H:%M", t); break;
            case 'S': length = sprintf(part, "%02d", t->tm_sec); break;
            case 't': length = sprintf(part, "\t"); break;
            case 'T': case 'X': length = (int)strftime(part, sizeof part, "%H:%M:%S", t); break;
            case 'u': length = sprintf(part, "%d", (t->tm_wday + 6) % 7 + 1); break;
            case 'w': length = sprintf(part, "%d", t->tm_wday); break;
            case 'y': length = sprintf(part, "%02d", (t->tm_year + 1900) % 100); break;
            case 'Y': length = sprintf(part, "%d", t->tm_year + 1900); break;
            case 'z': length = sprintf(part, "+0000"); break;
            case 'Z': length = sprintf(part, "UTC"); break;
            case '%': length = sprintf(part, "%%"); break;
            default: return 0;
            }
        }
        if (used + (size_t)length >= size)
            return 0;
        memcpy(to + used, part, (size_t)length);
        used += (size_t)length;
    }
    if (size > 0)
        to[used] = 0;
    return used;
}

char *asctime(const struct tm *broken_down)
{
    static char text[64];
    strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y\n", broken_down);
    return text;
}

char *ctime(const time_t *seconds)
{
    return asctime(localtime(seconds));
}
