/* dirent.c: reading folders, 8 KB of entries at a time, in the order of the kernel. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "internal.h"

struct __DIR {
    int descriptor;
    long position, end;
    long entries[1024];   /* longs, for the alignment of the records */
};

DIR *opendir(const char *path)
{
    DIR *folder;
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return NULL;
    folder = malloc(sizeof *folder);
    if (folder == NULL) {
        close(descriptor);
        return NULL;
    }
    folder->descriptor = descriptor;
    folder->position = folder->end = 0;
    return folder;
}

struct dirent *readdir(DIR *folder)
{
    struct dirent *entry;
    if (folder->position == folder->end) {
        long length = CALL3(SYS_getdents64, folder->descriptor, folder->entries,
                            sizeof folder->entries);
        if (length <= 0)
            return NULL;
        folder->position = 0;
        folder->end = length;
    }
    entry = (struct dirent *)((char *)folder->entries + folder->position);
    folder->position += entry->d_reclen;
    return entry;
}

int closedir(DIR *folder)
{
    int result = close(folder->descriptor);
    free(folder);
    return result;
}
