long a[16777216]; long b[16777216]; 
long c[16777216];
