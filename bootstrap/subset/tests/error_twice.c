long f(long a) { long b; 
long a; return a; }
