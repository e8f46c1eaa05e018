char *f(void) { return "\q"; }
