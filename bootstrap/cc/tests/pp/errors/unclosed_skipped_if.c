// The same in a group that is passed over.
#if 0
#else
#if 1
#endif
