long f(long *p, long *q) { return p + q; }
