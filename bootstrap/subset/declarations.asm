# What stands outside of functions.

# Compile the program: declarations up to the end of the text.
:program
    test_r8,r8
    je %emit_strings
    call %declaration
    jmp %program

:declaration
    cmp_r8d, %0x85                # `enum`
    je %constants
    cmp_r8d, %0x83                # `struct`
    jne %declaration_of_type
    call %next_token
    call %expect_name
    call %struct_of_name
    cmp_r8d, %0x7B                # '{'
    je %define_struct
    cmp_r8d, %0x3B                # ';': it will be defined later
    je %next_token
    call %read_pointers
    jmp %declaration_of_name
:declaration_of_type
    call %read_type
:declaration_of_name
    push_rax
    call %expect_name
    pop_rdx                       # its type
    cmp_r8d, %0x28                # '('
    je %function_begins

# A global variable.
    xchg_rax,rdx
    cmp_r8d, %0x5B                # '['
    je %array
    call %check_variable
    xchg_rax,rdx
    call %check_new
    mov_qword[rax+BYTE], !32 %2
    mov_[rax+BYTE],rdx !48
    call %emit_global
    call %emit "~0\n"
    jmp %semicolon

# `type name[number];`
:array
    xchg_rax,rdx
    call %check_new
    mov_qword[rax+BYTE], !32 %3
    mov_[rax+BYTE],rdx !48
    push_rdx
    call %emit_global
    call %next_token
    call %constant
    pop_rdx
    push_rax
    mov_rax,rdx
    call %check_element
    call %size
    pop_rcx
    dec_rcx
    cmp_rcx, %0x1000000           # 16 MiB, counted from 1
    jae %array_is_large
    inc_rcx
    imul_rcx,rax
    add_rcx, %7
    shr_rcx, !3                   # words
:array_word
    push_rcx
    call %emit "~0\n"
    pop_rcx
    dec_rcx
    jne %array_word
    mov_eax, %0x5D                # ']'
    call %expect
    jmp %semicolon
:array_is_large
    call %fail "an array has from 1 to 16777216 elements"
:check_element
    cmp_rax, %0x100               # char
    je %return
    jmp %check_variable

# Write `:g_name` for the name rax.
:emit_global
    push_rax
    call %emit ":g_"
    pop_rax
    call %emit_name
    jmp %emit_line

# The name rax is nothing yet.
:check_new
    cmp_qword[rax+BYTE], !32 %0
    je %return
    mov_[rip+DWORD],rax %name
    call %fail_with_name "declared already: "

# A number, `-number`, or a constant: rax.
:constant
    cmp_r8d, %2
    je %constant_number
    cmp_r8d, %0x2D                # '-'
    je %constant_negative
    call %expect_name
    cmp_qword[rax+BYTE], !32 %1
    jne %no_constant
    mov_rax,[rax+BYTE] !40
    ret
:constant_negative
    call %next_token
    cmp_r8d, %2
    jne %no_constant
    call %constant_number
    neg_rax
    ret
:constant_number
    push_[rip+DWORD] %value
    call %next_token
    pop_rax
    ret
:no_constant
    call %fail "here should be a number or the name of a constant"

# `enum { NAME, NAME = value, ... };`
:constants
    call %next_token
    mov_eax, %0x7B                # '{'
    call %expect
    push, %0                      # the value
:constants_go_on
    cmp_r8d, %0x7D                # '}'
    je %constants_end
    call %expect_name
    call %check_new
    cmp_r8d, %0x3D                # '='
    jne %constant_has_value
    push_rax
    call %next_token
    call %constant
    pop_rcx
    mov_[rsp],rax
    mov_rax,rcx
:constant_has_value
    mov_qword[rax+BYTE], !32 %1
    pop_rcx
    mov_[rax+BYTE],rcx !40
    inc_rcx
    push_rcx
    cmp_r8d, %0x2C                # ','
    jne %constants_end
    call %next_token
    jmp %constants_go_on
:constants_end
    pop_rax
    mov_eax, %0x7D                # '}'
    call %expect
    jmp %semicolon

# A function or what announces one: rax is its name, rdx the type of its result, the parenthesis is the token.
:function_begins
    mov_rcx,[rax+BYTE] !32
    test_rcx,rcx
    je %function_is_new
    cmp_rcx, %4
    je %function_is_known
    mov_[rip+DWORD],rax %name
    call %fail_with_name "declared already, and not as a function: "
:function_is_new
    mov_qword[rax+BYTE], !32 %4
    mov_[rax+BYTE],rdx !48
:function_is_known
    cmp_[rax+BYTE],rdx !48
    jne %function_has_another_type
    push_rax
    inc_qword[rip+DWORD] %function
    xor_eax,eax
    mov_[rip+DWORD],rax %frame
    call %next_token

# Parameters are above the frame, the last one lowest: put their names aside until it is known how many they are.
    push, %0                      # how many
    cmp_r8d, %0x84                # `void`
    je %parameters_void
    cmp_r8d, %0x29                # ')'
    je %parameters_end
:parameter
    call %read_type
:parameter_of_type
    push_rax
    call %check_variable
    call %expect_name
    pop_rdx
    call %declare_local
    mov_rcx,[rsp]
    cmp_rcx, %12
    je %parameters_are_many
    lea_rdx,[rip+DWORD] %parameters
    mov_[rdx+rcx*8],rax
    inc_qword[rsp]
    cmp_r8d, %0x2C                # ','
    jne %parameters_end
    call %next_token
    jmp %parameter
:parameters_void
    call %read_type
    test_al,al
    jne %parameter_of_type        # a pointer to void, which the name behind it will be
:parameters_end
    mov_eax, %0x29                # ')'
    call %expect
    pop_rcx
    lea_rdx,[rip+DWORD] %parameters
    mov_eax, %16                  # above rbp: the old rbp, the address to return to, the last parameter
:parameter_place
    dec_rcx
    js %parameters_are_placed
    mov_rdi,[rdx+rcx*8]
    mov_[rdi+BYTE],rax !72
    add_rax, %8
    jmp %parameter_place
:parameters_are_placed
    pop_rax
    cmp_r8d, %0x3B                # ';'
    je %next_token
    cmp_qword[rax+BYTE], !40 %0
    jne %function_is_there_already
    mov_qword[rax+BYTE], !40 %1

    push_rax
    call %emit "# "
    call %emit_place
    pop_rax
    push_rax
    call %emit ":f_"
    pop_rax
    call %emit_name
    call %emit "\npush_rbp\nmov_rbp,rsp\nsub_rsp, %"
    push_r13                      # the size of the frame is known at the end
    call %emit "0000000000\n"
    cmp_r8d, %0x7B                # '{'
    jne %body_is_missing
    call %block
    call %emit "leave\nret\n"
    mov_rax,[rip+DWORD] %frame
    call %number_to_text
    pop_rdi
    add_rdi, %10
    sub_rdi,rdx
    mov_rcx,rdx
    rep_movsb
    ret
:function_has_another_type
    mov_[rip+DWORD],rax %name
    call %fail_with_name "announced with another result: "
:function_is_there_already
    mov_[rip+DWORD],rax %name
    call %fail_with_name "this function has a body already: "
:parameters_are_many
    call %fail "more than 12 parameters"
:body_is_missing
    mov_eax, %0x7B
    jmp %expect
:function ~0                      # counts functions, so that local variables are known by the number of theirs
:frame ~0                         # how many bytes its local variables need
:parameters ~0 ~0 ~0 ~0 ~0 ~0 ~0 ~0 ~0 ~0 ~0 ~0

# Write `IN:LINE`, for readers, and end the line.
:emit_place
    mov_rax,rbx
    sub_rax,[rip+DWORD] %inputs
    mov_rsi,[rbp+rax]
    call %measure
    call %emit_text
    mov_al, !0x3A                 # ':'
    call %put
    mov_rax,r15
    jmp %emit_number_line

# Write the strings: each as `:L_number "text"`.
:emit_strings
    mov_rdi,[rip+DWORD] %strings
    test_rdi,rdi
    je %return
    mov_rax,[rdi]
    mov_[rip+DWORD],rax %strings
    mov_r12,[rdi+BYTE] !8
    mov_rax,[rdi+BYTE] !16
    push_rax
    call %emit ":L_"
    pop_rax
    call %emit_number
    call %emit " \""
:emit_string_character
    call %string_character
    jb %emit_string_ends
    cmp_al, !0x22                 # '"'
    je %emit_string_digits
    cmp_al, !0x5C                 # '\\'
    je %emit_string_digits
    cmp_al, !0x20
    jb %emit_string_digits
    call %put
    jmp %emit_string_character
:emit_string_digits               # as \xHH
    push_rax
    call %emit "\\x"
    mov_rax,[rsp]
    shr_eax, !4
    call %emit_digit
    pop_rax
    and_eax, %15
    call %emit_digit
    jmp %emit_string_character
:emit_string_ends
    call %emit "\"\n"
    jmp %emit_strings
:emit_digit
    add_al, !0x30                 # '0'
    cmp_al, !0x3A                 # behind '9'
    jb %put
    add_al, !7                    # from there to 'A'
    jmp %put
