/* scanf: what is read, how much, and where it stops. */
#include "common.h"

static char text[600];

#define TRY(input, format, ...)                                                             \
    do {                                                                                    \
        int got, end = -1;                                                                  \
        got = sscanf(input, format "%n", __VA_ARGS__, &end);                                \
        sprintf(text, "%s <- %s: %d %d", format, input, got, end);                          \
        result(text);                                                                       \
    } while (0)

#define INTEGER(type, print, input, format)                   \
    do {                                                      \
        type value = 99;                                      \
        TRY(input, format, &value);                           \
        sprintf(text, print, value);                          \
        result(text);                                         \
    } while (0)

#define WORD(input, format)                  \
    do {                                     \
        char word[64];                       \
        memset(word, '!', 63);               \
        word[63] = 0;                        \
        TRY(input, format, word);            \
        result(word);                        \
    } while (0)

int main(int argc, char **argv)
{
    int a = -1, b = -1, c = -1;
    FILE *file;

    begin(argc);
    (void)argv;
    INTEGER(int, "%d", "42", "%d");
    INTEGER(int, "%d", "  -42xyz", "%d");
    INTEGER(int, "%d", "+7", "%d");
    INTEGER(int, "%d", "x", "%d");
    INTEGER(int, "%d", "", "%d");
    INTEGER(int, "%d", "   ", "%d");
    INTEGER(int, "%d", "12345", "%3d");
    INTEGER(int, "%d", "0x1F", "%i");
    INTEGER(int, "%d", "017", "%i");
    INTEGER(int, "%d", "19", "%i");
    INTEGER(int, "%d", "08", "%i");
    INTEGER(int, "%d", "0x1F", "%d");
    INTEGER(unsigned int, "%u", "ff", "%x");
    INTEGER(unsigned int, "%u", "0xff", "%x");
    INTEGER(unsigned int, "%u", "-1", "%u");
    INTEGER(unsigned int, "%u", "777", "%o");
    INTEGER(long, "%ld", "-9223372036854775808", "%ld");
    INTEGER(long long, "%lld", "123456789012", "%lld");
    INTEGER(unsigned long, "%lu", "18446744073709551615", "%lu");
    INTEGER(short, "%d", "70000", "%hd");
    INTEGER(signed char, "%d", "300", "%hhd");
    INTEGER(size_t, "%zu", "77", "%zu");
    INTEGER(float, "%a", "3.25", "%f");
    INTEGER(float, "%a", "-1e-3x", "%e");
    INTEGER(double, "%a", "0.1", "%lf");
    INTEGER(double, "%a", ".5", "%lg");
    INTEGER(double, "%a", "5.", "%lg");
    INTEGER(double, "%a", "0x1.8p3", "%lf");
    INTEGER(double, "%a", "inf", "%lf");
    INTEGER(double, "%a", "infinity", "%lf");
    INTEGER(double, "%a", "123456", "%3lf");
    INTEGER(double, "%a", "-", "%lf");
    INTEGER(long double, "%La", "1e4000", "%Lf");
    WORD("hello world", "%s");
    WORD("   hello", "%3s");
    WORD("hello", "%[a-h]");
    WORD("hello", "%[^l]");
    WORD("]x", "%[]x]");
    WORD("a-b", "%[a-]");
    WORD("xyz", "%[abc]");
    WORD("ab cd", "%c");
    WORD("ab cd", "%4c");
    WORD("  ab", " %c");
    WORD("%5", "%%%s");
    sprintf(text, "%d", sscanf("10-20/30", "%d-%d/%d", &a, &b, &c));
    result(text);
    sprintf(text, "%d %d %d", a, b, c);
    result(text);
    sprintf(text, "%d", sscanf("1 2 3", "%d%*d%d", &a, &b));
    result(text);
    sprintf(text, "%d %d", a, b);
    result(text);
    sprintf(text, "%d", sscanf("0.9.27", "%d.%d.%d", &a, &b, &c));
    result(text);
    sprintf(text, "%d %d %d", a, b, c);
    result(text);
    end_block("strings");

    file = fopen("scanf.tmp", "w+");
    fprintf(file, "1 2 word 3.5\n-7;rest\n");
    rewind(file);
    {
        char word[20];
        double real;
        sprintf(text, "%d", fscanf(file, "%d %d %s %lf", &a, &b, word, &real));
        result(text);
        sprintf(text, "%d %d %s %g", a, b, word, real);
        result(text);
        sprintf(text, "%d", fscanf(file, "%d;", &c));
        result(text);
        fgets(word, 20, file);
        sprintf(text, "%d '%s' %ld", c, word, ftell(file));
        result(text);
        sprintf(text, "%d", fscanf(file, "%d", &c));
        result(text);
    }
    fclose(file);
    remove("scanf.tmp");
    end_block("file");
    return 0;
}
