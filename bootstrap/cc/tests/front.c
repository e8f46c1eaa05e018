// A program around the front half alone, for its tests; built by the host's C
// compiler (see ../README.md) or by the chain's own.
//
//   front -E [-I DIR]... [-D NAME[=VALUE]]... FILE    the tokens' spellings
//   front -t [-I DIR]... [-D NAME[=VALUE]]... FILE    one line for each token as the
//                                                     back half gets it

void print_hexadecimal(struct Buffer *out, char *label, long number) {
  append_byte(out, ' ');
  append_text(out, label);
  append_hexadecimal(out, number);
}

void print_token(struct Buffer *out, struct Token *token) {
  long i;
  append_decimal(out, token->line);
  if (token->kind == T_INTEGER) {
    print_hexadecimal(out, "integer ", token->value);
  } else if (token->kind == T_FLOAT) {
    struct Real *real = real_of_token(token);
    print_hexadecimal(out, "float ", real_to_float_bits(real));
    print_hexadecimal(out, "", real_to_double_bits(real));
    print_hexadecimal(out, "", real_extended_head(real));
    print_hexadecimal(out, "", real_extended_mantissa(real));
  } else if (token->kind == T_STRING) {
    append_text(out, " string");
    for (i = 0; i < token->length; i++)
      print_hexadecimal(out, "", token->text[i]);
  } else {
    append_byte(out, ' ');
    append_text(out, token->text);
  }
  if (token->flags & (NUM_UNSIGNED | NUM_LONG | NUM_LONG_LONG | NUM_FLOAT | NUM_LONG_DOUBLE | STR_WIDE))
    print_hexadecimal(out, "flags ", token->flags & 63);
  append_byte(out, '\n');
}

long main(long argc, char **argv) {
  long i;
  long tokens = 0;
  char *path = 0;
  for (i = 1; i < argc; i++) {
    if (text_equal(argv[i], "-I"))
      add_include_dir(argv[++i]);
    else if (text_equal(argv[i], "-D"))
      add_command_line_macro(argv[++i]);
    else if (text_equal(argv[i], "-t"))
      tokens = 1;
    else if (!text_equal(argv[i], "-E"))
      path = argv[i];
  }
  if (path == 0)
    fail(0, "no file is named");
  preprocess_file(path);
  struct Buffer *out = new_buffer();
  if (!tokens) {
    out = print_preprocessed();
  } else {
    struct Token *token = next_token();
    while (token->kind != T_END) {
      print_token(out, token);
      token = next_token();
    }
  }
  write_all(1, out->bytes, out->length);
  return 0;
}
