int a[1 / 0];
