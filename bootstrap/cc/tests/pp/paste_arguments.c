// Only the tokens beside ## are pasted; arguments of ## are not expanded first.
#define cat(a, b) a ## b
#define X1 expanded
#define one 1
cat(X, 1) cat(X, one) cat(p q, r s) cat((a) b, c (d)one)
#define mix(a) a ## _tail a pre_ ## a
#define n name
mix(n)
