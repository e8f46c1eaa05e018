long f(long c) { return (char)c; }
