/* string.c: strings that end in a zero byte. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <ctype.h>

size_t strlen(const char *text)
{
    const char *end = text;
    while (*end != 0)
        end++;
    return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;
    while (length < limit && text[length] != 0)
        length++;
    return length;
}

char *stpcpy(char *to, const char *from)
{
    while ((*to = *from++) != 0)
        to++;
    return to;
}

char *strcpy(char *to, const char *from)
{
    stpcpy(to, from);
    return to;
}

/* Fills the rest with zeros, and writes no zero if there is no room: that is what C asks for. */
char *strncpy(char *to, const char *from, size_t length)
{
    size_t i;
    for (i = 0; i < length && from[i] != 0; i++)
        to[i] = from[i];
    for (; i < length; i++)
        to[i] = 0;
    return to;
}

char *strcat(char *to, const char *from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *to, const char *from, size_t length)
{
    char *end = to + strlen(to);
    while (length-- > 0 && *from != 0)
        *end++ = *from++;
    *end = 0;
    return to;
}

int strcmp(const char *a, const char *b)
{
    while (*a != 0 && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t length)
{
    for (; length > 0; length--, a++, b++) {
        if (*a != *b)
            return (unsigned char)*a - (unsigned char)*b;
        if (*a == 0)
            break;
    }
    return 0;
}

int strcoll(const char *a, const char *b)
{
    return strcmp(a, b);
}

int strncasecmp(const char *a, const char *b, size_t length)
{
    for (; length > 0; length--, a++, b++) {
        int difference = tolower((unsigned char)*a) - tolower((unsigned char)*b);
        if (difference != 0 || *a == 0)
            return difference;
    }
    return 0;
}

int strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, (size_t)-1);
}

char *strchr(const char *text, int c)
{
    for (;; text++) {
        if (*text == (char)c)
            return (char *)text;
        if (*text == 0)
            return NULL;
    }
}

char *strrchr(const char *text, int c)
{
    const char *found = NULL;
    for (;; text++) {
        if (*text == (char)c)
            found = text;
        if (*text == 0)
            return (char *)found;
    }
}

char *strstr(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (;; text++) {
        if (strncmp(text, part, length) == 0)
            return (char *)text;
        if (*text == 0)
            return NULL;
    }
}

/* Length of the start of text whose characters are all (wanted 1) or none (0) of the set. */
static size_t span(const char *text, const char *set, int wanted)
{
    size_t length = 0;
    while (text[length] != 0 && (strchr(set, text[length]) != NULL) == wanted)
        length++;
    return length;
}

size_t strspn(const char *text, const char *set) { return span(text, set, 1); }
size_t strcspn(const char *text, const char *set) { return span(text, set, 0); }

char *strpbrk(const char *text, const char *set)
{
    text += strcspn(text, set);
    return *text != 0 ? (char *)text : NULL;
}

char *strtok_r(char *text, const char *separators, char **rest)
{
    char *token = text != NULL ? text : *rest;
    token += strspn(token, separators);
    *rest = token + strcspn(token, separators);
    if (token == *rest)
        return NULL;
    if (**rest != 0)
        *(*rest)++ = 0;
    return token;
}

char *strtok(char *text, const char *separators)
{
    static char *rest;
    return strtok_r(text, separators, &rest);
}

char *strndup(const char *text, size_t limit)
{
    size_t length = strnlen(text, limit);
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *strdup(const char *text)
{
    return strndup(text, strlen(text));
}
