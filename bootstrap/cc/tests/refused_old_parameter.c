int f(a) int b; { return 0; }
