struct s { long a; };
struct s a[3];
