int main(void) { switch (1.5) { case 1: return 0; } }
