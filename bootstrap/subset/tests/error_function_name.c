long a;
long a(void) { }
