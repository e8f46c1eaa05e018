/* Jumps, the ends of processes, children, folders, names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"

static char text[600];

#define SAY(...) (sprintf(text, __VA_ARGS__), result(text))

static jmp_buf there;

static void dive(int depth)
{
    volatile char weight[1000];
    weight[depth] = 1;
    if (depth == 0)
        longjmp(there, 7);
    dive(depth - weight[depth]);
}

static void jumps(void)
{
    volatile int count = 0;
    int value = setjmp(there);
    count++;
    SAY("%d %d", value, count);
    if (count == 1)
        dive(300);
    if (count == 2)
        longjmp(there, 0);
    end_block("jumps");
}

static void first(void) { write(1, "first\n", 6); }
static void second(void) { write(1, "second\n", 7); }

/* What a child writes to its standard output, and how it ended. */
static void in_child(void (*what)(void))
{
    int ends[2], status;
    ssize_t length;
    pid_t child;

    fflush(stdout);
    pipe(ends);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        dup2(ends[1], 1);
        what();
        _exit(99);
    }
    close(ends[1]);
    memset(text, 0, sizeof text);
    while ((length = read(ends[0], text + strlen(text), 200)) > 0)
        ;
    close(ends[0]);
    result(text);
    waitpid(child, &status, 0);
    SAY("%d %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : -1);
}

static void leave(void)
{
    atexit(first);
    atexit(second);
    printf("not lost\n");
    exit(3);
}

static void leave_at_once(void)
{
    atexit(first);
    printf("lost\n");
    _exit(4);
}

static void give_up(void)
{
    abort();
}

static void trip(void)
{
    *(volatile int *)(size_t)(text == NULL) = 1;
}

static void run_self(void)
{
    char *arguments[] = { "self", "child", "two words", NULL };
    setenv("FOR_CHILD", "yes", 1);
    execv("/proc/self/exe", arguments);
}

static void run_missing(void)
{
    char *arguments[] = { "missing", NULL };
    setenv("PATH", "/nonexistent:/dev/null", 1);
    execvp("missing", arguments);
    printf("%d %d\n", errno == ENOENT, errno == ENOTDIR);
    exit(0);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void folders(void)
{
    char *names[20], path[PATH_MAX], real[PATH_MAX];
    int count = 0, i, descriptor;
    struct dirent *entry;
    struct stat status;
    DIR *folder;

    SAY("%d", mkdir("process.tmp", 0755));
    i = mkdir("process.tmp", 0755);
    SAY("%d %d", i, errno == EEXIST);
    for (i = 0; i < 12; i++) {
        sprintf(path, "process.tmp/file%d", i);
        close(creat(path, 0640));
    }
    folder = opendir("process.tmp");
    while ((entry = readdir(folder)) != NULL)
        names[count++] = strdup(entry->d_name);
    closedir(folder);
    qsort(names, (size_t)count, sizeof names[0], compare);
    for (i = 0; i < count; i++)
        result(names[i]);
    symlink("file3", "process.tmp/link");
    i = (int)readlink("process.tmp/link", path, sizeof path);
    SAY("%d %.5s", i, path);
    lstat("process.tmp/link", &status);
    SAY("%d", S_ISLNK(status.st_mode));
    realpath("process.tmp/link", real);
    getcwd(path, sizeof path);
    result(strncmp(real, path, strlen(path)) == 0 ? real + strlen(path) : "elsewhere");
    stat("process.tmp/link", &status);
    SAY("%o %ld", status.st_mode & 0777, (long)status.st_size);
    chmod("process.tmp/file3", 0500);
    stat("process.tmp/file3", &status);
    SAY("%o", status.st_mode & 0777);
    descriptor = open("process.tmp/file3", O_WRONLY | O_CREAT | O_EXCL, 0600);
    SAY("%d %d", descriptor, errno == EEXIST);
    strcpy(path, "process.tmp/madeXXXXXX");
    descriptor = mkstemp(path);
    SAY("%d %d %d", descriptor >= 0, access(path, W_OK), strlen(path) == 22 && strstr(path, "XXX") == NULL);
    ftruncate(descriptor, 5000);
    fstat(descriptor, &status);
    SAY("%ld %o", (long)status.st_size, status.st_mode & 0777);
    {
        char *mapped = mmap(NULL, 5000, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        strcpy(mapped + 4000, "written");
        munmap(mapped, 5000);
        lseek(descriptor, 4002, SEEK_SET);
        i = (int)read(descriptor, real, 5);
        SAY("%d %.5s", i, real);
    }
    close(descriptor);
    unlink(path);
    i = rmdir("process.tmp");
    SAY("%d %d", i, errno == ENOTEMPTY);
    unlink("process.tmp/link");
    for (i = 0; i < 12; i++) {
        sprintf(path, "process.tmp/file%d", i);
        unlink(path);
    }
    chdir("process.tmp");
    getcwd(path, sizeof path);
    result(strrchr(path, '/'));
    chdir("..");
    SAY("%d", rmdir("process.tmp"));
    end_block("folders");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "child") == 0) {
        printf("%d %s %s %s\n", argc, argv[0], argv[2], getenv("FOR_CHILD"));
        return 5;
    }
    begin(argc);
    jumps();
    in_child(leave);
    in_child(leave_at_once);
    in_child(give_up);
    in_child(trip);
    in_child(run_self);
    in_child(run_missing);
    end_block("children");
    folders();
    return 0;
}
