#line 19
x
#error here
