// Object-like macros: the text may be empty, may hold other macros, defined later too.
#define EMPTY
#define ONE 1
#define TWO ONE + ONE
#define LATER SOON
#define SOON 3
EMPTY ONE EMPTY TWO LATER
#define PAREN (x) // not a parameter: white space before it
PAREN
#undef ONE
ONE TWO
