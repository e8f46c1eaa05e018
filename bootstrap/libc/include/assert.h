/* assert.h (C99 7.2); may be included again with another NDEBUG, hence no guard. */
#undef assert
void __assert_fail(const char *condition, const char *file, int line, const char *function);
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) \
    ((condition) ? (void)0 : __assert_fail(#condition, __FILE__, __LINE__, __func__))
#endif
