// A string that is not closed.
char *s = "abc;
