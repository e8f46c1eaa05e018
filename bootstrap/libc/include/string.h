/* string.h: bytes and strings (C99 7.21, and POSIX as marked). */
#ifndef _STRING_H
#define _STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
void *memchr(const void *where, int byte, size_t length);

size_t strlen(const char *text);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t length);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t length);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t length);
int strcoll(const char *a, const char *b);
char *strchr(const char *text, int c);
char *strrchr(const char *text, int c);
char *strstr(const char *text, const char *part);
size_t strspn(const char *text, const char *set);
size_t strcspn(const char *text, const char *set);
char *strpbrk(const char *text, const char *set);
char *strtok(char *text, const char *separators);
char *strerror(int number);

/* POSIX */
size_t strnlen(const char *text, size_t limit);
char *strdup(const char *text);
char *strndup(const char *text, size_t limit);
char *strtok_r(char *text, const char *separators, char **rest);
char *stpcpy(char *to, const char *from);

#endif
