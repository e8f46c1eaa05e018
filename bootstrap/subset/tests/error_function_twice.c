long f(void) { return 1; }
long f(void) { return 2; }
