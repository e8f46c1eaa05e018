/* setjmp.h: jumps out of functions (C99 7.13). What is saved depends on the compiler: cc keeps its
   own registers; the System V ABI asks for rbx, rbp, r12 to r15, rsp and rip (amd64/setjmp.S). */
#ifndef _SETJMP_H
#define _SETJMP_H

typedef struct {
    long registers[8];
    unsigned long mask;   /* blocked signals, for sigsetjmp */
    int mask_saved;
} jmp_buf[1];
typedef jmp_buf sigjmp_buf;

#ifdef __SNOWGUARD_CC__
#define setjmp(buffer) __builtin_setjmp((buffer)->registers)
#define longjmp(buffer, value) __builtin_longjmp((buffer)->registers, (value) ? (value) : 1)
#else
int setjmp(jmp_buf buffer);
void longjmp(jmp_buf buffer, int value);
#endif

/* Saving happens before setjmp, so that setjmp's frame is that of the caller. */
void __save_signals(sigjmp_buf buffer, int save);
void __restore_signals(sigjmp_buf buffer);
#define sigsetjmp(buffer, save) (__save_signals(buffer, save), setjmp(buffer))
#define siglongjmp(buffer, value) (__restore_signals(buffer), longjmp(buffer, value))

#endif
