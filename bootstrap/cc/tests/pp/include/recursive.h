#if DEPTH == 0
zero
#undef DEPTH
#define DEPTH 1
#include "recursive.h"
back0
#elif DEPTH == 1
one
#undef DEPTH
#define DEPTH 2
#include "recursive.h"
back1
#else
two
#endif
