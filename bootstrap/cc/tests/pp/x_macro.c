// Lists by redefinition of one macro.
#define COLORS X(red, 1) X(green, 2) X(blue, 3)
#define X(name, value) name = value,
enum { COLORS };
#undef X
#define X(name, value) case value: return #name;
COLORS
#undef X
#define X(name, value) +1
int n = 0 COLORS;
