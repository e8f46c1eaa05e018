#include "support.h"
struct __attribute__((packed)) a { char c; int i; short s; }; struct b { char c; long l; }
__attribute__((__packed__)); struct c { char c; int i __attribute__((aligned(16))); }; struct d { char c; }
__attribute__((aligned(8))); int aligned __attribute__((aligned(64))) = 5; static char other __attribute__((unused,
    aligned(32))); __attribute__((noreturn)) void never(void); void format(const char *,
    ...) __attribute__((format(printf, 1, 2))); __extension__ typedef long long wide;
extern __inline__ __attribute__((always_inline)) int inlined(int);
static __inline__ int really(int __attribute__((unused)) x) { return 3; } int __attribute__((noinline)) slow(void) {
    return 4; } typedef int v __attribute__((mode(SI))); int *__restrict__ p; const volatile int cv = 6;
struct a table[2] = { { 1, 2, 3 }, { 4, 5, 6 } };
int main(void)
{
  register int r = 1; auto int q = 2; show("a", sizeof(struct a) + (long)&((struct a *)0)->s * 100); show("b",
      sizeof(struct b)); show("c", sizeof(struct c) + (long)&((struct c *)0)->i * 100); show("d",
      sizeof(struct d) + _Alignof(struct d)); show("aligned", ((long)&aligned & 63) + ((long)&other & 31));
  show("really", really(1) + slow() + __builtin_expect(5, 1) + r + q); show("cv", cv); show("table",
      table[1].i * 10 + table[1].s); label: __attribute__((unused)); if (r-- > 0) goto label; show("wide",
      sizeof(wide)); return 0;
}
