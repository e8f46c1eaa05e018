struct { int a : 0; } s;
