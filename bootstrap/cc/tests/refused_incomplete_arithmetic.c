struct s *p; int main(void) { p++; return 0; }
