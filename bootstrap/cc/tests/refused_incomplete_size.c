struct s; int x = sizeof(struct s);
