# A compiler for a subset of C, from text to assembly.
#
#   subset OUT IN...
#
# The inputs are one text, in their order; OUT is for the assembler, behind amd64.asm and runtime.asm. README.md tells which C this is. An
# error is told as `IN:LINE: what`, and OUT is then not written.
#
# The text is gone through once. There is no tree: the code for an expression is written while it is read. Files:
#   main.asm          this: memory, reading the inputs, writing OUT
#   reader.asm        from characters to tokens; names
#   output.asm        writing code; errors
#   types.asm         types, structs
#   expressions.asm   expressions: what becomes of values, assignments, operators between two values
#   values.asm        values: operators before one, names, numbers, strings, calls, elements, fields
#   statements.asm    statements
#   declarations.asm  functions, global variables, constants
#
# Registers hold the same things throughout:
#   rbx  the present input: where in the list of inputs its beginning stands
#   rbp  argv[2], the name of the first input
#   r8   the token that was read last (see next_token)
#   r9   kind of the expression that was compiled last, r10 its type, r11 its number (see expressions.asm)
#   r12  the next character of the text          r13  where the next character of the output goes
#   r14  the beginning of free memory            r15  the line, counted from 1
# rax, rcx, rdx, rsi and rdi are free for everybody: a routine that is called changes them. What has to survive is pushed.
#
# `call %print "text"` and its like (emit, fail) take the text behind the call and return to the place behind it.

:_start
    mov_rbp,rsp
    cmp_qword[rbp], %3            # argc: the program, OUT and at least one input
    jge %arguments_are_there
    call %print "usage: subset OUT IN...\n"
    jmp %exit_with_1
:arguments_are_there
    add_rbp, %24                  # over argc, the program's name and OUT

# Memory: 64 MiB for the inputs and for what is known of names, 128 MiB for the output.
    mov_eax, %12                  # brk: where does memory end?
    xor_edi,edi
    syscall
    mov_r14,rax
    lea_rdi,[rax+DWORD] %0x4000000
    mov_[rip+DWORD],rdi %memory_end
    mov_r13,rdi
    mov_[rip+DWORD],rdi %output_begin
    lea_rdi,[rax+DWORD] %0xC000000
    mov_[rip+DWORD],rdi %output_end
    mov_eax, %12                  # brk: more of it
    syscall
    xor_r15d,r15d                 # no line yet
    cmp_rax,rdi
    je %memory_is_there
    call %print "subset: 192 MiB of memory are not to be had\n"
    jmp %exit_with_1

# The list of inputs: where each begins; behind the last one where it ends; and a zero. The arguments tell how long it is.
:memory_is_there
    mov_rbx,r14
    mov_[rip+DWORD],rbx %inputs
    mov_rax,[rbp+BYTE] !-24       # argc: as many as inputs, end and zero
    shl_rax, !3
    add_r14,rax
    push_rbx
    mov_rdx,rbp
:read_next_input
    mov_[rbx],r14
    mov_rdi,[rdx]                 # its name
    test_rdi,rdi
    je %inputs_are_read
    push_rdx
    xor_esi,esi                   # O_RDONLY
    mov_eax, %2                   # open
    syscall
    test_eax,eax
    js %input_cannot_be_read
    mov_edi,eax
:read_more
    mov_rsi,r14
    mov_rdx,[rip+DWORD] %memory_end
    sub_rdx,r14
    xor_eax,eax                   # read
    syscall
    test_rax,rax
    js %input_cannot_be_read
    je %input_is_read
    add_r14,rax
    cmp_r14,[rip+DWORD] %memory_end
    jb %read_more
    call %fail "the inputs are larger than 64 MiB"
:input_cannot_be_read
    call %fail "cannot be read"
:input_is_read
    movb_[r14], !0
    inc_r14
    mov_eax, %3                   # close
    syscall
    pop_rdx
    add_rdx, %8
    add_rbx, %8
    jmp %read_next_input
:inputs_are_read
    add_r14, %15                  # records begin at multiples of 8, and behind a zero
    and_r14, %-8
    pop_rbx

    call %make_names
    mov_r12,[rbx]
    mov_r15d, %1
    call %next_token
    call %program

# Write OUT.
    mov_rdi,[rbp+BYTE] !-8        # its name
    xor_r15d,r15d                 # errors have no line
    sub_rbp, %8                   # and are OUT's
    mov_rbx,[rip+DWORD] %inputs
    mov_esi, %0x241               # O_WRONLY, O_CREAT, O_TRUNC
    mov_edx, %0x1A4               # rw-r--r--
    mov_eax, %2                   # open
    syscall
    test_eax,eax
    js %output_cannot_be_written
    mov_edi,eax
    mov_rsi,[rip+DWORD] %output_begin
    mov_rdx,r13
    sub_rdx,rsi
    mov_eax, %1                   # write
    syscall
    cmp_rax,rdx
    jne %output_cannot_be_written
    xor_edi,edi
    jmp %exit
:output_cannot_be_written
    call %fail "cannot be written"

:exit_with_1
    mov_edi, %1
:exit
    mov_eax, %60                  # exit
    syscall

:memory_end ~0
:output_begin ~0
:output_end ~0
:inputs ~0                        # the list of inputs
