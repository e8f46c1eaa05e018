// Blanks around #, comments before and in directives, empty directives.
  #  define a 1
/* comment */ # /* comment */ define /* comment */ b /* comment
over lines */ 2 // end
#
# /* nothing */
a b
#ifdef a // comment
ok1
#else /* comment */
wrong
#endif /* a */
%: define digraph 3
digraph
x # define c 3
c
#if 0
 /* */ # /* */ else
ok2
 # endif
