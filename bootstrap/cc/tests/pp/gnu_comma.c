// GNU: ", ## __VA_ARGS__" drops the comma if there are no variable arguments.
#define log(f, ...) printf(f, ## __VA_ARGS__)
#define only(...) call(0, ## __VA_ARGS__)
#define named(f, rest...) printf(f, ## rest)
log("a") log("a", 1) log("a", 1, 2) log("a",)
only() only(1) only(1, 2) named("x") named("x", y, z)
