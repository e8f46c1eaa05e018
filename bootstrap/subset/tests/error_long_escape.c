char *f(void) { return "\x41B"; }
