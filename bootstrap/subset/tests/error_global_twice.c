long a;
char a[2];
