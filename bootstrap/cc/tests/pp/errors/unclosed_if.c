// The place is that of the #if.
x
#if 1
y
