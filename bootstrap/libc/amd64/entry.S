/* entry.S: where the kernel enters a program built by tcc or gcc (cc brings its own start code).
   The stack holds argc, the arguments, a null, the environment, a null. */
    .text
    .globl _start
_start:
    xor %rbp, %rbp          /* the outermost frame, for whoever walks the stack */
    mov %rsp, %rdi          /* __libc_start(stack) */
    and $-16, %rsp          /* the ABI's alignment at a call */
    call __libc_start
    hlt                     /* it does not return */
