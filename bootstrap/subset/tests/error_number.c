long f(void) { return 12ab; }
