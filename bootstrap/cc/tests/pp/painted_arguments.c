// A name met while its macro is disabled stays as it is, also when it is seen again later.
#define f(x) x
#define g f(g)
#define h(x) f(x) x
g f(g) h(h(1)) h(h)(2)
#define foo foo a bar
#define bar foo bar
foo bar
#define NEXT(x) x OTHER
#define OTHER NEXT
NEXT(1)(2)(3)
