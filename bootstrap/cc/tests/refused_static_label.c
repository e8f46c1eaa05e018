int f; int f(void);
