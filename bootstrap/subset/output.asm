# Writing code, and errors.

# Write the character al.
:put
    cmp_r13,[rip+DWORD] %output_end
    jae %output_is_full
    mov_[r13],al
    inc_r13
    ret
:output_is_full
    call %fail "the output is larger than 128 MiB"

# Write the text behind the call.
:emit
    pop_rsi
:emit_character
    mov_al,[rsi]
    inc_rsi
    test_al,al
    je %emit_is_done
    call %put
    jmp %emit_character
:emit_is_done
    jmp_rsi

# Write the text at rsi, rdx characters.
:emit_text
    test_rdx,rdx
    je %return
    mov_al,[rsi]
    call %put
    inc_rsi
    dec_rdx
    jmp %emit_text
:return
    ret

# Write the name rax (a record, see reader.asm).
:emit_name
    mov_rsi,[rax+BYTE] !8
    mov_rdx,[rax+BYTE] !16
    jmp %emit_text

# Write the number rax in decimal, with its sign.
:emit_number
    test_rax,rax
    jns %emit_positive
    push_rax
    mov_al, !0x2D                 # '-'
    call %put
    pop_rax
    neg_rax
:emit_positive                    # unsigned, so that the smallest number is right, too
    call %number_to_text
    jmp %emit_text

# Write the number rax and end the line.
:emit_number_line
    call %emit_number
# End the line.
:emit_line
    mov_al, !0x0A
    jmp %put

# Give the digits of rax, unsigned: rsi the text, rdx its length.
:number_to_text
    lea_rsi,[rip+DWORD] %digits_end
    mov_ecx, %10
:number_digit
    xor_edx,edx
    div_rcx
    add_dl, !0x30                 # '0'
    dec_rsi
    mov_[rsi],dl
    test_rax,rax
    jne %number_digit
    lea_rdx,[rip+DWORD] %digits_end
    sub_rdx,rsi
    ret
:digits "                    "    # 20 digits are enough
:digits_end ~0

# Give a number for a label that is new: rax.
:new_label
    mov_rax,[rip+DWORD] %labels
    inc_rax
    mov_[rip+DWORD],rax %labels
    ret
:labels ~0

# Write `:L_number` for the label rax.
:emit_label
    push_rax
    call %emit ":L_"
    pop_rax
    jmp %emit_number_line

# Write a jump to the label rax.
:emit_jump
    push_rax
    call %emit "jmp %L_"
    pop_rax
    jmp %emit_number_line

# Print the text behind the call on standard error.
:print
    pop_rsi
    call %measure
    push_rsi
    add_[rsp],rdx
    inc_qword[rsp]                # the zero byte
# Print the text at rsi, rdx characters, on standard error.
:print_text
    mov_edi, %2                   # standard error
    mov_eax, %1                   # write
    syscall
    ret

# Give the length of the text at rsi, which ends before a zero byte: rdx.
:measure
    mov_rdx, %-1
:measure_more
    inc_rdx
    cmpb_[rsi+rdx], !0
    jne %measure_more
    ret

# Print `IN:LINE: `. The line is left out if it is 0.
:print_place
    mov_rax,rbx
    mov_rcx,[rip+DWORD] %inputs
    sub_rax,rcx
    mov_rsi,[rbp+rax]             # the names of the inputs, in the order of the list of inputs
    call %measure
    call %print_text
    test_r15,r15
    je %print_colon
    call %print ":"
    mov_rax,r15
    call %number_to_text
    call %print_text
:print_colon
    call %print ": "
    ret

# Print `IN:LINE: what`, with the text behind the call as what, and end with 1.
:fail
    call %print_place
    pop_rsi
    call %measure
    call %print_text
:fail_line
    call %print "\n"
    jmp %exit_with_1

# The same with the name that was read last behind the text.
:fail_with_name
    call %print_place
    pop_rsi
    call %measure
    call %print_text
    mov_rax,[rip+DWORD] %name
    mov_rsi,[rax+BYTE] !8
    mov_rdx,[rax+BYTE] !16
    call %print_text
    jmp %fail_line
