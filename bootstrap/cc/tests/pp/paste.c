// ## makes names, numbers, strings, punctuators.
#define cat(a, b) a##b
#define xcat(a, b) cat(a, b)
cat(x, y) cat(1, 2) cat(1, x) cat(x, 1) cat(1., 5e) cat(1e, 5)
cat(+, +) cat(-, >) cat(<, <=) cat(%, =) cat(L, "wide") cat(L, 'c') cat(., 5) cat(%:, %:)
#define one 1
cat(one, one) xcat(one, one) xcat(xc, at)(p, q)
