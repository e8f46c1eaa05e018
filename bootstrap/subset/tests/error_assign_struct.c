struct s { long a; };
void f(struct s *p, struct s *q) { *p = 1; }
