long f(long a, long b, long c, long d, long e, long g, long h, long i, long j, long k, long l, long m, long n) { return 1; }
