; Intrinsics and the library's doors.
target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-nvcl"
declare i8 @llvm.ctlz.i8(i8, i1)
declare { i32, i1 } @llvm.uadd.with.overflow.i32(i32, i32)
declare float @llvm.fma.f32(float, float, float)
declare float @llvm.rint.f32(float)
declare i32 @llvm.fshl.i32(i32, i32, i32)
declare i64 @__nvir_c0_u64(i32)
declare i32 @__nvir_c0_u32(i32)
declare i32 @__nvir_shfl_bfly(i32, i32, i32)
declare i32 @__nvir_idp4a_us(i32, i32)
declare void @__nvir_barrier()
declare void @__nvir_membar_gl()
declare float @__nvir_mufu_ex2(float)
define spir_kernel void @calls(ptr addrspace(1) %p, i32 %a, float %f) {
  %t = trunc i32 %a to i8
  %z = call i8 @llvm.ctlz.i8(i8 %t, i1 false)
  %o = call { i32, i1 } @llvm.uadd.with.overflow.i32(i32 %a, i32 7)
  %r = extractvalue { i32, i1 } %o, 0
  %c = extractvalue { i32, i1 } %o, 1
  %m = call float @llvm.fma.f32(float %f, float %f, float 1.0)
  %n = call float @llvm.rint.f32(float %m)
  %e = call float @__nvir_mufu_ex2(float %n)
  %rot = call i32 @llvm.fshl.i32(i32 %r, i32 %r, i32 5)
  %k = call i64 @__nvir_c0_u64(i32 48)
  %d = call i32 @__nvir_c0_u32(i32 %a)
  %x = call i32 @__nvir_shfl_bfly(i32 %rot, i32 1, i32 31)
  %i = call i32 @__nvir_idp4a_us(i32 %rot, i32 %x)
  call void @__nvir_membar_gl()
  call void @__nvir_barrier()
  %s = select i1 %c, i32 %x, i32 %d
  %zw = zext i8 %z to i32
  %y = add i32 %s, %zw
  store i32 %y, ptr addrspace(1) %p
  store float %e, ptr addrspace(1) %p
  store i64 %k, ptr addrspace(1) %p
  store i32 %i, ptr addrspace(1) %p
  ret void
}
