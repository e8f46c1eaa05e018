/* setjmp.S: what a callee must keep in the System V ABI: rbx rbp r12-r15, the stack pointer as it is
   after the return, and the return address. */
    .text
    .globl setjmp
    .globl _setjmp
setjmp:
_setjmp:
    mov %rbx, (%rdi)
    mov %rbp, 8(%rdi)
    mov %r12, 16(%rdi)
    mov %r13, 24(%rdi)
    mov %r14, 32(%rdi)
    mov %r15, 40(%rdi)
    lea 8(%rsp), %rdx
    mov %rdx, 48(%rdi)
    mov (%rsp), %rdx
    mov %rdx, 56(%rdi)
    xor %eax, %eax
    ret

    .globl longjmp
longjmp:
    mov %esi, %eax
    test %eax, %eax
    jnz 1f
    inc %eax                /* setjmp never returns 0 a second time */
1:
    mov (%rdi), %rbx
    mov 8(%rdi), %rbp
    mov 16(%rdi), %r12
    mov 24(%rdi), %r13
    mov 32(%rdi), %r14
    mov 40(%rdi), %r15
    mov 48(%rdi), %rsp
    jmp *56(%rdi)
