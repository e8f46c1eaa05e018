struct { char a : 9; } s;
