struct s { long a; };
long f(struct s *p) { return *p; }
