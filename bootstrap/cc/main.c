// main.c: the command line.  cc -o OUT [-I DIR]... [-D NAME[=VALUE]]... FILE.c...

long word_count;
char **words;
long word_index;

void usage() {
  fail(0, "usage: cc -o OUT [-I DIR]... [-D NAME[=VALUE]]... FILE.c...");
}

// The text of an option: behind its letter (-Ddir), or the next argument (-D dir).
char *option_text() {
  char *argument = words[word_index];
  if (argument[2])
    return argument + 2;
  word_index++;
  if (word_index >= word_count)
    usage();
  return words[word_index];
}

char *output_path;

// Obeys the options; the files stay.
void read_options() {
  for (word_index = 1; word_index < word_count; word_index++) {
    char *argument = words[word_index];
    if (argument[0] == '-' && argument[1] == 'o')
      output_path = option_text();
    else if (argument[0] == '-' && argument[1] == 'I')
      add_include_dir(option_text());
    else if (argument[0] == '-' && argument[1] == 'D')
      add_command_line_macro(option_text());
    else if (argument[0] == '-')
      usage();
  }
}

long is_option_with_text(char *argument) { return argument[0] == '-' && argument[2] == 0; }

long compile_files() {
  long files = 0;
  for (word_index = 1; word_index < word_count; word_index++) {
    char *argument = words[word_index];
    if (argument[0] != '-') {
      compile_unit(argument);
      files++;
    } else if (is_option_with_text(argument))
      word_index++;
  }
  return files;
}

long main(long argc, char **argv) {
  word_count = argc;
  words = argv;
  init_types();
  init_symbols();
  init_keywords();
  read_options();
  if (!output_path || !compile_files())
    usage();
  struct Object *libc_start = external_object(intern_text("__libc_start"), function_returning(type_void), no_token);
  write_program(output_path, make_start(libc_start));
  return 0;
}
