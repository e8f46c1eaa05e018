/* dirent.h (POSIX): reading folders. */
#ifndef _DIRENT_H
#define _DIRENT_H

#include <sys/types.h>

/* As the kernel writes it (getdents64). */
struct dirent {
    unsigned long d_ino;
    long d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[256];
};
typedef struct __DIR DIR;

#define DT_UNKNOWN 0
#define DT_DIR 4
#define DT_REG 8
#define DT_LNK 10

DIR *opendir(const char *path);
struct dirent *readdir(DIR *folder);
int closedir(DIR *folder);

#endif
