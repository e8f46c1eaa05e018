void f(void) { if (1) continue; }
