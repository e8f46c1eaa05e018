long *f(long a) { return &a; }
