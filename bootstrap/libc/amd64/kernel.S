/* kernel.S: long __syscall(number, a, b, c, d, e, f). Arguments come as the ABI passes them:
   rdi rsi rdx rcx r8 r9 and one on the stack; the kernel wants the number in rax and the rest in
   rdi rsi rdx r10 r8 r9. The kernel destroys rcx and r11, which a callee may. */
    .text
    .globl __syscall
__syscall:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
    ret

/* The kernel jumps here when a signal handler returns (sa_restorer): rt_sigreturn, number 15. */
    .globl __signal_return
__signal_return:
    mov $15, %eax
    syscall
