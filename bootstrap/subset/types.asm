# Types.
#
# A type is a number: how often it is behind a pointer in bits 0 to 7; above, what that is at last: 0 long, 1 char, 2 void, or the
# address of a struct's record:
#    0  its fields, the last one first; each: 0 the next, 8 its name (a record), 16 its type, 24 its distance from the beginning
#    8  the size in bytes
#   16  1 if the fields are known

# Compare r8 for jb: does the token begin a type?
:is_type
    mov_eax,r8d
    sub_eax, %0x81                # `long`, and behind it `char`, `struct`, `void`
    cmp_eax, %4
    ret

# Read a type: rax.
:read_type
    mov_eax,r8d
    sub_eax, %0x81
    cmp_eax, %2
    je %read_struct
    jb %read_type_base            # 0 `long`, 1 `char`
    dec_eax                       # 2 `void`
    cmp_eax, %2
    je %read_type_base
    call %fail "here should be a type"
:read_struct
    call %next_token
    call %expect_name
    call %struct_of_name
    jmp %read_pointers
:read_type_base
    push_rax
    call %next_token
    pop_rax
:read_pointers
    shl_rax, !8
:read_pointer
    cmp_r8d, %0x2A                # '*'
    jne %return
    cmp_al, !0x7F
    je %pointers_are_many
    inc_rax
    push_rax
    call %next_token
    pop_rax
    jmp %read_pointer
:pointers_are_many
    call %fail "too many pointers"

# Give the struct of the name rax: rax. Its fields may not be known yet.
:struct_of_name
    mov_rcx,[rax+BYTE] !56
    test_rcx,rcx
    jne %struct_is_known
    push_rax
    mov_edi, %24
    call %allocate
    mov_rcx,rax
    pop_rax
    mov_[rax+BYTE],rcx !56
:struct_is_known
    mov_rax,rcx
    ret

# Give the size of a value of type rax: rax.
:size
    test_al,al
    jne %size_is_8                # a pointer
    shr_rax, !8
    je %size_is_8                 # long
    cmp_rax, %2
    jb %return                    # char: 1, as it happens
    je %void_has_no_size
    cmp_qword[rax+BYTE], !16 %0
    je %struct_has_no_size
    mov_rax,[rax+BYTE] !8
    ret
:size_is_8
    mov_eax, %8
    ret
:void_has_no_size
    call %fail "void has no values"
:struct_has_no_size
    call %fail "the fields of this struct are not known here"

# Give the size of what the pointer type rax points to: rax.
:pointed_size
    dec_rax
    jmp %size

# `struct name { type field; ... };`, where rax is the struct and the brace is the token.
:define_struct
    cmp_qword[rax+BYTE], !16 %0
    jne %struct_is_defined_already
    push_rax
    call %next_token
:define_field
    cmp_r8d, %0x7D                # '}'
    je %struct_ends
    call %read_type
    push_rax
    cmp_eax, %0x100               # char
    je %field_has_no_word
    test_al,al
    jne %field_has_a_word
    test_rax,rax                  # long
    jne %field_has_no_word
:field_has_a_word
    call %expect_name
    pop_rdx                       # its type
    pop_rdi                       # the struct
    push_rdi
    mov_rcx,[rdi]
:field_compare
    test_rcx,rcx
    je %field_is_new
    cmp_[rcx+BYTE],rax !8
    je %field_is_there_already
    mov_rcx,[rcx]
    jmp %field_compare
:field_is_new
    mov_rsi,rax
    push_rdi
    mov_edi, %32
    call %allocate
    pop_rdi
    mov_rcx,[rdi]
    mov_[rax],rcx
    mov_[rdi],rax
    mov_[rax+BYTE],rsi !8
    mov_[rax+BYTE],rdx !16
    mov_rcx,[rdi+BYTE] !8
    mov_[rax+BYTE],rcx !24
    add_rcx, %8
    mov_[rdi+BYTE],rcx !8
    mov_eax, %0x3B                # ';'
    call %expect
    jmp %define_field
:struct_ends
    pop_rax
    mov_qword[rax+BYTE], !16 %1
    call %next_token
    mov_eax, %0x3B                # ';'
    jmp %expect
:struct_is_defined_already
    call %fail "this struct is defined already"
:field_is_there_already
    call %fail "this struct has a field of this name already"
:field_has_no_word
    call %fail "a field is a long or a pointer"
