; Phis, a loop, a vector that crosses it, an unreachable end.
target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-nvcl"
declare i32 @__nvir_tid_x()
define spir_kernel void @flow(ptr addrspace(1) %p, i32 %n) {
entry:
  %t = call i32 @__nvir_tid_x()
  %none = icmp eq i32 %n, 0
  br i1 %none, label %bad, label %head
head:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %v = phi <2 x i32> [ zeroinitializer, %entry ], [ %v2, %latch ]
  %on = icmp ult i32 %i, %t
  br i1 %on, label %body, label %latch
body:
  %v1 = insertelement <2 x i32> %v, i32 %i, i32 1
  br label %latch
latch:
  %v2 = phi <2 x i32> [ %v, %head ], [ %v1, %body ]
  %next = add i32 %i, 1
  %go = icmp ne i32 %next, %n
  br i1 %go, label %head, label %done
done:
  store <2 x i32> %v2, ptr addrspace(1) %p
  ret void
bad:
  unreachable
}
