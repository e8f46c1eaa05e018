// The definition in force is that at the place of use.
#define v 1
#define use v
use
#undef v
#define v 2
use
#undef v
use
#undef never_defined
#define v() called
use use()
