// __LINE__ behind comments, joined lines and calls over lines; #line.
__LINE__ /*

*/ __LINE__
a \
b \
__LINE__
__LINE__
#define here __LINE__
#define pass(x) x
here pass(here) pass(__LINE__)
#line 100
__LINE__
#define n 200
#line n "other.c"
__LINE__ __FILE__
#line 300 "with \"quotes\".c"
__FILE__
