// # in a function-like macro
#define m(a) # b
