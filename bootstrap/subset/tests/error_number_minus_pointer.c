long f(long a, char *p) { return a - p; }
