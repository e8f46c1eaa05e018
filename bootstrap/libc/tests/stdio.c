/* Files: positions, buffers, modes, errors. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common.h"

static char text[600];

#define SAY(...) (sprintf(text, __VA_ARGS__), result(text))

static void random_access(void)
{
    static unsigned char model[30000], part[5000];
    long size = 0, place = 0, errors = 0, i, j;
    FILE *file = fopen("stdio.tmp", "w+");

    for (i = 0; i < 5000; i++) {
        uint64_t r = random64();
        long length = (long)(r >> 8) % ((r >> 60) == 0 ? 5000 : 50);
        if (length < 0)
            length = -length;
        switch (r & 7) {
        case 0: case 1:
            place = size > 0 ? (long)(r >> 20) % (size + 1) : 0;
            place = place < 0 ? -place : place;
            errors += fseek(file, place, SEEK_SET) != 0;
            break;
        case 2:
            fseek(file, 0, SEEK_END);
            place = size;
            break;
        case 3: case 4:
            if (place + length > (long)sizeof model)
                break;
            fseek(file, 0, SEEK_CUR);
            for (j = 0; j < length; j++)
                part[j] = (unsigned char)(r >> (j & 31));
            errors += (long)fwrite(part, 1, (size_t)length, file) != length;
            memcpy(model + place, part, (size_t)length);
            place += length;
            if (place > size)
                size = place;
            break;
        case 5: case 6:
            fseek(file, 0, SEEK_CUR);
            if (length > size - place)
                length = size - place;
            errors += (long)fread(part, 1, (size_t)length, file) != length;
            errors += memcmp(part, model + place, (size_t)length) != 0;
            place += length;
            break;
        case 7:
            fseek(file, 0, SEEK_CUR);
            if (place < size) {
                int c = getc(file);
                errors += c != model[place];
                errors += ungetc(c, file) != c;
                errors += ftell(file) != place;
            }
            break;
        }
        errors += ftell(file) != place;
    }
    SAY("%ld %ld", errors, size);
    errors = fclose(file) != 0;
    file = fopen("stdio.tmp", "rb");
    for (i = 0; i < size; i++)
        errors += getc(file) != model[i];
    errors += getc(file) != EOF;
    SAY("%ld %d %d", errors, feof(file) != 0, ferror(file) != 0);
    fclose(file);
    end_block("random access");
}

static void lines(void)
{
    char line[16];
    FILE *file = fopen("stdio.tmp", "w");
    struct stat status;
    int i;

    fputs("one\n", file);
    fputs("a line longer than the buffer\n", file);
    fputs("last", file);
    SAY("%ld", ftell(file));
    fclose(file);
    stat("stdio.tmp", &status);
    SAY("%ld %d", (long)status.st_size, S_ISREG(status.st_mode));
    file = fopen("stdio.tmp", "a+");
    fprintf(file, " more\n");
    SAY("%ld", ftell(file));
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL)
        result(line);
    i = fgetc(file);
    SAY("%d %d", feof(file) != 0, i);
    clearerr(file);
    SAY("%d", feof(file));
    fclose(file);

    file = fopen("stdio.tmp", "r");
    errno = 0;
    i = fputc('x', file);
    SAY("%d %d %d", i, ferror(file) != 0, errno == EBADF);
    fclose(file);
    errno = 0;
    file = fopen("/nonexistent/file", "r");
    SAY("%d %d", file == NULL, errno == ENOENT);
    errno = 0;
    file = fopen("stdio.tmp", "wx");
    SAY("%d %d", file == NULL, errno == EEXIST);
    errno = 0;
    file = fopen("stdio.tmp", "q");
    SAY("%d %d", file == NULL, errno == EINVAL);

    file = fopen("stdio.tmp", "w");
    setvbuf(file, NULL, _IONBF, 0);
    fprintf(file, "%s %d\n", "unbuffered", 1);
    stat("stdio.tmp", &status);
    SAY("%ld", (long)status.st_size);
    fclose(file);
    file = fopen("stdio.tmp", "w");
    setvbuf(file, line, _IOLBF, sizeof line);
    fputs("half", file);
    fputs(" line\n", file);
    stat("stdio.tmp", &status);
    SAY("%ld", (long)status.st_size);
    fclose(file);

    file = fdopen(open("stdio.tmp", O_RDWR | O_TRUNC), "r+");
    fwrite("0123456789", 1, 10, file);
    fseek(file, -3, SEEK_CUR);
    SAY("%c", getc(file));
    fseek(file, 2, SEEK_SET);
    fputc('X', file);
    rewind(file);
    SAY("%s", fgets(line, sizeof line, file));
    fclose(file);
    SAY("%d", access("stdio.tmp", F_OK));
    rename("stdio.tmp", "stdio2.tmp");
    SAY("%d %d", access("stdio.tmp", F_OK), access("stdio2.tmp", F_OK));
    i = remove("stdio2.tmp");
    SAY("%d %d", i, access("stdio2.tmp", F_OK));
    mkdir("stdio.tmp", 0777);
    SAY("%d", remove("stdio.tmp"));
    end_block("lines");
}

int main(int argc, char **argv)
{
    begin(argc);
    (void)argv;
    random_access();
    lines();
    return 0;
}
