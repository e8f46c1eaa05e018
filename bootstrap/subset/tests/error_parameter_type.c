long f(int a) { return a; }
