long f(void) { return 010; }
