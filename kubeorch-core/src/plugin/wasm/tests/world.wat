;; A module for a component of any world. The tests put values in place of the words in @ @.
(module
  @IMPORTS@
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 0x8000))
  (data (i32.const 0x100) "@TEXT@")
  (data (i32.const 0x1000) "@ANSWER@")
  (data (i32.const 0x6000) "@CATALOG@")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (block $fits
      (loop $more
        (br_if $fits (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
        (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))
        (br $more)))
    (local.get $at))

  (func $ok (param $at i32) (param $size i32) (result i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.store (i32.const 20) (local.get $at))
    (i32.store (i32.const 24) (local.get $size))
    (i32.const 16))
  (func $answer (result i32) (call $ok (i32.const 0x1000) (i32.const @ANSWER_SIZE@)))
  ;; The answer with a digit in the place of its first '#', which is looked for once.
  (global $place (mut i32) (i32.const 0))
  (func $digit (param $digit i32) (result i32)
    (if (i32.eqz (global.get $place))
      (then
        (global.set $place (i32.const 0xfff))
        (loop $next
          (global.set $place (i32.add (global.get $place) (i32.const 1)))
          (br_if $next (i32.ne (i32.load8_u (global.get $place)) (i32.const 35))))))
    (i32.store8 (global.get $place) (i32.add (i32.const 48) (local.get $digit)))
    (call $answer))

  @HELPERS@
  @EXPORTS@
)
