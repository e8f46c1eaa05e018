// #pragma push_macro and pop_macro.
#define m 1
#pragma push_macro("m")
#undef m
#define m 2
#pragma push_macro("m")
#undef m
m
#pragma pop_macro("m")
m
#pragma pop_macro("m")
m
