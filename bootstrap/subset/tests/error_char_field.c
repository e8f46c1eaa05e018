struct s { char c; };
