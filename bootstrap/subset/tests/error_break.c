long f(long a) { break; }
