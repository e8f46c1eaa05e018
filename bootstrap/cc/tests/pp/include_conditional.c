// Which file is included may depend on macros; macros outlive their file.
#define WANT_ONE
#ifdef WANT_ONE
#include "include/defines.h"
#else
#include "missing.h"
#endif
FROM_HEADER(5) __FILE__
