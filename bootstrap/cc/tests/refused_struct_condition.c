struct a { int x; } a; int main(void) { if (a) return 1; return 0; }
