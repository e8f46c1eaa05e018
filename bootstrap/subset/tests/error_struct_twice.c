struct s { long a; };
struct s { long b; };
