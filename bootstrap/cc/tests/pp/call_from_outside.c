// The parenthesis of a call may stand behind the expansion that made the name.
#define f(a) a*g
#define g(a) f(a)
#define open (
#define close )
#define id(x) x
f(2)(9)
id(f)(1) id(f open 1 close)
#define obj f
obj(3) obj
(4)
