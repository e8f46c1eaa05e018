int f(void); int m = f();
