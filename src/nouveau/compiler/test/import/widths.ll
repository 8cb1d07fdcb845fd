; Integers narrower than a word: who looks at the upper bits extends first.
target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-nvcl"
define spir_kernel void @widths(ptr addrspace(1) %p, i8 %a, i16 %b) {
  %sum = add i8 %a, 1
  %less = icmp slt i8 %sum, 5
  %half = lshr i8 %sum, 1
  %wide = zext i8 %half to i64
  %c = load i16, ptr addrspace(1) %p
  %known = zext i16 %c to i32
  %odd = trunc i64 %wide to i33
  %shift = ashr i33 %odd, 3
  %back = sext i33 %shift to i64
  %pick = select i1 %less, i64 %back, i64 %wide
  store i64 %pick, ptr addrspace(1) %p
  store i32 %known, ptr addrspace(1) %p
  ret void
}
