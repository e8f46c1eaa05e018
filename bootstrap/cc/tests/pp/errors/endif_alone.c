// #endif without #if
#endif
