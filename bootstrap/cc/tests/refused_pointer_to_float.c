int main(void) { char *p; double d = (double)p; return 0; }
