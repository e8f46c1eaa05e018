struct { int a : 3; } s; int x = sizeof s.a;
