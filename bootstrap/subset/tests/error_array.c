long a[0];
