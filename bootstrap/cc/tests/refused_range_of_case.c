int main(void) { switch (1) { case 5 ... 1: return 0; } }
