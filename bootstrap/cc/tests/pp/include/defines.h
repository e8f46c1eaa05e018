#define FROM_HEADER(x) (x + x)
#undef __unused
