// #include in both forms, with the file's own folder first; computed names.
#include "include/one.h"
#include "include/sub/two.h"
#define NAME "include/one.h"
#include NAME
#define FILE_OF(n) <include/n.h>
#include FILE_OF(one)
after
