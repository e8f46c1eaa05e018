// White space that only shows in strings.
#define str(x) #x
#define xstr(x) str(x)
#define nothing
#define plus +
#define f(x) <x>
xstr(a nothing b) xstr(a plus b) xstr(a+plus) xstr(f( y ))
xstr(f()) xstr(-plus-) xstr(f (1) f(2))
xstr(nothing x) xstr(x nothing)
