/* install.c: install TO FROM... makes the folder TO and copies into it, files as files and folders with
   everything in them. It stands for mkdir and cp, which nobody has built yet when tcc is done. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *path)
{
    fprintf(stderr, "install: %s: %s\n", path, strerror(errno));
    exit(1);
}

static char *join(const char *folder, const char *name)
{
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    if (path == NULL)
        fail(folder);
    sprintf(path, "%s/%s", folder, name);
    return path;
}

static void make_folder(const char *path)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        fail(path);
}

static void copy_file(const char *from, const char *to, int executable)
{
    static char part[65536];
    size_t length;
    FILE *in = fopen(from, "rb"), *out;

    if (in == NULL)
        fail(from);
    remove(to);
    out = fopen(to, "wb");
    if (out == NULL)
        fail(to);
    while ((length = fread(part, 1, sizeof part, in)) > 0)
        if (fwrite(part, 1, length, out) != length)
            fail(to);
    if (ferror(in))
        fail(from);
    fclose(in);
    if (fclose(out) != 0 || chmod(to, executable ? 0755 : 0644) != 0)
        fail(to);
}

static void copy(const char *from, const char *to)
{
    struct stat status;
    struct dirent *entry;
    DIR *folder;

    if (stat(from, &status) != 0)
        fail(from);
    if (!S_ISDIR(status.st_mode)) {
        copy_file(from, to, status.st_mode & S_IXUSR);
        return;
    }
    make_folder(to);
    folder = opendir(from);
    if (folder == NULL)
        fail(from);
    while ((entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *source = join(from, entry->d_name), *target = join(to, entry->d_name);
            copy(source, target);
            free(source);
            free(target);
        }
    closedir(folder);
}

int main(int argc, char **argv)
{
    int i;

    if (argc < 3) {
        fprintf(stderr, "usage: install TO FROM...\n");
        return 1;
    }
    make_folder(argv[1]);
    for (i = 2; i < argc; i++) {
        const char *name = strrchr(argv[i], '/');
        copy(argv[i], join(argv[1], name == NULL ? argv[i] : name + 1));
    }
    return 0;
}
