struct { int a : 3; } s; int main(void) { int *p = &s.a; return 0; }
