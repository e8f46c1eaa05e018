# From characters to tokens.

# Read the next token into r8:
#   0            the end of the text
#   1            a name, whose record is at `name`
#   2            a number or a character, which is at `value`
#   3            a string; `string` is where it begins, behind its quotation mark
#   0x21 - 0x7E  a sign: its character; of two characters the second stands in bits 8 to 15
#   0x81 - 0x8D  a keyword, in the order of make_names
:next_token
    movzx_eax,byte[r12]
    inc_r12
    cmp_al, !0x20
    ja %token
    cmp_al, !0x0A                 # the end of a line
    je %token_line
    test_al,al                    # a zero byte ends an input, if it is the one behind it
    jne %next_token
    cmp_r12,[rbx+BYTE] !8
    jne %next_token
    cmp_qword[rbx+BYTE], !16 %0   # is there another input?
    je %token_end
    add_rbx, %8
    mov_r12,[rbx]
    mov_r15d, %1
    jmp %next_token
:token_end
    dec_r12
    xor_r8d,r8d
    ret
:token_line
    inc_r15
    jmp %next_token

:token
    call %is_letter
    jb %token_name
    call %is_digit
    jb %token_number
    cmp_al, !0x22                 # '"'
    je %token_string
    cmp_al, !0x27                 # '\''
    je %token_character
    movzx_ecx,byte[r12]
    cmp_al, !0x2F                 # '/'
    jne %token_sign
    cmp_cl, !0x2F                 # "//"
    je %line_comment
    cmp_cl, !0x2A                 # "/*"
    je %comment

# A sign of one or two characters.
:token_sign
    cmp_cl, !0x3D                 # '=' behind ...
    jne %token_twice
    cmp_al, !0x3D                 # '='
    je %token_two
    cmp_al, !0x21                 # '!'
    je %token_two
    cmp_al, !0x3C                 # '<'
    je %token_two
    cmp_al, !0x3E                 # '>'
    je %token_two
    cmp_al, !0x2B                 # '+'
    je %token_two
    cmp_al, !0x2D                 # '-'
    je %token_two
:token_twice
    cmp_cl, !0x3E                 # "->"
    jne %token_twice_same
    cmp_al, !0x2D
    je %token_two
:token_twice_same
    cmp_al,cl                     # the same twice: ...
    jne %token_one
    cmp_al, !0x26                 # '&'
    je %token_two
    cmp_al, !0x7C                 # '|'
    je %token_two
    cmp_al, !0x3C                 # '<'
    je %token_two
    cmp_al, !0x3E                 # '>'
    je %token_two
    cmp_al, !0x2B                 # '+'
    je %token_two
    cmp_al, !0x2D                 # '-'
    je %token_two
:token_one
    cmp_al, !0x7E                 # behind '~' is nothing that C has
    ja %token_is_strange
    mov_r8d,eax
    ret
:token_two
    inc_r12
    shl_ecx, !8
    or_eax,ecx
    mov_r8d,eax
    ret
:token_is_strange
    call %fail "this character does not belong into a program"

:line_comment                     # up to the end of the line, but not over it
    movzx_eax,byte[r12]
    cmp_al, !0x0A
    je %next_token
    test_al,al
    je %next_token
    inc_r12
    jmp %line_comment

:comment
    inc_r12                       # the star
:comment_character
    movzx_eax,byte[r12]
    inc_r12
    cmp_al, !0x0A
    jne %comment_star
    inc_r15
:comment_star
    test_al,al
    je %comment_is_open
    cmp_al, !0x2A                 # '*'
    jne %comment_character
    cmpb_[r12], !0x2F             # '/'
    jne %comment_character
    inc_r12
    jmp %next_token
:comment_is_open
    call %fail "this comment does not end"

# Compare eax for jb: is it a letter or an underscore?
:is_letter
    cmp_al, !0x5F                 # '_'
    je %is_underscore
    mov_ecx,eax
    or_ecx, %0x20
    sub_ecx, %0x61                # 'a'
    cmp_ecx, %26
    ret
:is_underscore
    stc                           # jb is for the carry flag
    ret

# Compare eax for jb: is it a digit?
:is_digit
    mov_ecx,eax
    sub_ecx, %0x30                # '0'
    cmp_ecx, %10
    ret

# A name or a keyword.
:token_name
    lea_rsi,[r12+BYTE] !-1
:token_name_character
    movzx_eax,byte[r12]
    inc_r12
    call %is_letter
    jb %token_name_character
    call %is_digit
    jb %token_name_character
    dec_r12
    mov_rdx,r12
    sub_rdx,rsi
    call %intern
    mov_[rip+DWORD],rax %name
    mov_r8,[rax+BYTE] !24         # its keyword
    test_r8,r8
    jne %return
    mov_r8d, %1
    ret

# A number: decimal, or hexadecimal behind 0x.
:token_number
    mov_edi, %10                  # the base
    cmp_al, !0x30                 # '0'
    jne %number_begins
    mov_cl,[r12]
    or_cl, !0x20
    cmp_cl, !0x78                 # 'x'
    jne %number_begins_with_0
    add_r12, %2
    mov_edi, %16
:number_begins
    dec_r12
    xor_eax,eax
    push_r12
:number_goes_on
    movzx_ecx,byte[r12]
    sub_ecx, %0x30                # '0'
    cmp_ecx, %10
    jb %number_has_digit
    or_ecx, %0x20                 # 'A' to 'F' as 'a' to 'f', which are now 0x31 to 0x36
    sub_ecx, %0x27                # and become 10 to 15
    cmp_ecx, %10
    jb %number_ends
:number_has_digit
    cmp_ecx,edi
    jae %number_ends
    mul_rdi
    jo %number_is_large
    add_rax,rcx
    jb %number_is_large
    inc_r12
    jmp %number_goes_on
:number_ends
    pop_rcx
    cmp_rcx,r12
    je %number_is_strange
    mov_[rip+DWORD],rax %value
    movzx_eax,byte[r12]
    call %is_letter
    jb %number_is_strange
    call %is_digit
    jb %number_is_strange
    mov_r8d, %2
    ret
:number_begins_with_0
    movzx_eax,byte[r12]
    call %is_digit
    jae %number_begins
    call %fail "a number with a 0 before it is octal in C"
:number_is_large
    call %fail "this number has more than 64 bits"
:number_is_strange
    call %fail "this is no number: there are decimal ones, and hexadecimal ones behind 0x, without letters behind them"

# A character, as a number.
:token_character
    movzx_eax,byte[r12]
    cmp_al, !0x22                 # '"', which ends strings only
    je %character_quotation_mark
    cmp_al, !0x27                 # '\''
    je %character_is_strange
    call %string_character
    jmp %character_ends
:character_quotation_mark
    inc_r12
:character_ends
    mov_[rip+DWORD],rax %value
    cmpb_[r12], !0x27             # '\''
    jne %character_is_strange
    inc_r12
    mov_r8d, %2
    ret
:character_is_strange
    call %fail "this is no character: one belongs between two apostrophes"

# A string. It is written down at the end, until then it stays where it is.
:token_string
    mov_[rip+DWORD],r12 %string
:token_string_character
    call %string_character
    jae %token_string_character
    mov_r8d, %3
    ret

# Give the next character of a string in eax; the carry flag is set if it was the quotation mark behind it.
:string_character
    movzx_eax,byte[r12]
    cmp_al, !0x20                 # the end of the line or of the input
    jb %string_is_open
    inc_r12
    cmp_al, !0x22                 # '"'
    je %string_ends
    cmp_al, !0x5C                 # '\\'
    je %escape
    clc
    ret
:string_ends
    stc
    ret
:string_is_open
    cmp_al, !0x09                 # a tab is a character
    je %string_tab
    call %fail "this string or character does not end on its line"
:string_tab
    inc_r12
    clc
    ret

# A character behind a backslash.
:escape
    movzx_eax,byte[r12]
    inc_r12
    mov_ecx, %0x0A
    cmp_al, !0x6E                 # 'n'
    je %escape_is_known
    mov_ecx, %0x09
    cmp_al, !0x74                 # 't'
    je %escape_is_known
    mov_ecx, %0x0D
    cmp_al, !0x72                 # 'r'
    je %escape_is_known
    mov_ecx, %0x00
    cmp_al, !0x30                 # '0'
    je %escape_zero
    mov_ecx, %0x07
    cmp_al, !0x61                 # 'a'
    je %escape_is_known
    mov_ecx, %0x08
    cmp_al, !0x62                 # 'b'
    je %escape_is_known
    mov_ecx, %0x0C
    cmp_al, !0x66                 # 'f'
    je %escape_is_known
    mov_ecx, %0x0B
    cmp_al, !0x76                 # 'v'
    je %escape_is_known
    mov_ecx,eax                   # itself:
    cmp_al, !0x5C                 # '\\'
    je %escape_is_known
    cmp_al, !0x27                 # '\''
    je %escape_is_known
    cmp_al, !0x22                 # '"'
    je %escape_is_known
    cmp_al, !0x78                 # 'x', then two digits
    jne %escape_is_strange
    call %escape_digit
    mov_edx,ecx
    shl_edx, !4
    call %escape_digit
    or_ecx,edx
    push_rcx
    movzx_eax,byte[r12]           # C takes as many digits as there are
    call %is_digit
    jb %escape_is_long
    or_ecx, %0x20                 # the character is in ecx now, less '0'
    sub_ecx, %0x31                # 'a', as above
    cmp_ecx, %6
    jb %escape_is_long
    pop_rcx
:escape_is_known
    mov_eax,ecx
    clc
    ret
:escape_zero
    movzx_eax,byte[r12]
    call %is_digit
    jb %escape_is_long
    xor_ecx,ecx
    jmp %escape_is_known
:escape_is_long
    call %fail "in C this digit belongs to what is behind the backslash: \\0 and two digits behind \\x are all that there is here"
:escape_digit                     # give the value of a hexadecimal digit: ecx
    movzx_ecx,byte[r12]
    inc_r12
    sub_ecx, %0x30                # '0'
    cmp_ecx, %10
    jb %return
    or_ecx, %0x20
    sub_ecx, %0x31                # 'a', as above
    cmp_ecx, %6
    jae %escape_is_strange
    add_ecx, %10
    ret
:escape_is_strange
    call %fail "this is none of the characters that may be behind a backslash"

:value ~0
:string ~0

# Names. Each has one record, 96 bytes:
#    0  the next record with the same hash
#    8  its text, 16 the length of that
#   24  the keyword that it is, or 0
#   32  what it is for the whole program: 0 nothing, 1 a constant, 2 a variable, 3 an array, 4 a function
#   40  the constant's value; for a function 1 if its body has been read
#   48  the type of the variable, of the array's elements, of the function's result
#   56  the struct of that name (see types.asm), or 0
#   64  the number of the function in which it is a local variable, or 0
#   72  where that variable is, from rbp
#   80  the type of that variable
:name ~0                          # the name that was read last
:name_table ~0                    # by hash: the first record, or 0

# Give memory, rdi bytes of zeros, a multiple of 8: rax.
:allocate
    mov_rax,r14
    add_r14,rdi
    cmp_r14,[rip+DWORD] %memory_end
    ja %memory_is_full
    ret                           # memory from brk is zero, and none is used twice
:memory_is_full
    call %fail "more than 64 MiB of text and names"

# Give the record of the name of rdx characters at rsi: rax. It is made if there is none.
# The hash is that of Fowler, Noll and Vo (FNV-1a, 32 bits), its upper part folded into 16 bits.
:intern
    mov_eax, %0x811C9DC5
    xor_ecx,ecx
:intern_hash
    movzx_edi,byte[rsi+rcx]
    xor_eax,edi
    imul_eax,eax, %0x1000193
    inc_rcx
    cmp_rcx,rdx
    jne %intern_hash
    movzx_edi,ax
    shr_eax, !16
    xor_edi,eax
    shl_rdi, !3
    add_rdi,[rip+DWORD] %name_table
    mov_rax,rdi                   # as if a record came before the first: the next one is at 0 in both
:intern_candidate
    mov_rax,[rax]
    test_rax,rax
    je %intern_new
    cmp_[rax+BYTE],rdx !16
    jne %intern_candidate
    push_rdi
    mov_rdi,[rax+BYTE] !8
    xor_ecx,ecx
:intern_compare
    push_rax
    mov_al,[rdi+rcx]
    cmp_al,[rsi+rcx]
    pop_rax
    jne %intern_other
    inc_rcx
    cmp_rcx,rdx
    jne %intern_compare
    pop_rdi
    ret
:intern_other
    pop_rdi
    jmp %intern_candidate
:intern_new
    push_rdi
    mov_edi, %96
    call %allocate
    pop_rdi
    mov_[rax+BYTE],rsi !8
    mov_[rax+BYTE],rdx !16
    mov_rcx,[rdi]
    mov_[rax],rcx
    mov_[rdi],rax
    ret

# Make the table of names, and the keywords.
:make_names
    mov_edi, %0x80000             # 0x10000 addresses
    call %allocate
    mov_[rip+DWORD],rax %name_table
    lea_rsi,[rip+DWORD] %keywords
    mov_r8d, %0x81
:make_keyword
    call %measure
    test_rdx,rdx
    je %return
    call %intern
    mov_[rax+BYTE],r8 !24
    inc_r8
    lea_rsi,[rsi+rdx+BYTE] !1
    jmp %make_keyword
:keywords
    "long"                        # 0x81
    "char"                        # 0x82
    "struct"                      # 0x83
    "void"                        # 0x84
    "enum"                        # 0x85
    "if"                          # 0x86
    "else"                        # 0x87
    "while"                       # 0x88
    "for"                         # 0x89
    "break"                       # 0x8A
    "continue"                    # 0x8B
    "return"                      # 0x8C
    "sizeof"                      # 0x8D
    ""

# Read over the token eax, which has to be here.
:expect
    cmp_r8d,eax
    je %next_token
    mov_[rip+DWORD],eax %expected
    call %print_place
    call %print "here should be `"
    lea_rsi,[rip+DWORD] %expected
    call %measure
    call %print_text
    call %print "`"
    jmp %fail_line
:expected ~0

# Read over a name, and give its record: rax.
:expect_name
    cmp_r8d, %1
    jne %expected_name
    push_[rip+DWORD] %name
    call %next_token
    pop_rax
    ret
:expected_name
    call %fail "here should be a name"
