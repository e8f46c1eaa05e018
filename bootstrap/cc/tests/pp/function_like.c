// Calls: blanks and newlines before and in the parentheses; names without a call stay.
#define add(a, b) ((a)+(b))
#define none() nothing
#define id(x) x
add(1, 2) add (3 , (4, 5)) add
(6,
 7) add none() none ( ) none id() id( ) id((,)) id(id)(9)
add( add(1, 2), add(3, 4) )
