long f(char c) { return 1; }
