struct s { int a; } s; int main(void) { return 1 ? s : 2; }
