long *f(void);

long f(void) { return 2; }
