#ifndef ELSE_GUARD_H
#define ELSE_GUARD_H
first
#else
again
#endif
