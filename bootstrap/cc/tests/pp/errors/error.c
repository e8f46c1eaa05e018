#if 1
#define a
#error the text, "it" isn't a token
#endif
