int main(void) { switch (3) { default: default: return 0; } }
