long f(long *p, char *q) { return p - q; }
