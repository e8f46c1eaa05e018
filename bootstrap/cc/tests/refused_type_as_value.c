typedef int T; int main(void) { return T; }
