long f(void) { return (long *const)0; }
