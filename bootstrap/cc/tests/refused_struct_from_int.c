struct a { int x; } a; int main(void) { a = 1; return 0; }
