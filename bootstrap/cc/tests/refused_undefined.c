int f(void), g(void);
extern int v;
int main(void) { return f() + g() + v; }
void __libc_start(long *stack) { main(); }
