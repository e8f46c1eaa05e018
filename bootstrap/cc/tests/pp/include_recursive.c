// A file that includes itself until a counter stops it.
#define DEPTH 0
#include "include/recursive.h"
