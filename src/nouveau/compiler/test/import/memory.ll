; Accesses are cut by alignment; vectors are packed; constants come last in addresses.
target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-nvcl"
define spir_kernel void @memory(ptr addrspace(1) %p, i64 %i) {
  %q = getelementptr { i32, [8 x i16] }, ptr addrspace(1) %p, i64 %i, i32 1, i64 3
  %whole = load <4 x float>, ptr addrspace(1) %p, align 16
  %loose = load <3 x float>, ptr addrspace(1) %p, align 4
  %bytes = load <4 x i8>, ptr addrspace(1) %p, align 4
  %odd = load i32, ptr addrspace(1) %q, align 2
  %e = extractelement <4 x float> %whole, i32 2
  %f = extractelement <3 x float> %loose, i32 1
  %g = fadd float %e, %f
  %b = extractelement <4 x i8> %bytes, i32 3
  %v = load volatile i32, ptr addrspace(1) %p, align 4
  store float %g, ptr addrspace(1) %p, align 4
  store i8 %b, ptr addrspace(1) %p, align 1
  store i32 %odd, ptr addrspace(1) %q, align 1
  ret void
}
