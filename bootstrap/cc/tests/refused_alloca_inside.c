int f(int a, void *b, int c); int main(void) { return f(1, __builtin_alloca(3), 2) + 1; }
