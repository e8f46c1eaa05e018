# Statements.

# Compile a statement.
:statement
    call %deeper
    call %statement_itself
    dec_qword[rip+DWORD] %depth
    ret

:statement_itself
    cmp_r8d, %0x7B                # '{'
    je %block
    cmp_r8d, %0x3B                # ';'
    je %next_token
    call %is_type
    jb %local_variable
    cmp_r8d, %0x86
    je %if
    cmp_r8d, %0x88
    je %while
    cmp_r8d, %0x89
    je %for
    cmp_r8d, %0x8A
    je %break
    cmp_r8d, %0x8B
    je %continue
    cmp_r8d, %0x8C
    je %return_statement
    call %expression
# Of an expression that stands for itself only what it does matters, and that is in the code.
:semicolon
    mov_eax, %0x3B                # ';'
    jmp %expect

:block
    call %next_token
:block_goes_on
    cmp_r8d, %0x7D                # '}'
    je %next_token
    call %statement
    jmp %block_goes_on

# `type name;`, `type name = value;`
:local_variable
    call %read_type
    push_rax
    call %check_variable
    call %expect_name
    pop_rdx
    call %declare_local
    mov_rcx,[rip+DWORD] %frame    # the next word below the others
    add_rcx, %8
    mov_[rip+DWORD],rcx %frame
    neg_rcx
    mov_[rax+BYTE],rcx !72
    cmp_r8d, %0x3D                # '='
    jne %semicolon
    push_rcx
    call %next_token
    call %value_of_expression
    pop_r11
    call %store_local
    jmp %semicolon

# The type rax is one that variables have.
:check_variable
    test_al,al
    jne %return
    test_rax,rax
    je %return
    call %fail "a variable is a long or a pointer"

# The name rax is a local variable of type rdx from here on.
:declare_local
    mov_rcx,[rip+DWORD] %function
    cmp_[rax+BYTE],rcx !64
    je %local_is_there_already
    mov_[rax+BYTE],rcx !64
    mov_[rax+BYTE],rdx !80
    ret
:local_is_there_already
    mov_[rip+DWORD],rax %name
    call %fail_with_name "declared already in this function: "

# `(value)`, and a jump to a new label if it is false: rax is the label.
:condition
    mov_eax, %0x28                # '('
    call %expect
    call %expression
    call %new_label
    push_rax
    call %jump_if_false
    mov_eax, %0x29                # ')'
    call %expect
    pop_rax
    ret

:if
    call %next_token
    call %condition
    push_rax
    call %statement
    cmp_r8d, %0x87                # `else`
    jne %if_ends
    call %new_label
    pop_rcx
    push_rax
    push_rcx
    call %emit_jump
    pop_rax
    call %emit_label
    call %next_token
    call %statement
:if_ends
    pop_rax
    jmp %emit_label

# Loops remember where `break` and `continue` of the loop around them go.
:while
    push_[rip+DWORD] %break_label
    push_[rip+DWORD] %continue_label
    call %next_token
    call %new_label
    mov_[rip+DWORD],rax %continue_label
    call %emit_label
    call %condition
    mov_[rip+DWORD],rax %break_label
    call %statement
    mov_rax,[rip+DWORD] %continue_label
    call %emit_jump
:loop_ends
    mov_rax,[rip+DWORD] %break_label
    call %emit_label
    pop_[rip+DWORD] %continue_label
    pop_[rip+DWORD] %break_label
    ret

# `for (first; condition; step) body`: condition, step and body are in the code in this order, with jumps between them.
:for
    push_[rip+DWORD] %break_label
    push_[rip+DWORD] %continue_label
    call %next_token
    mov_eax, %0x28                # '('
    call %expect
    cmp_r8d, %0x3B                # ';'
    je %for_condition
    call %expression
:for_condition
    call %semicolon
    call %new_label
    mov_[rip+DWORD],rax %break_label
    call %new_label
    mov_[rip+DWORD],rax %continue_label
    call %new_label               # of the condition
    push_rax
    call %emit_label
    cmp_r8d, %0x3B                # ';'
    je %for_step
    call %expression
    mov_rax,[rip+DWORD] %break_label
    call %jump_if_false
:for_step
    call %semicolon
    call %new_label               # of the body
    push_rax
    call %emit_jump
    mov_rax,[rip+DWORD] %continue_label
    call %emit_label
    cmp_r8d, %0x29                # ')'
    je %for_body
    call %expression
:for_body
    mov_eax, %0x29                # ')'
    call %expect
    mov_rax,[rsp+BYTE] !8
    call %emit_jump
    pop_rax
    call %emit_label
    call %statement
    mov_rax,[rip+DWORD] %continue_label
    call %emit_jump
    pop_rax
    jmp %loop_ends

:break
    mov_rax,[rip+DWORD] %break_label
    jmp %leave_loop
:continue
    mov_rax,[rip+DWORD] %continue_label
:leave_loop
    test_rax,rax
    je %no_loop
    call %emit_jump
    call %next_token
    jmp %semicolon
:no_loop
    call %fail "this is not in a loop"
:break_label ~0
:continue_label ~0

:return_statement
    call %next_token
    cmp_r8d, %0x3B                # ';'
    je %return_without_value
    call %value_of_expression
:return_without_value
    call %emit "leave\nret\n"
    jmp %semicolon
