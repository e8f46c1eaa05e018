// Any name may be a macro, keywords and names of directives too.
#define if while
#define define x
#define include y
#define int long
if (define) include int;
#undef if
#if 1
if
#endif
#define L X
L"s" L
#define e 5
1e+e 0xe e
