/* Strings, characters, integers, sorting, searching, the heap. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <strings.h>
#include "common.h"

static char text[600];

static int sign(int value) { return (value > 0) - (value < 0); }

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void integers(void)
{
    static const char *const words[] = { "", "0", "-", "+5", " \t\n-12x", "0x", "0x1g", "0X7f", "08", "017", "zz", "ZZ",
        "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "18446744073709551615", "18446744073709551616", "-1", "-18446744073709551615",
        "1111111111111111111111111111111111111111111111111111111111111111", "12345678901234567890123" };
    static const int bases[] = { 0, 2, 8, 10, 16, 36 };
    size_t w, b;
    for (w = 0; w < sizeof words / sizeof words[0]; w++)
        for (b = 0; b < 6; b++) {
            char *l_end, *u_end;
            long l;
            unsigned long u;
            int l_error, u_error;
            errno = 0;
            l = strtol(words[w], &l_end, bases[b]);
            l_error = errno;
            errno = 0;
            u = strtoul(words[w], &u_end, bases[b]);
            u_error = errno;
            sprintf(text, "%s %d: %ld %ld %d, %lu %ld %d", words[w], bases[b], l, (long)(l_end - words[w]), l_error,
                    u, (long)(u_end - words[w]), u_error);
            result(text);
        }
    sprintf(text, "%d %ld %d %ld %d", atoi("42abc"), atol("-77"), abs(-5), labs(-6L), div(-7, 2).rem);
    result(text);
    end_block("integers");
}

static void strings(void)
{
    char a[64], b[64], *rest;
    int i, j;
    for (i = 0; i < 3000; i++) {
        uint64_t r = random64();
        int a_length = (int)(r & 15), b_length = (int)(r >> 4 & 3), n = (int)(r >> 8 & 15);
        for (j = 0; j < a_length; j++)
            a[j] = (char)((j & 3 ? 'a' : 'A') + (random64() % 3 == 0));
        for (j = 0; j < b_length; j++)
            b[j] = (char)('a' + (random64() % 3 == 0));
        a[a_length] = b[b_length] = 0;
        rest = strstr(a, b);
        sprintf(text, "%s %s %d: %d %d %d %d %d %d %d %d %d %d %d %d", a, b, n, (int)strlen(a), (int)strnlen(a, 7),
                sign(strcmp(a, b)), sign(strncmp(a, b, (size_t)n)), sign(strcasecmp(a, b)),
                sign(strncasecmp(a, b, (size_t)n)), rest == NULL ? -1 : (int)(rest - a), (int)strspn(a, b),
                (int)strcspn(a, b), strpbrk(a, b) == NULL ? -1 : (int)(strpbrk(a, b) - a),
                strchr(a, 'b') == NULL ? -1 : (int)(strchr(a, 'b') - a),
                strrchr(a, 'b') == NULL ? -1 : (int)(strrchr(a, 'b') - a));
        result(text);
        strcpy(text, a);
        strncat(text, b, (size_t)n);
        result(text);
        memset(text, '#', 40);
        text[40] = 0;
        strncpy(text, a, (size_t)n);
        for (j = 0; j < 40; j++)
            text[j] = text[j] ? text[j] : '0';
        result(text);
        memcpy(text, "0123456789abcdefghijklmnopqrstuvwxyz", 37);
        memmove(text + n, text + (r >> 12 & 15), r >> 16 & 15);
        result(text);
        memset(text + n, 'x', r >> 16 & 15);
        result(text);
        sprintf(text + 100, "%d", sign(memcmp(a, b, (size_t)(a_length < b_length ? a_length : b_length))));
        result(text + 100);
    }
    strcpy(a, ",one,,two three,");
    for (rest = strtok(a, ","); rest != NULL; rest = strtok(NULL, ", "))
        result(rest);
    result(strdup("copied"));
    result(strndup("copied", 3));
    result(strerror(ENOENT));
    result(strerror(ERANGE));
    end_block("strings");
    for (i = -1; i < 256; i++) {
        sprintf(text, "%d: %d%d%d%d%d%d%d%d%d%d%d%d %d %d", i, !!isalnum(i), !!isalpha(i), !!isblank(i),
                !!iscntrl(i), !!isdigit(i), !!isgraph(i), !!islower(i), !!isprint(i), !!ispunct(i), !!isspace(i),
                !!isupper(i), !!isxdigit(i), tolower(i), toupper(i));
        result(text);
    }
    end_block("characters");
}

static void sorting(void)
{
    static uint64_t values[2000];
    int n, i, ordered, found;
    for (n = 0; n < 2000; n = n * 3 / 2 + 1) {
        for (i = 0; i < n; i++)
            values[i] = random64() % (uint64_t)(n + 1);
        qsort(values, (size_t)n, sizeof values[0], compare);
        for (ordered = 1, i = 1; i < n; i++)
            ordered &= values[i - 1] <= values[i];
        for (found = 0, i = 0; i <= n; i++) {
            uint64_t key = (uint64_t)i, *where = bsearch(&key, values, (size_t)n, sizeof values[0], compare);
            found += where != NULL && *where == key;
        }
        sprintf(text, "%d %d %d", n, ordered, found);
        result(text);
    }
    end_block("sorting");
}

static void heap(void)
{
    static unsigned char *blocks[500];
    static size_t sizes[500];
    long errors = 0, i;
    size_t j;
    for (i = 0; i < 200000; i++) {
        uint64_t r = random64();
        size_t which = r % 500, size = (r >> 10) % 100 == 0 ? (r >> 20) % 900000 : (r >> 20) % 300;
        for (j = 0; j < sizes[which]; j += 1 + sizes[which] / 50)
            errors += blocks[which][j] != (unsigned char)(which + j);
        if (blocks[which] == NULL || (r >> 60 & 1)) {
            blocks[which] = realloc(blocks[which], size + 1);
        } else {
            free(blocks[which]);
            blocks[which] = (r >> 61 & 1) ? calloc(size + 1, 1) : malloc(size + 1);
            if (r >> 61 & 1)
                for (j = 0; j < size; j++)
                    errors += blocks[which][j] != 0;
        }
        errors += ((uintptr_t)blocks[which] & 15) != 0;
        sizes[which] = size;
        for (j = 0; j < size; j++)
            blocks[which][j] = (unsigned char)(which + j);
    }
    sprintf(text, "%ld", errors);
    result(text);
    sprintf(text, "%d %d", malloc((size_t)-100) == NULL, calloc((size_t)1 << 40, (size_t)1 << 40) == NULL);
    result(text);
    end_block("heap");
}

int main(int argc, char **argv)
{
    begin(argc);
    (void)argv;
    integers();
    strings();
    sorting();
    heap();
    setenv("LIBC_TEST", "one", 1);
    setenv("LIBC_TEST", "two", 0);
    result(getenv("LIBC_TEST"));
    setenv("LIBC_TEST", "three", 1);
    result(getenv("LIBC_TEST"));
    unsetenv("LIBC_TEST");
    result(getenv("LIBC_TEST") == NULL ? "gone" : "there");
    end_block("environment");
    return 0;
}
