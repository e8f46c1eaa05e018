int main(void) { switch (3) { case 1 ... 5: case 3: return 0; } }
