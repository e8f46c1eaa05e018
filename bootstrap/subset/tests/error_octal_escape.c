char *f(void) { return "\012"; }
