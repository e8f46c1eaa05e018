/* paths.c: names of files that the file system has to be asked about. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* Resolves links by asking the kernel where it got to: open the file, read /proc/self/fd/N. Fails
   where /proc is not mounted. */
char *realpath(const char *path, char *to)
{
    enum { O_PATH = 010000000 };
    char name[40], *result = to;
    ssize_t length;
    int descriptor = open(path, O_PATH | O_CLOEXEC);

    if (descriptor < 0)
        return NULL;
    sprintf(name, "/proc/self/fd/%d", descriptor);
    if (result == NULL)
        result = malloc(PATH_MAX);
    if (result != NULL) {
        length = readlink(name, result, PATH_MAX - 1);
        if (length < 0) {
            if (to == NULL)
                free(result);
            result = NULL;
        } else {
            result[length] = 0;
        }
    }
    close(descriptor);
    return result;
}

/* Replaces the six X at the end by letters that name no file yet. */
int mkstemp(char *pattern)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = strlen(pattern);
    struct timeval now;
    unsigned long random;
    int tries, i, descriptor;

    if (length < 6 || strcmp(pattern + length - 6, "XXXXXX") != 0) {
        errno = EINVAL;
        return -1;
    }
    gettimeofday(&now, NULL);
    random = (unsigned long)now.tv_usec * 1000003UL + (unsigned long)getpid();
    for (tries = 0; tries < 1000; tries++) {
        unsigned long rest = random += 7919;
        for (i = 1; i <= 6; i++, rest /= 36)
            pattern[length - (size_t)i] = letters[rest % 36];
        descriptor = open(pattern, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (descriptor >= 0 || errno != EEXIST)
            return descriptor;
    }
    return -1;
}
