// base.c: what every part of the compiler stands on: memory, names, growing
// byte buffers, whole files, messages.

// ---- Memory.  Taken from the kernel in big steps and never given back: the
// compiler runs once, and its memory ends with it.  Fresh memory is zero.

enum { MEMORY_STEP = 0x400000 };

char *memory_free;          // where the next piece begins
char *memory_end;           // end of what the kernel gave

void take_memory(long bytes) {
  if (memory_end == 0) {
    memory_free = (char *)(((long)sys_brk(0) + 15) & -16);
    memory_end = memory_free;
  }
  long missing = bytes - (memory_end - memory_free);
  long step = (missing + MEMORY_STEP) / MEMORY_STEP * MEMORY_STEP;
  char *wanted = memory_end + step;
  if (sys_brk(wanted) != wanted) {
    sys_write(2, "cc: out of memory\n", 18);      // fail() would ask for memory
    sys_exit(1);
  }
  memory_end = wanted;
}

char *allocate(long bytes) {
  long rounded = (bytes + 15) & -16;
  if (memory_end - memory_free < rounded)
    take_memory(rounded);
  char *piece = memory_free;
  memory_free = memory_free + rounded;
  return piece;
}

// ---- Texts

long text_length(char *text) {
  long n = 0;
  while (text[n])
    n++;
  return n;
}

long text_equal(char *a, char *b) {
  long i = 0;
  while (a[i] && a[i] == b[i])
    i++;
  return a[i] == b[i];
}

long bytes_equal(char *a, char *b, long n) {
  long i;
  for (i = 0; i < n; i++)
    if (a[i] != b[i])
      return 0;
  return 1;
}

void copy_bytes(char *to, char *from, long n) {
  long i;
  for (i = 0; i < n; i++)
    to[i] = from[i];
}

// A copy with a zero at its end.
char *copy_text(char *bytes, long length) {
  char *copy = allocate(length + 1);
  copy_bytes(copy, bytes, length);
  return copy;
}

// ---- Names.  Each is stored once, right behind its struct Name: so equal names
// have equal addresses, and what is known about a name is found without search.

enum { NAME_BUCKETS = 0x10000 };

struct Name **name_table;

long hash_bytes(char *bytes, long length) {
  long hash = length;
  long i;
  for (i = 0; i < length; i++)
    hash = hash * 31 + bytes[i];
  return hash ^ (hash >> 17);
}

char *text_of_name(struct Name *name) {
  return (char *)name + sizeof(struct Name);
}

struct Name *name_of(char *interned) {
  return (struct Name *)(interned - sizeof(struct Name));
}

char *intern(char *text, long length) {
  if (name_table == 0)
    name_table = (struct Name **)allocate(NAME_BUCKETS * sizeof(char *));
  long hash = hash_bytes(text, length);
  struct Name **bucket = name_table + (hash & (NAME_BUCKETS - 1));
  struct Name *name;
  for (name = *bucket; name; name = name->next)
    if (name->hash == hash && name->length == length && bytes_equal(text_of_name(name), text, length))
      return text_of_name(name);
  name = (struct Name *)allocate(sizeof(struct Name) + length + 1);
  name->hash = hash;
  name->length = length;
  name->next = *bucket;
  *bucket = name;
  copy_bytes(text_of_name(name), text, length);
  return text_of_name(name);
}

char *intern_text(char *text) {
  return intern(text, text_length(text));
}

// ---- Buffers

struct Buffer *new_buffer(void) {
  return (struct Buffer *)allocate(sizeof(struct Buffer));
}

// Makes room for n more bytes.  Doubling keeps the cost of all copies together
// below that of the last one.
void reserve(struct Buffer *buffer, long n) {
  if (buffer->capacity - buffer->length >= n)
    return;
  long capacity = buffer->capacity * 2 + n + 64;
  char *bytes = allocate(capacity);
  copy_bytes(bytes, buffer->bytes, buffer->length);
  buffer->bytes = bytes;
  buffer->capacity = capacity;
}

void append_byte(struct Buffer *buffer, long byte) {
  if (buffer->length == buffer->capacity)
    reserve(buffer, 1);
  buffer->bytes[buffer->length] = byte;
  buffer->length = buffer->length + 1;
}

void append_bytes(struct Buffer *buffer, char *bytes, long n) {
  reserve(buffer, n);
  copy_bytes(buffer->bytes + buffer->length, bytes, n);
  buffer->length = buffer->length + n;
}

void append_text(struct Buffer *buffer, char *text) {
  append_bytes(buffer, text, text_length(text));
}

// The digits of an unsigned number, the highest first.
void append_digits(struct Buffer *buffer, long number, long base) {
  long rest = udiv(number, base);
  if (rest)
    append_digits(buffer, rest, base);
  append_byte(buffer, "0123456789abcdef"[number - rest * base]);
}

void append_decimal(struct Buffer *buffer, long number) {
  if (number < 0) {
    append_byte(buffer, '-');
    number = -number;
  }
  append_digits(buffer, number, 10);
}

void append_hexadecimal(struct Buffer *buffer, long number) {
  append_digits(buffer, number, 16);
}

void append_little_endian(struct Buffer *buffer, long number, long bytes) {
  long i;
  for (i = 0; i < bytes; i++)
    append_byte(buffer, (number >> (8 * i)) & 255);
}

// The buffer's bytes as a text.
char *finish_text(struct Buffer *buffer) {
  append_byte(buffer, 0);
  buffer->length = buffer->length - 1;
  return buffer->bytes;
}

// ---- Messages.  Each is one line on standard error, written in one piece.

void write_all(long fd, char *bytes, long length) {
  long done = 0;
  while (done < length) {
    long n = sys_write(fd, bytes + done, length - done);
    if (n <= 0)
      sys_exit(1);
    done += n;
  }
}

void print_message(struct Token *at, char *kind, char *message, char *name) {
  struct Buffer *line = new_buffer();
  if (at && at->file) {
    append_text(line, at->file);
    append_byte(line, ':');
    append_decimal(line, at->line);
  } else {
    append_text(line, "cc");
  }
  append_text(line, ": ");
  append_text(line, kind);
  append_text(line, message);
  if (name) {
    append_text(line, ": ");
    append_text(line, name);
  }
  append_byte(line, '\n');
  write_all(2, line->bytes, line->length);
}

void fail(struct Token *at, char *message) {
  print_message(at, "", message, 0);
  sys_exit(1);
}

void fail_name(struct Token *at, char *message, char *name) {
  print_message(at, "", message, name);
  sys_exit(1);
}

void warn(struct Token *at, char *message) {
  print_message(at, "warning: ", message, 0);
}

// ---- Whole files

enum {
  READ_ONLY = 0,
  WRITE_CREATE_TRUNCATE = 0x241,      // O_WRONLY | O_CREAT | O_TRUNC
  FIRST_READ = 0x10000
};

struct Buffer *read_whole_file(char *path) {
  long fd = sys_open(path, READ_ONLY, 0);
  if (fd < 0)
    return 0;
  struct Buffer *contents = new_buffer();
  long n = 1;
  while (n > 0) {
    reserve(contents, FIRST_READ);
    n = sys_read(fd, contents->bytes + contents->length, contents->capacity - contents->length - 1);
    if (n > 0)
      contents->length = contents->length + n;
  }
  sys_close(fd);
  if (n < 0)                          // for example: it is a folder
    return 0;
  finish_text(contents);
  return contents;
}

// A half-written file never stands under its final name.
void write_whole_file(char *path, struct Buffer *contents, long mode) {
  struct Buffer *name = new_buffer();
  append_text(name, path);
  append_text(name, ".part");
  char *temporary = finish_text(name);
  sys_unlink(temporary);
  long fd = sys_open(temporary, WRITE_CREATE_TRUNCATE, mode);
  if (fd < 0)
    fail_name(0, "cannot write", temporary);
  long done = 0;
  long n = 1;
  while (done < contents->length && n > 0) {
    n = sys_write(fd, contents->bytes + done, contents->length - done);
    done += n;
  }
  if (n <= 0 || sys_close(fd) < 0 || sys_chmod(temporary, mode) < 0 || sys_rename(temporary, path) < 0) {
    sys_unlink(temporary);
    fail_name(0, "cannot write", path);
  }
}
