# Values: operators before them, names, numbers, strings, calls, and what may be behind a value. The head of expressions.asm tells what a
# routine leaves in r9, r10 and r11.

# Operators before a value.
:unary
    cmp_r8d, %0x2D                # '-'
    je %negate
    cmp_r8d, %0x21                # '!'
    je %not
    cmp_r8d, %0x7E                # '~'
    je %complement
    cmp_r8d, %0x2A                # '*'
    je %contents
    cmp_r8d, %0x26                # '&'
    je %address
    cmp_r8d, %0x2B2B              # "++"
    je %increment
    cmp_r8d, %0x2D2D              # "--"
    je %increment
    cmp_r8d, %0x8D                # `sizeof`
    je %size_of
    cmp_r8d, %0x28                # '('
    jne %primary
    call %next_token
    call %is_type
    jb %cast
    call %expression
    mov_eax, %0x29                # ')'
    call %expect
    jmp %postfix

# Read over an operator, and compile what it is for.
:operand
    call %deeper
    call %next_token
    call %unary
    dec_qword[rip+DWORD] %depth
    ret

:negate
    call %operand
    cmp_r9d, %3
    je %negate_constant
    call %load
    call %check_number
    call %emit "neg_rax\n"
    ret
:negate_constant
    neg_r11
    ret
:not
    call %operand
    cmp_r9d, %4
    je %not_condition
    call %load
    call %emit "test_rax,rax\n"
    mov_r9d, %4
    xor_r10d,r10d
    xor_r11d,r11d                 # equal to zero
    ret
:not_condition
    xor_r11, %1
    ret
:complement
    call %operand
    call %load
    call %check_number
    call %emit "not_rax\n"
    ret
:check_number
    test_r10b,r10b
    je %return
    call %fail "a pointer is no number"

:contents
    call %operand
    call %load
# What the pointer in rax points to.
:dereference
    test_r10b,r10b
    je %contents_of_number
    dec_r10
    mov_r9d, %1
    xor_r11d,r11d
    cmp_r10, %0x200               # void
    jne %return
:contents_of_number
    call %fail "only a pointer can be followed, and none to void"

:address
    call %operand
    call %check_place
    inc_r10
    xor_r9d,r9d
# Add the distance r11 to rax.
:emit_distance
    test_r11,r11
    je %return
    call %emit "add_rax, %"
    mov_rax,r11
    jmp %emit_number_line

# `++place`, `--place`
:increment
    push_r8
    call %operand
    pop_rax
    call %step
    cmp_r9d, %2
    je %increment_local
    push_rax
    call %check_place
    call %emit "mov_rcx,rax\n"
    pop_rax
    call %emit_step_at_rcx
    call %emit "mov_rax,rcx\n"
    jmp %load
:increment_local
    call %emit_step_of_local
    jmp %load

# `place++`, `place--`
:increment_behind
    push_r8
    call %next_token
    pop_rax
    call %step
    cmp_r9d, %2
    je %increment_behind_local
    push_rax
    call %check_place
    call %emit "mov_rcx,rax\n"
    pop_rax
    push_r10
    push_r11
    push_rax
    call %load
    pop_rax
    pop_r11
    pop_r10
    call %emit_step_at_rcx
    xor_r9d,r9d
    jmp %load_type
:increment_behind_local
    push_r11
    push_rax
    call %load
    pop_rax
    pop_r11
    jmp %emit_step_of_local

# Give what `++` or `--`, eax, adds to the present expression: rax.
:step
    push_rax
    mov_eax, %1
    test_r10b,r10b
    je %step_sign
    mov_rax,r10
    call %pointed_size
:step_sign
    pop_rcx
    cmp_cl, !0x2B                 # '+'
    je %return
    neg_rax
    ret
:emit_step_of_local
    push_rax
    call %emit "add_qword[rbp+DWORD], %"
    jmp %emit_step
:emit_step_at_rcx
    push_rax
    cmp_r10, %0x100               # char
    je %emit_step_char
    call %check_word
    call %emit "add_qword[rcx+DWORD], %"
    jmp %emit_step
:emit_step_char
    call %emit "add_byte[rcx+DWORD], %"
    mov_rax,r11
    call %emit_number
    call %emit " !"
    pop_rax
    jmp %emit_number_line
:emit_step
    mov_rax,r11
    call %emit_number
    call %emit " %"
    pop_rax
    jmp %emit_number_line

# `sizeof(type)`
:size_of
    call %next_token
    mov_eax, %0x28                # '('
    call %expect
    call %read_type
    call %size
    push_rax
    mov_eax, %0x29                # ')'
    call %expect
    pop_r11
    mov_r9d, %3
    xor_r10d,r10d
    ret

# `(type)value`: another type for the same word. The parenthesis has been read.
:cast
    call %read_type
    cmp_rax, %0x100
    je %cast_to_char
    push_rax
    mov_eax, %0x29                # ')'
    call %expect
    call %deeper
    call %unary
    dec_qword[rip+DWORD] %depth
    cmp_r9d, %3
    je %cast_constant
    call %load
:cast_constant
    pop_r10
    ret
:cast_to_char
    call %fail "a cast to char would change the value; write & 255"

# Names, numbers, strings, calls.
:primary
    cmp_r8d, %1
    jb %primary_is_missing
    je %primary_name
    cmp_r8d, %3
    jb %primary_number
    je %primary_string
:primary_is_missing
    call %fail "here should be a value"
:primary_number
    mov_r9d, %3
    xor_r10d,r10d
    mov_r11,[rip+DWORD] %value
    jmp %next_token

# A string: it is written down later (see emit_strings), so remember it.
:primary_string
    mov_edi, %24
    call %allocate
    mov_rcx,[rip+DWORD] %strings
    mov_[rax],rcx
    mov_[rip+DWORD],rax %strings
    mov_rcx,[rip+DWORD] %string
    mov_[rax+BYTE],rcx !8
    push_rax
    call %new_label
    pop_rcx
    mov_[rcx+BYTE],rax !16
    push_rax
    call %emit "lea_rax,[rip+DWORD] %L_"
    pop_rax
    call %emit_number_line
    xor_r9d,r9d
    mov_r10d, %0x101              # char *
    call %next_token
    jmp %postfix
:strings ~0                       # the last string: 0 the one before, 8 its text, 16 its label

:primary_name
    mov_rax,[rip+DWORD] %name
    push_rax
    call %next_token
    pop_rax
    cmp_r8d, %0x28                # '('
    je %call_function
    mov_rcx,[rip+DWORD] %function
    cmp_[rax+BYTE],rcx !64        # is it a local variable of this function?
    jne %primary_global
    mov_r9d, %2
    mov_r10,[rax+BYTE] !80
    mov_r11,[rax+BYTE] !72
    jmp %postfix
:primary_global
    mov_rcx,[rax+BYTE] !32
    cmp_ecx, %1
    je %primary_constant
    cmp_ecx, %2
    je %primary_variable
    cmp_ecx, %3
    je %primary_array
    mov_[rip+DWORD],rax %name
    call %fail_with_name "not declared: "
:primary_constant
    mov_r9d, %3
    xor_r10d,r10d
    mov_r11,[rax+BYTE] !40
    jmp %postfix
:primary_variable
    mov_r9d, %1
    mov_r10,[rax+BYTE] !48
    jmp %primary_address
:primary_array                    # its value is the address of its first element
    xor_r9d,r9d
    mov_r10,[rax+BYTE] !48
    inc_r10
:primary_address
    xor_r11d,r11d
    push_rax
    call %emit "lea_rax,[rip+DWORD] %g_"
    pop_rax
    call %emit_name
    call %emit_line

# What may be behind a value.
:postfix
    cmp_r8d, %0x5B                # '['
    je %element
    cmp_r8d, %0x3E2D              # "->"
    je %field
    cmp_r8d, %0x2B2B              # "++"
    je %postfix_increment
    cmp_r8d, %0x2D2D              # "--"
    jne %return
:postfix_increment
    call %increment_behind
    jmp %postfix

# `array[number]`: what the sum points to.
:element
    call %next_token
    call %load
    test_r10b,r10b
    je %contents_of_number
    mov_edi, %0x2B                # '+'
    xor_esi,esi
    call %combine
    mov_eax, %0x5D                # ']'
    call %expect
    call %dereference
    jmp %postfix

# `pointer->field`
:field
    call %load
    cmp_r10b, !1
    jne %field_of_nothing
    shr_r10, !8
    cmp_r10, %2
    jbe %field_of_nothing
    push_r10
    call %next_token
    call %expect_name
    pop_rcx
    mov_rcx,[rcx]
:field_of_struct
    test_rcx,rcx
    je %field_is_unknown
    cmp_[rcx+BYTE],rax !8
    je %field_is_found
    mov_rcx,[rcx]
    jmp %field_of_struct
:field_is_found
    mov_r9d, %1
    mov_r10,[rcx+BYTE] !16
    mov_r11,[rcx+BYTE] !24
    jmp %postfix
:field_is_unknown
    mov_[rip+DWORD],rax %name
    call %fail_with_name "the struct has no field of this name: "
:field_of_nothing
    call %fail "-> is for a pointer to a struct"

# `name(value, ...)`: the values are pushed from the first to the last; the caller takes them away. rax is the name's record.
:call_function
    push_rax
    push, %0                      # how many values there are
    call %next_token
    cmp_r8d, %0x29                # ')'
    je %call_has_values
:call_value
    call %expression
    cmp_r9d, %2
    je %call_local
    call %load
    call %emit "push_rax\n"
    jmp %call_next_value
:call_local
    call %emit "push_[rbp+DWORD] %"
    mov_rax,r11
    call %emit_number_line
:call_next_value
    inc_qword[rsp]
    cmp_r8d, %0x2C                # ','
    jne %call_has_values
    call %next_token
    jmp %call_value
:call_has_values
    mov_eax, %0x29                # ')'
    call %expect
    call %emit "call %f_"
    mov_rax,[rsp+BYTE] !8
    call %emit_name
    call %emit_line
    pop_rax
    test_rax,rax
    je %call_is_done
    shl_rax, !3
    push_rax
    call %emit "add_rsp, %"
    pop_rax
    call %emit_number_line
:call_is_done
    pop_rax
    xor_r9d,r9d
    xor_r10d,r10d
    cmp_qword[rax+BYTE], !32 %4   # a function that is known
    jne %postfix
    mov_r10,[rax+BYTE] !48
    jmp %postfix
