// _Pragma leaves nothing behind.
#define quiet(x) x
a quiet(b) c
