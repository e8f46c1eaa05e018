#if 1
#else
// the second one
#else
#endif
