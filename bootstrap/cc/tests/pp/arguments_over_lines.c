// A call over lines, with directives between its arguments.
#define f(a, b) <a b>
f(
  1,
#ifdef f
  yes
#else
  no
#endif
) f
/* a comment before the parenthesis */
(x, y)
