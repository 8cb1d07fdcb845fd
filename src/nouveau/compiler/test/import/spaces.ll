; Private, shared, generic and program-scope memory, and casts between them.
target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-nvcl"
@s = internal addrspace(3) global [4 x i32] undef
@t = internal addrspace(4) constant [2 x i32] [i32 5, i32 6]
define spir_kernel void @spaces(ptr addrspace(1) %p, ptr addrspace(3) %l, i64 %i) {
  %a = alloca [4 x i32]
  %pa = getelementptr [4 x i32], ptr %a, i64 0, i64 %i
  store i32 1, ptr %pa
  %ps = getelementptr [4 x i32], ptr addrspace(3) @s, i64 0, i64 %i
  store i32 2, ptr addrspace(3) %ps
  %g = addrspacecast ptr addrspace(3) %l to ptr
  %u = load i32, ptr %g
  %h = load ptr, ptr addrspace(1) %p
  %w = load i32, ptr %h
  %pt = getelementptr [2 x i32], ptr addrspace(4) @t, i64 0, i64 %i
  %x = load i32, ptr addrspace(4) %pt
  %y = add i32 %u, %w
  %z = add i32 %y, %x
  %old = atomicrmw umax ptr %h, i32 %z monotonic
  store i32 %old, ptr addrspace(1) %p
  ret void
}
