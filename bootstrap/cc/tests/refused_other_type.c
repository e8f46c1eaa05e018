int x; long x;
