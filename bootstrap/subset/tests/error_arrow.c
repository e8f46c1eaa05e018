long f(long *p) { return p->b; }
