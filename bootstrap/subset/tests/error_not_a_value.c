long f(void) { return +; }
