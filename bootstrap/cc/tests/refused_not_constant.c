int n; int m = n + 1;
