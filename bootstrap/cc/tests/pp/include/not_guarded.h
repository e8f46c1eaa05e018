#ifndef NOT_GUARDED_H
#define NOT_GUARDED_H
first time
#endif
each time
