struct point { int x, y; };
int second(void); int (*pointer_to_hidden(void))(void); struct point move(struct point, int); extern struct point origin, later_object; extern int array[]; int array_size(void);
extern int square(int); int (*square_of_second(void))(int);
static inline int helper(int x) { return x + 1; }
