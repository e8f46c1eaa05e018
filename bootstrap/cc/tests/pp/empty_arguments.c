// Empty arguments, and their white space.
#define two(a, b) [a|b]
#define str(a) #a
two(,) two(1,) two(,2) two( , ) str() str( )
#define three(a, b, c) a##b##c
three(,,) three(x,,) three(,y,) three(,,z) three(x,,z)
