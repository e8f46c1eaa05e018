int main(void) { char *p; return p * 2; }
