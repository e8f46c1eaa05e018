// Commas in parentheses do not divide; those in brackets and braces do.
#define f(a, b) a;b
f((1,2),(3,(4,5))) f([1,2]) f({1,2}) f((),()) f(((,)),)
#define g(...) (__VA_ARGS__)
g((1,2),3) g([1,2])
