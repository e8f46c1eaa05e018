long f(void) { return sizeof(void); }
