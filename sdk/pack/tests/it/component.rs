//! Reading and embedding sections.

use kubeorch_plugin_pack::component::{Error, Interface, embed};

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn only_the_outer_layer_counts() {
    let bytes = component(
        r#"(component
            (component $inner (import "deep" (func)))
            (import "kubeorch:host/log@0.1.0" (instance))
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $x (export "list-types" (func $f)))
            (export "kubeorch:node-types/node-types@0.1.0" (instance $x)))"#,
    );
    let interface = Interface::read(&bytes).unwrap();
    assert_eq!(interface.imports, ["kubeorch:host/log@0.1.0"]);
    assert_eq!(interface.packages().collect::<Vec<_>>(), [("kubeorch:node-types", "0.1.0")]);
    assert_eq!(interface.manifest, None);
}

/// Sizes on both sides of the one, two and three bytes that a section's size takes.
#[test]
fn a_manifest_takes_the_place_of_another() {
    let bare = component("(component)");
    for before in [0, 1, 111, 112, 127, 128, 16_367, 16_368, 16_400, 70_000] {
        let (old, new) = (vec![b'x'; before], vec![b'y'; 300]);
        let first = embed(&bare, &old).unwrap();
        assert_eq!(Interface::read(&first).unwrap().manifest.unwrap(), old);
        let second = embed(&first, &new).unwrap();
        assert_eq!(Interface::read(&second).unwrap().manifest.unwrap(), new);
        assert_eq!(second, embed(&bare, &new).unwrap(), "after {before} bytes");
    }
}

#[test]
fn what_is_no_component_is_named() {
    let module = wat::parse_str("(module)").unwrap();
    assert!(matches!(Interface::read(&module), Err(Error::Module)));
    for bytes in [&b""[..], b"\0asm", b"<html>", &component("(component)")[..6]] {
        assert!(matches!(embed(bytes, b"{}"), Err(Error::Malformed(_))), "{bytes:?}");
    }
}
