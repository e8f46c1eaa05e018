int main(void) { int x; long x; return 0; }
