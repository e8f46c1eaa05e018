long f(void) { return 1 @ 2; }
