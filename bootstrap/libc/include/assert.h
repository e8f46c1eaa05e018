/* assert.h (C99 7.2); may be included again with another NDEBUG, hence no guard. The message names the
   function and the line but not the file: __FILE__ would put the folder of the source into the
   program, and equal sources would give different bytes in different places. */
#undef assert
void __assert_fail(const char *condition, int line, const char *function);
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) \
    ((condition) ? (void)0 : __assert_fail(#condition, __LINE__, __func__))
#endif
