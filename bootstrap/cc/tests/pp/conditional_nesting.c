// Nested groups, #elif chains; what is skipped need not be C.
#if 0
don't "look at this /* in a quote that is not closed: no comment
/* but this is one, and so this is none:
#endif */
#if 1
wrong
#else
wrong
#endif
'
#elif 1
ok1
#if 0
#elif 0
#else
ok2
#endif
#elif 1
wrong
#elif garbage ( that is never evaluated
wrong
#else
wrong
#endif
#if 0
#unknown directive
#include "no such file"
#error not this
#define no
#else
ok3
#endif
