struct s { int a; } s; int main(void) { return s->a; }
