// not wanted, it would be right
#if 1 / 0
#endif
