// __VA_ARGS__: commas and white space kept; used twice; as string; as argument.
#define all(...) {__VA_ARGS__} #__VA_ARGS__
#define rest(a, ...) a [__VA_ARGS__]
#define count_(a, b, c, n, ...) n
#define count(...) count_(__VA_ARGS__, 3, 2, 1, 0)
all() all(1) all( 1 ,2,  3 ) rest(1) rest(1,) rest(1,2,3) rest((1,2),(3,4))
count(x) count(x, y) count(x, y, z)
