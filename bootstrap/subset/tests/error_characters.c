long f(void) { return 'ab'; }
