int main(void) { char *p, *q; return p + q; }
