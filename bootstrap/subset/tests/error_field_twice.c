struct s { long a; 
  char *a; };
