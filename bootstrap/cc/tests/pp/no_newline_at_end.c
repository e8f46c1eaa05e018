// The last line has no newline, and is a directive's group.
#if 1
last
#endif
#define end the_end
end