# What every program that subset compiles needs: its beginning, the kernel, and unsigned numbers.
#
# Arguments are pushed from the first to the last, so the last one is at [rsp+8] when a function begins. The result is in rax. Only rbp and
# rsp have to be kept.

# Call main(argc, argv) and end with what it returns. The kernel has put argc and then argv on the stack.
:_start
    mov_rax,[rsp]
    lea_rcx,[rsp+BYTE] !8
    push_rax
    push_rcx
    call %f_main
    mov_rdi,rax
    mov_eax, %60                  # exit
    syscall

# System calls give the kernel's answer: an error is a small negative number.

# long sys_open(char *path, long flags, long mode)
:f_sys_open
    mov_eax, %2
    jmp %system_call_3
# long sys_read(long fd, char *to, long n)
:f_sys_read
    mov_eax, %0
    jmp %system_call_3
# long sys_write(long fd, char *from, long n)
:f_sys_write
    mov_eax, %1
:system_call_3
    mov_rdi,[rsp+BYTE] !24
    mov_rsi,[rsp+BYTE] !16
    mov_rdx,[rsp+BYTE] !8
    syscall
    ret

# long sys_close(long fd)
:f_sys_close
    mov_eax, %3
    jmp %system_call_1
# char *sys_brk(char *end)
:f_sys_brk
    mov_eax, %12
    jmp %system_call_1
# long sys_unlink(char *path)
:f_sys_unlink
    mov_eax, %87
    jmp %system_call_1
# void sys_exit(long code)
:f_sys_exit
    mov_eax, %60
:system_call_1
    mov_rdi,[rsp+BYTE] !8
    syscall
    ret

# long sys_rename(char *from, char *to)
:f_sys_rename
    mov_eax, %82
    jmp %system_call_2
# long sys_chmod(char *path, long mode)
:f_sys_chmod
    mov_eax, %90
:system_call_2
    mov_rdi,[rsp+BYTE] !16
    mov_rsi,[rsp+BYTE] !8
    syscall
    ret

# Numbers without sign, 64 bits. The subset's own operators take numbers as signed.

# long udiv(long a, long b)
:f_udiv
    mov_rax,[rsp+BYTE] !16
    xor_edx,edx
    div_qword[rsp+BYTE] !8
    ret
# long umod(long a, long b)
:f_umod
    mov_rax,[rsp+BYTE] !16
    xor_edx,edx
    div_qword[rsp+BYTE] !8
    mov_rax,rdx
    ret
# long ult(long a, long b): 1 if a < b
:f_ult
    mov_rcx,[rsp+BYTE] !16
    xor_eax,eax
    cmp_rcx,[rsp+BYTE] !8
    setb_al
    ret
# long ushr(long a, long n): a / 2^n, for n from 0 to 63
:f_ushr
    mov_rax,[rsp+BYTE] !16
    mov_rcx,[rsp+BYTE] !8
    shr_rax,cl
    ret
