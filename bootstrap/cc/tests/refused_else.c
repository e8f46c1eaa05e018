int main(void) { else return 0; }
