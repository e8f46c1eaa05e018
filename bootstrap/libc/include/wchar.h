/* wchar.h: the types only; there are no wide character functions here. */
#ifndef _WCHAR_H
#define _WCHAR_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned int wint_t;
#define WEOF 0xffffffffU

#endif
