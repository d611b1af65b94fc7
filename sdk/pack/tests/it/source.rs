//! `plugin.toml`, and what becomes of it.

use kubeorch_plugin_pack::{Package, Source, component::Interface};

fn package() -> Package {
    Package {
        name: "team-quota".into(),
        version: "1.2.3".into(),
        description: Some("Caps namespaces.".into()),
        license: Some("MIT".into()),
        homepage: None,
        authors: vec!["Ada <ada@example.com>".into()],
        library: Some("team_quota".into()),
        target: "target".into(),
        sources: vec![],
        sdk: None,
    }
}

fn component() -> Interface {
    Interface { exports: vec!["kubeorch:node-types/node-types@0.1.0".into()], ..Interface::default() }
}

#[test]
fn what_the_file_leaves_out_comes_from_the_package_and_the_component() {
    let manifest = Source::parse("").unwrap().manifest(&package(), &component()).unwrap();
    let canonical = String::from_utf8(manifest.canonical().unwrap()).unwrap();
    let expected = concat!(
        r#"{"authors":["Ada <ada@example.com>"],"capabilities":[],"description":"Caps namespaces.","#,
        r#""host":{"min":"0.1.0"},"id":"team-quota","license":"MIT","manifest":1,"name":"team-quota","#,
        r#""version":"1.2.3","worlds":{"kubeorch:node-types":"0.1.0"}}"#
    );
    assert_eq!(canonical, expected);
}

/// All at once: an author mends the file in one go.
#[test]
fn every_mistake_is_told_with_what_to_do() {
    let text = "id = \"Team Quota\"\ndescription = \" \"\ncapabilities = [\"log\", \"network\"]\nhomepage = \"https://a\\nb\"\n\
                [worlds]\n\"kubeorch:step\" = \"0.1.0\"\n[host]\nmin = \"one\"\n";
    let problems = Source::parse(text).unwrap().manifest(&package(), &component()).unwrap_err();
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    let expected =
        ["id", "host.min", "description", "homepage", "worlds.kubeorch:step", "worlds", "capabilities"];
    assert_eq!(fields, expected, "{problems:#?}");
    assert!(problems.iter().all(|problem| !problem.hint.is_empty()));
}

#[test]
fn another_version_than_the_component_has_is_refused() {
    let source = Source::parse("[worlds]\n\"kubeorch:node-types\" = \"0.2.0\"\n").unwrap();
    let problems = source.manifest(&package(), &component()).unwrap_err();
    assert_eq!(problems[0].message, "is 0.2.0, and the component exports 0.1.0");
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_names_its_line() {
    for (text, line) in
        [("id = ", "line 1"), ("id = \"a\"\n\nversion = \"1\"\n", "line 3"), ("[host", "line 1")]
    {
        assert_eq!(Source::parse(text).unwrap_err().field, line, "{text:?}");
    }
}
