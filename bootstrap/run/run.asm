# Runs commands one after the other, where nobody else does: for Nix, whose builder is one program.
#
#   run WORD... [; WORD...]...
#
# A word `;` ends a command. The first word of a command is the path of its program. Ends with 1 at the first command that cannot be
# started or does not end with 0. Nothing is told then: the programs tell what they have to.
#
# rbx is where the words of the present command are, r13 where those of the next one are or 0, rbp the environment.

:_start
    pop_rax                       # argc
    pop_rax                       # our own name
    mov_rbp,rsp
    push_rbp
    pop_rbx
:over_words                       # behind all words is a 0, and then the environment
    mov_rax,[rbp+BYTE] !0
    add_rbp, %8
    test_rax,rax
    jne %over_words

:command
    push_rbx
    pop_rdi
:word
    mov_rax,[rdi]
    add_rdi, %8
    test_rax,rax
    je %last_command
    mov_rax,[rax]                 # two bytes of it: is it ";" and the zero behind it?
    shl_rax, !48
    shr_rax, !48
    cmp_rax, %0x3B
    jne %word
    xor_eax,eax
    mov_[rdi+BYTE],rax !-8        # so the words of this command end with 0, as the kernel wants
    jmp %start
:last_command
    xor_edi,edi
:start
    push_rdi
    pop_r13
    mov_eax, %57                  # fork
    syscall
    test_eax,eax
    js %fail
    jne %wait

    # The child becomes the program.
    push_rbx
    pop_rdx
    mov_rdi,[rdx]
    push_rbx
    pop_rsi
    mov_rdx,rbp
    mov_eax, %59                  # execve; it returns only if that fails
    syscall
:fail
    mov_edi, %1
    mov_eax, %60                  # exit
    syscall

:wait
    mov_edi,eax
    push_rax                      # room for how it ended
    lea_rcx,[rsp+BYTE] !0
    push_rcx
    pop_rsi
    xor_edx,edx
    xor_r10d,r10d
    mov_eax, %61                  # wait4
    syscall
    pop_rcx
    test_eax,eax
    js %fail
    mov_eax,ecx
    test_eax,eax                  # 0: it has ended by itself, with 0
    jne %fail
    push_r13
    pop_rbx
    mov_rax,rbx
    test_rax,rax
    jne %command
    xor_edi,edi
    mov_eax, %60                  # exit
    syscall
