long f(struct s *p) { return sizeof(struct s); }
