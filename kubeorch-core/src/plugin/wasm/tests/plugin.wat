;; A plugin written by hand. The tests put values in place of the words in @ @; every answer is
;; static, so what a test sees is the host's doing alone.
(component
  (core module $guest
    (memory (export "memory") @PAGES@)
    (table 1 funcref)
    (global $heap (mut i32) (i32.const 0x8000))
    (data (i32.const 0x1000) "@ANSWER@")
    (data (i32.const 0x6000) "@CATALOG@")

    ;; A bump allocator that grows as far as the host lets it.
    (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
      (global.set $heap (i32.add (local.get $at) (local.get 3)))
      (block $fits
        (loop $more
          (br_if $fits (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
          (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))
          (br $more)))
      (local.get $at))

    ;; The result lies at 16: discriminant, then pointer and length.
    (func $ok (param $at i32) (param $size i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (local.get $at))
      (i32.store (i32.const 24) (local.get $size))
      (i32.const 16))

    ;; failure{code: "no.good", message: ANSWER}
    (data (i32.const 64) "no.good")
    (func $failure (result i32)
      (i32.store8 (i32.const 16) (i32.const 1))
      (i32.store (i32.const 20) (i32.const 64))
      (i32.store (i32.const 24) (i32.const 7))
      (i32.store (i32.const 28) (i32.const 0x1000))
      (i32.store (i32.const 32) (i32.const @ANSWER_SIZE@))
      (i32.const 16))

    (func $recurse (param i32) (result i32)
      (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))

    (func (export "list") (result i32)
      (call $ok (i32.const 0x6000) (i32.const @CATALOG_SIZE@)))
    (func $answer (param i32 i32) (result i32)
      (call $ok (i32.const 0x1000) (i32.const @ANSWER_SIZE@)))
    ;; What the request says, back.
    (func $echo (param i32 i32) (result i32)
      (call $ok (local.get 0) (local.get 1)))
    (func $call (export "call") (param i32 i32) (result i32) @CALL@)
  )
  (core instance $guest (instantiate $guest))

  (type $failure (record (field "code" string) (field "message" string)))
  (func $list (result (result (list u8) (error $failure)))
    (canon lift (core func $guest "list") (memory $guest "memory")))
  (func $call (param "request" (list u8)) (result (result (list u8) (error $failure)))
    (canon lift (core func $guest "call") (memory $guest "memory") (realloc (func $guest "cabi_realloc"))))

  ;; Functions of an exported interface may name exported types only.
  (component $interface
    (type $record (record (field "code" string) (field "message" string)))
    (import "failure" (type $failure (eq $record)))
    (import "list" (func $list (result (result (list u8) (error $failure)))))
    (import "call" (func $call (param "request" (list u8)) (result (result (list u8) (error $failure)))))
    (export $exported "failure" (type $failure))
    (export "list-types" (func $list) (func (result (result (list u8) (error $exported)))))
    (export "facts" (func $call) (func (param "request" (list u8)) (result (result (list u8) (error $exported)))))
    (export "validate" (func $call) (func (param "request" (list u8)) (result (result (list u8) (error $exported)))))
    (export "render" (func $call) (func (param "request" (list u8)) (result (result (list u8) (error $exported)))))
    (export "@STATUS@" (func $call) (func (param "request" (list u8)) (result (result (list u8) (error $exported)))))
  )
  (instance $interface (instantiate $interface
    (with "failure" (type $failure)) (with "list" (func $list)) (with "call" (func $call))))
  (export "@INTERFACE@" (instance $interface))
)
