// Lines joined anywhere: in names, numbers, strings, comments, directives.
#def\
ine na\
me 12\
34
na\
me
"str\
ing" /* com\
ment */ x // line \
comment goes on
#define multi(a, \
              b) a + \
  b
multi(1, \
2)
=\
= <\
\
<= __LINE__
