struct { float a : 3; } s;
